/** The library as others use it: an example of each call, and every way in which input can be wrong. */
import { mkdtemp, rm, writeFile, cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StreamEvent } from '../../engine/api.ts';
import { pathOf } from '../support/addresses.ts';
import { importLibrary, type Library } from '../support/library.ts';
import { TINY_CONFIG, tinyWeights } from '../support/tiny-model.ts';

let library: Library;
let model: InstanceType<Library['LensModel']>;
let folder: string;

beforeAll(async () => {
  library = await importLibrary();
  model = await library.LensModel.load('fable-4m', { device: 'wasm' });
  folder = await mkdtemp(join(tmpdir(), 'residscope-'));
});
afterAll(async () => {
  await model.dispose();
  await rm(folder, { recursive: true, force: true });
});

const EIFFEL = 'The Eiffel Tower is in the city of';

async function collect(stream: AsyncIterable<StreamEvent>): Promise<StreamEvent[]> {
  const events: StreamEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

/** A folder with fable-4m's tokenizer and these files. */
async function modelFolder(name: string, files: Record<string, string | Uint8Array>): Promise<string> {
  const path = join(folder, name);
  await cp(pathOf('site/public/models/fable-4m/tokenizer.json'), join(path, 'tokenizer.json'));
  for (const [file, content] of Object.entries(files)) await writeFile(join(path, file), content);
  return path;
}

describe('library: an example of each call', () => {
  it('load, spec, tokenizer, device', () => {
    expect(model.id).toBe('fable-4m');
    expect(model.spec).toMatchObject({ nLayers: 8, dModel: 192, nHeads: 6, dVocab: 4096, nCtx: 256 });
    expect(model.tokenizer.encode(EIFFEL).ids).toEqual([0, 286, 1855, 1212, 288, 301, 260, 471, 292]);
    expect(model.device).toMatchObject({ name: 'wasm', reason: 'asked for' });
  });

  it('stream: weights, each block with its readings, late readings, checks, done, in this order', async () => {
    const fresh = await library.LensModel.load('fable-4m', { device: 'wasm' });
    const { ids } = fresh.tokenizer.encode(EIFFEL);
    const events = await collect(fresh.stream(ids, { lens: { k: 5 }, hooks: ['blocks.*.hook_resid_post'] }));
    const kinds = events
      .map((e) => (e.type === 'block' ? `block ${e.layer}` : e.type))
      .filter((k) => k !== 'weights');
    const blocks = Array.from({ length: 9 }, (_, i) => [`block ${i - 1}`, 'readings']).flat();
    expect(kinds).toEqual([...blocks, 'late', 'checks', 'done']);
    expect(events.some((e) => e.type === 'weights')).toBe(true);
    const last = events.findLast((e) => e.type === 'readings');
    const pos = ids.length - 1;
    expect(fresh.tokenizer.text(last?.readings.topIds[pos * 5] as number)).toBe(' Paris');
    const checks = events.flatMap((e) => (e.type === 'checks' ? e.checks : []));
    expect(checks.map((c) => [c.name, c.status])).toEqual([
      ['output', 'pass'],
      ['writes', 'pass'],
      ['attention', 'pass'],
    ]);
    await fresh.dispose();
  });

  it('runWithCache: hooks by glob, in the shapes of TransformerLens', async () => {
    const { ids } = model.tokenizer.encode(EIFFEL);
    const cache = await model.runWithCache(ids, { hooks: ['blocks.3.attn.*', 'logits'] });
    expect([...cache].map(([name, t]) => [name, ...t.shape])).toEqual([
      ['blocks.3.attn.hook_q', 1, 9, 6, 32],
      ['blocks.3.attn.hook_k', 1, 9, 6, 32],
      ['blocks.3.attn.hook_v', 1, 9, 6, 32],
      ['blocks.3.attn.hook_attn_scores', 1, 6, 9, 9],
      ['blocks.3.attn.hook_pattern', 1, 6, 9, 9],
      ['blocks.3.attn.hook_z', 1, 9, 6, 32],
      ['blocks.3.attn.hook_result', 1, 9, 6, 192],
      ['logits', 1, 9, 4096],
    ]);
  });

  it('lens: any state', async () => {
    const { data } = await model.weight('wte.weight');
    const readout = await model.lens(data.slice(471 * 192, 472 * 192), { k: 1, targets: Int32Array.of(471) });
    expect(readout.topIds[0]).toBe(471); // the embedding of " city" reads as itself
    expect(readout.targetRanks[0]).toBe(0);
  });

  it('weight: by its name in the file', async () => {
    const weight = await model.weight('h.7.mlp.c_proj.weight');
    expect(weight.shape).toEqual([768, 192]);
    expect(weight.data.length).toBe(768 * 192);
  });

  it('gives the same bits again', async () => {
    const { ids } = model.tokenizer.encode(EIFFEL);
    const [a, b] = [
      await model.runWithCache(ids, { hooks: ['logits'] }),
      await model.runWithCache(ids, { hooks: ['logits'] }),
    ];
    expect(await a.get('logits')?.data()).toEqual(await b.get('logits')?.data());
  });
});

describe('library: bad input ends in a clear error, and the next run works', () => {
  it.each<[string, readonly number[], string]>([
    ['an empty prompt', [], 'the prompt is empty'],
    [
      'more tokens than the context',
      Array.from({ length: 257 }, () => 5),
      "257 tokens are more than this model's context of 256",
    ],
    ['an id past the vocabulary', [0, 4096], 'id 4096 is outside the vocabulary [0, 4096)'],
    ['a negative id', [-1], 'id -1 is outside'],
    ['an id that is no whole number', [1.5], 'expected whole numbers, got 1.5'],
    ['NaN', [NaN], 'expected whole numbers, got NaN'],
  ])('%s', async (_, ids, message) => {
    await expect(collect(model.stream(ids))).rejects.toThrow(message);
    await expect(model.runWithCache(ids)).rejects.toThrow(message);
    expect((await collect(model.stream([0, 5]))).at(-1)?.type).toBe('done');
  });

  it('the whole context fits', async () => {
    const ids = Array.from({ length: 256 }, (_, i) => (i * 37) % 4096);
    expect((await collect(model.stream(ids))).filter((e) => e.type === 'readings')).toHaveLength(9);
  });

  it('a hook that does not exist, a k that makes no sense', async () => {
    await expect(collect(model.stream([1], { hooks: ['blocks.*.hook_rot_q'] }))).rejects.toThrow(
      'selects nothing',
    );
    await expect(collect(model.stream([1], { lens: { k: 0 } }))).rejects.toThrow(
      'expected a whole number from 1 to 100',
    );
    await expect(model.lens(new Float32Array(10))).rejects.toThrow('expected [*, 192], got 10 numbers');
    await expect(model.weight('nope')).rejects.toThrow('fable-4m/model.safetensors: no tensor named nope');
  });

  it('a state that is not finite is refused, not read', async () => {
    const states = new Float32Array(192).fill(1);
    states[7] = NaN;
    await expect(model.lens(states)).rejects.toMatchObject({ kind: 'numerics' });
  });

  it('a prompt whose attention would not fit in memory', async () => {
    const small = await library.LensModel.load('fable-4m', {
      device: 'wasm',
      memory: { attentionBytes: 100_000 },
    });
    const long = Array.from({ length: 200 }, () => 5);
    const refused = collect(small.stream(long));
    await expect(refused).rejects.toMatchObject({ kind: 'memory' });
    await expect(refused).rejects.toThrow('attention over 200 tokens takes 1 MiB a block');
    expect((await collect(small.stream([0, 5]))).at(-1)?.type).toBe('done');
    await small.dispose();
  });

  it('a run that is cancelled', async () => {
    const stop = new AbortController();
    const seen: string[] = [];
    const run = async (): Promise<void> => {
      for await (const event of model.stream([0, 5, 6], { signal: stop.signal })) {
        seen.push(event.type);
        if (event.type === 'readings') stop.abort();
      }
    };
    await expect(run()).rejects.toMatchObject({ kind: 'cancelled' });
    expect(seen.filter((t) => t === 'readings')).toHaveLength(1);
    for await (const event of model.stream([0, 5, 6])) if (event.type === 'readings') break; // leaving is cancelling too
    expect((await collect(model.stream([0, 5, 6]))).at(-1)?.type).toBe('done');
  });

  it('two runs at once don’t disturb each other', async () => {
    const prompts = [EIFFEL, 'stone river moon fish stone river moon'].map(
      (t) => model.tokenizer.encode(t).ids,
    );
    const both = await Promise.all(prompts.map((ids) => collect(model.stream(ids))));
    const tops = both.map((events, i) => {
      const last = events.findLast((e) => e.type === 'readings')?.readings;
      return model.tokenizer.text(last?.topIds[((prompts[i]?.length ?? 0) - 1) * 10] as number);
    });
    expect(tops).toEqual([' Paris', ' fish']);
  });
});

describe('library: models that can’t be opened', () => {
  const config = JSON.stringify(TINY_CONFIG);

  it.each<[string, () => Promise<string>, RegExp, string]>([
    [
      'a name that is none',
      () => Promise.resolve('gpt-9'),
      /model "gpt-9": neither an embedded model \(fable-4m\)/,
      'not-found',
    ],
    [
      'a folder without a config',
      () => modelFolder('empty', {}),
      /empty\/config\.json: not there/,
      'not-found',
    ],
    [
      'an unknown family',
      () =>
        modelFolder('mamba', { 'config.json': '{"model_type":"mamba"}', 'model.safetensors': tinyWeights() }),
      /models of type "mamba" don't open yet/,
      'unsupported',
    ],
    [
      'a file cut off',
      () => modelFolder('cut', { 'config.json': config, 'model.safetensors': tinyWeights().slice(0, -100) }),
      /reach past the end .*Fetch it again/,
      'format',
    ],
    [
      'a config of another model',
      () =>
        modelFolder('other', { 'config.json': '{"model_type":"gpt2"}', 'model.safetensors': tinyWeights() }),
      /expected \[50257, 768\], got \[20, 8\]: config.json and weights are not of the same model/,
      'shape',
    ],
    [
      'a tokenizer that is no JSON',
      () =>
        modelFolder('tok', {
          'config.json': config,
          'model.safetensors': tinyWeights(),
          'tokenizer.json': '{',
        }),
      /tok\/tokenizer\.json: not JSON/,
      'format',
    ],
  ])('%s', async (_, path, message, kind) => {
    const opening = library.LensModel.load(await path());
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toMatchObject({ kind });
  });

  it('weights that are not numbers are refused when they are read', async () => {
    const weights = tinyWeights();
    new Float32Array(weights.buffer.slice(-4)).fill(NaN);
    weights.set(new Uint8Array(new Float32Array(8).fill(NaN).buffer), weights.length - 32); // a row of wte
    const path = await modelFolder('nan', { 'config.json': config, 'model.safetensors': weights });
    const damaged = await library.LensModel.load(path, { device: 'wasm' });
    await expect(collect(damaged.stream([19, 3]))).rejects.toMatchObject({ kind: 'numerics' });
    await expect(collect(damaged.stream([3, 4]))).rejects.toMatchObject({ kind: 'numerics' });
    await damaged.dispose();
  });
});
