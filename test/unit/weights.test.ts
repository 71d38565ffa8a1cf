/** The weight store: order, read-ahead, cancelling, failing and trying again, shapes that don't fit. */
import { describe, expect, it } from 'vitest';
import { CancelledError, NetworkError, NotFoundError, ShapeError } from '../../shared/errors.ts';
import { MemorySource, type ByteSource } from '../../shared/formats/byte-source.ts';
import { openSafetensors } from '../../shared/formats/safetensors.ts';
import { readSpec } from '../../shared/spec/read-spec.ts';
import type { ModelSpec } from '../../shared/spec/model-spec.ts';
import { partOrder, WeightStore } from '../../engine/weights.ts';
import { goodFile } from '../support/safetensors-bytes.ts';
import { TINY_CONFIG, tinyTensors, tinyWeights } from '../support/tiny-model.ts';

/** Holds reads back until they are let go, and counts them. */
class SlowSource implements ByteSource {
  readonly name = 'slow.safetensors';
  readonly size: number;
  readonly #inner: MemorySource;
  readonly pending: { let: () => void; fail: (error: Error) => void }[] = [];
  aborted = 0;
  held = false;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#inner = new MemorySource(this.name, bytes);
    this.size = bytes.length;
  }

  async read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    if (this.held) {
      await new Promise<void>((resolve, reject) => {
        this.pending.push({ let: resolve, fail: reject });
        signal?.addEventListener('abort', () => {
          this.aborted++;
          reject(new CancelledError());
        });
      });
    }
    return this.#inner.read(start, end);
  }
}

async function store(): Promise<{ weights: WeightStore; source: SlowSource; spec: ModelSpec }> {
  const source = new SlowSource(tinyWeights());
  const file = await openSafetensors(source);
  const spec = await readSpec('tiny', TINY_CONFIG, file.tensors);
  return { weights: new WeightStore(file, spec), source, spec };
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe('weights', () => {
  it('come in the order in which the first rows of the lens need them', async () => {
    const { spec } = await store();
    expect(partOrder(spec)).toEqual(['embed', 'block.0', 'final', 'block.1', 'block.2']);
  });

  it('fetch a part with the next two behind it, and no part twice', async () => {
    const { weights, source } = await store();
    source.held = true;
    const needed = weights.need('embed');
    const again = weights.need('embed');
    await settle();
    expect(source.pending.length).toBe(3); // embed, block.0, final
    for (const { let: go } of source.pending) go();
    await Promise.all([needed, again]);
    expect(weights.has('embed')).toBe(true);
    expect(weights.has('block.1')).toBe(false);
  });

  it('count bytes up to the whole, telling of each step', async () => {
    const { weights, spec } = await store();
    expect(weights.progress.loadedBytes).toBe(0);
    const told = weights.nextProgress();
    for (const part of partOrder(spec)) await weights.need(part);
    await told;
    expect(weights.progress).toEqual({ loadedBytes: weights.totalBytes, totalBytes: weights.totalBytes });
  });

  it('stop the fetch when the last who waits has gone, and fetch again later', async () => {
    const { weights, source } = await store();
    source.held = true;
    const [first, second] = [new AbortController(), new AbortController()];
    const a = weights.need('block.2', first.signal);
    const b = weights.need('block.2', second.signal);
    await settle();
    first.abort();
    await expect(a).rejects.toBeInstanceOf(CancelledError);
    expect(source.aborted).toBe(0);
    second.abort();
    await expect(b).rejects.toBeInstanceOf(CancelledError);
    await settle();
    expect(source.aborted).toBe(1);
    source.held = false;
    await weights.need('block.2');
    expect(weights.has('block.2')).toBe(true);
  });

  it('pass a failed download on and try it again when asked again', async () => {
    const { weights, source } = await store();
    source.held = true;
    const failing = weights.need('block.2');
    await settle();
    source.pending[0]?.fail(new NetworkError('broke off'));
    await expect(failing).rejects.toThrow('broke off');
    source.held = false;
    await weights.need('block.2');
    expect(weights.has('block.2')).toBe(true);
  });

  it('look rows up and give tensors by name', async () => {
    const { weights } = await store();
    await weights.need('embed');
    const table = await weights.tensor('wte.weight');
    expect(table.shape).toEqual([20, 8]);
    const rows = weights.rows('wte.weight', Int32Array.of(3, 0, 3));
    const [three, zero] = [table.data.slice(24, 32), table.data.slice(0, 8)];
    expect(rows).toEqual(Float32Array.of(...three, ...zero, ...three));
    await expect(weights.tensor('wte')).rejects.toBeInstanceOf(NotFoundError);
  });

  it('hash to the same whatever was fetched before', async () => {
    const [a, b] = [await store(), await store()];
    await a.weights.need('block.1');
    expect(await a.weights.hash()).toBe(await b.weights.hash());
    expect(await a.weights.hash()).toMatch(/^[0-9a-f]{64}$/);
  });

  it('refuse a tensor of another shape, and a missing one, before any download', async () => {
    const tensors = tinyTensors();
    const cut = async (change: (t: typeof tensors) => void): Promise<WeightStore> => {
      const changed = { ...tensors };
      change(changed);
      const file = await openSafetensors(new MemorySource('t.safetensors', goodFile(changed)));
      return new WeightStore(file, await readSpec('tiny', TINY_CONFIG, file.tensors));
    };
    const swapped = cut((t) => {
      t['h.1.attn.c_proj.weight'] = t['h.1.mlp.c_fc.weight'] as (typeof t)[string];
    });
    await expect(swapped).rejects.toBeInstanceOf(ShapeError);
    await expect(swapped).rejects.toThrow(
      'gpt2: t.safetensors: h.1.attn.c_proj.weight: expected [8, 8], got [8, 32]',
    );
    const missing = cut((t) => {
      delete t['h.2.ln_1.bias'];
    });
    await expect(missing).rejects.toThrow('t.safetensors: no tensor named h.2.ln_1.bias');
  });
});
