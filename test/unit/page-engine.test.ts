/** Page and engine worker, joined by a fake thread: order, cancellation, crashes, and whose arrays are moved. */
import { describe, expect, it } from 'vitest';
import type { CacheOptions, HookTensor, LensOptions, StreamEvent, StreamOptions } from '../../engine/api.ts';
import type { AttentionOptions, LayerAttention } from '../../engine/attention-api.ts';
import type { PastState } from '../../engine/forward.ts';
import { throwIfCancelled } from '../../shared/errors.ts';
import type { LayerReadings } from '../../shared/lens/readings.ts';
import { EngineClient, type WorkerPort } from '../../site/engine/client.ts';
import { EngineHost, type HostedModel } from '../../site/engine/host.ts';
import type {
  DirectionsAnswer,
  FromWorker,
  HeadTiles,
  RunEvent,
  ToWorker,
} from '../../site/engine/protocol.ts';

const READINGS: LayerReadings = {
  layer: -1,
  k: 1,
  // A view into a larger buffer, as a readout's results are.
  topIds: new Int32Array(100).subarray(0, 2),
  topLogprobs: new Float32Array([-0.5, -1.5]),
  entropy: new Float32Array([0.25, 0.75]),
  input: { ids: new Int32Array([3, 4]), logprobs: new Float32Array(2), ranks: new Int32Array(2) },
  next: { ids: new Int32Array([4, -1]), logprobs: new Float32Array(2), ranks: new Int32Array(2) },
};
const TIMINGS = { firstReadings: 1, lastReadings: 2, done: 3 };
const STAGES = { begin: 1, blocks: 2, lens: 3, compare: 4, checks: 5, reader: 6 };

function notFaked(): never {
  throw new Error('this fake does not do that');
}

/** A model of no numbers that tells its story one step at a time. */
class FakeModel implements HostedModel {
  readonly id = 'fake';
  readonly spec = {
    family: 'x',
    nLayers: 1,
    dModel: 2,
    nHeads: 1,
    dHead: 2,
    dMlp: 1,
    dVocab: 9,
    nCtx: 4,
    parallel: false,
    blockHooks: ['hook_resid_pre', 'hook_resid_post'] as const,
  };
  readonly device = { name: 'wasm', detail: '', reason: 'asked for', f16: false, compute: 'f32' } as const;
  readonly weightBytes = 10;
  readonly storedTypes = [{ type: 'F16', bytes: 10 }];
  readonly tokenizer = {
    vocabSize: 9,
    bosId: 0,
    addsBos: true,
    specialIds: new Set<number>(),
    encode: (text: string) => ({ ids: Array.from(text, Number), tokens: Array.from(text), offsets: [] }),
    decode: (ids: readonly number[]) => ids.join(''),
    tokenString: String,
    text: (id: number) => `t${id}`,
    pieces: (ids: readonly number[]) => ids.map((id) => `t${id}`),
  };
  fitLens = (): never => notFaked();
  openLens = (): never => notFaked();
  averages = (): never => notFaked();
  heads = (): never => notFaked();
  attribution = (): never => notFaked();
  neurons = (): never => notFaked();
  neuron = (): never => notFaked();
  neuronTriggers = (): never => notFaked();
  neuronAgreement = (): never => notFaked();
  deletion = (): never => notFaked();
  meanActivations = (): never => notFaked();
  disposed = false;
  running = 0;
  step: Promise<void> = Promise.resolve();

  async *stream(_ids: readonly number[], { signal, lens }: StreamOptions = {}): AsyncGenerator<StreamEvent> {
    expect(++this.running).toBe(1);
    try {
      for (const layer of [-1, 0]) {
        await this.step;
        throwIfCancelled(signal);
        const name = layer < 0 ? 'blocks.0.hook_resid_pre' : 'blocks.0.hook_resid_post';
        const mid = lens && lens.mid && layer === 0;
        yield {
          type: 'block',
          layer,
          hooks: new Map([
            [name, stateOf(name, 10 * (layer + 1))],
            ...(mid ? [['blocks.0.hook_resid_mid', stateOf('mid', 5)] as const] : []),
          ]),
        };
        if (mid) yield { type: 'readings', readings: { ...READINGS, layer, mid } };
        yield { type: 'readings', readings: { ...READINGS, layer } };
      }
      yield { type: 'done', timings: TIMINGS, stages: STAGES };
    } finally {
      this.running--;
    }
  }

  /** Layers that were read, in order. */
  readonly attended: number[] = [];

  async *attention(
    ids: readonly number[],
    { layers = [0, 1] }: AttentionOptions = {},
  ): AsyncGenerator<LayerAttention> {
    for (const layer of layers) {
      await this.step;
      this.attended.push(layer);
      yield attentionOf(layer, ids.length);
    }
  }

  lens(states: Float32Array, { targets, k = 1 }: LensOptions = {}): ReturnType<HostedModel['lens']> {
    // "Log-probabilities" that say which states were asked about.
    const rows = states.length / 2;
    const perRow = (targets?.length ?? 0) / rows;
    return Promise.resolve({
      rows,
      k,
      topIds: new Int32Array(rows * k),
      topLogprobs: new Float32Array(rows * k),
      entropy: new Float32Array(rows),
      logZ: new Float64Array(rows),
      targetLogprobs: Float32Array.from(
        { length: rows * perRow },
        (_, i) => (states[2 * Math.floor(i / perRow)] ?? 0) + (i % perRow) / 2,
      ),
      targetRanks: Int32Array.from({ length: rows * perRow }, (_, i) => i),
    });
  }

  runWithCache(ids: readonly number[], { signal }: CacheOptions = {}): Promise<Map<string, HookTensor>> {
    throwIfCancelled(signal);
    // States that differ by layer and by the last id, so that no two prompts give the same.
    const of = (name: string, row: number): HookTensor => {
      const last = ids.at(-1) ?? 0;
      const data = Float32Array.from({ length: 2 * ids.length }, (_, i) =>
        i % 2 === 0 ? row + 1 : row * last,
      );
      return { name, shape: [1, ids.length, 2], data: () => Promise.resolve(data), dispose: () => undefined };
    };
    const names = ['blocks.0.hook_resid_pre', 'blocks.0.hook_resid_post'];
    return Promise.resolve(new Map(names.map((name, row) => [name, of(name, row)])));
  }

  logits(states: Float32Array): Promise<Float32Array> {
    return Promise.resolve(new Float32Array(9).fill(states[0] ?? 0));
  }

  cutPast(past: PastState): Promise<PastState> {
    return Promise.resolve(past);
  }

  weightHash(): Promise<string> {
    return Promise.resolve('ab'.repeat(32));
  }
  dispose(): void {
    this.disposed = true;
  }
}

function stateOf(name: string, offset: number): HookTensor {
  const data = Float32Array.from([0, 1, 2, 3], (v) => v + offset);
  return { name, shape: [1, 2, 2], data: () => Promise.resolve(data), dispose: () => undefined };
}

/** One head that looks at the first token with a weight that says the layer. */
function attentionOf(layer: number, tokens: number): LayerAttention {
  const pattern = Float32Array.from({ length: tokens * tokens }, (_, i) =>
    i % tokens === 0 ? (layer + 1) / 2 : 0,
  );
  const scores = { previous: new Float32Array(1), present: new Float32Array(1) };
  return {
    ...{ layer, heads: 1, tokens, window: undefined, postNorm: false, pattern },
    lengths: new Float32Array(tokens).fill(layer),
    scores: { ...scores, first: new Float32Array([1]), duplicate: new Float32Array([NaN]) },
  };
}

/** A thread that clones what passes, as a real one does. */
class FakeThread implements WorkerPort {
  onmessage: WorkerPort['onmessage'] = null;
  onerror: WorkerPort['onerror'] = null;
  onmessageerror: WorkerPort['onmessageerror'] = null;
  ended = false;
  readonly transfers: number[] = [];
  readonly computes: (string | undefined)[] = [];
  readonly #host: EngineHost;

  constructor(open: () => FakeModel) {
    this.#host = new EngineHost({
      load: ({ source }, { compute }) => {
        this.computes.push(compute);
        return source === 'fake' ? Promise.resolve(open()) : Promise.reject(new TypeError('no such thing'));
      },
      post: (message: FromWorker, transfer) => {
        this.transfers.push(transfer.length);
        const data = structuredClone(message, { transfer });
        queueMicrotask(() => {
          if (!this.ended) this.onmessage?.({ data } as MessageEvent<FromWorker>);
        });
      },
    });
  }

  postMessage(message: ToWorker): void {
    const data = structuredClone(message);
    queueMicrotask(() => {
      if (!this.ended) this.#host.receive(data);
    });
  }

  terminate(): void {
    this.ended = true;
  }
}

interface Joined {
  readonly client: EngineClient;
  readonly models: FakeModel[];
  readonly threads: FakeThread[];
}

function join(): Joined {
  const models: FakeModel[] = [];
  const threads: FakeThread[] = [];
  const client = new EngineClient(() => {
    const thread = new FakeThread(() => {
      const model = new FakeModel();
      models.push(model);
      return model;
    });
    threads.push(thread);
    return thread;
  });
  return { client, models, threads };
}

async function all(events: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const list: RunEvent[] = [];
  for await (const event of events) list.push(event);
  return list;
}

describe('engine client and host', () => {
  it('reads attention a layer at a time, keeps what it read, and tells of all layers in small', async () => {
    const { client, models } = join();
    await client.load('fake');
    const one = await client.attention({ ids: [1, 2, 3], layer: 1 });
    expect([...one.pattern]).toEqual([1, 0, 0, 1, 0, 0, 1, 0, 0]);
    expect((await client.attention({ ids: [1, 2, 3], layer: 1 })).pattern).toEqual(one.pattern);
    expect(models[0]?.attended).toEqual([1]);
    const told: HeadTiles[] = [];
    await client.attentionOverview([1, 2, 3], (tiles) => told.push(tiles));
    expect(told.map(({ layer, side, tiles }) => [layer, side, tiles[0]])).toEqual([
      [0, 3, 128],
      [1, 3, 255],
    ]);
    await client.attention({ ids: [1, 2, 3], layer: 0 });
    expect(models[0]?.attended).toEqual([1, 0, 1]);
    await client.attention({ ids: [1, 2], layer: 0 });
    expect(models[0]?.attended).toEqual([1, 0, 1, 0]);
    // Another layer asked for while the reader leaves: the call ends, the thread goes on.
    const leaving = new AbortController();
    const left = client.attentionOverview([4], () => leaving.abort(), leaving.signal);
    await left.catch(() => undefined);
    expect((await client.attention({ ids: [4], layer: 1 })).tokens).toBe(1);
  });

  it('asks for half precision only when the reader does', async () => {
    const { client, threads } = join();
    await client.load('fake');
    await client.load('fake', { device: 'webgpu', compute: 'f16' });
    expect(threads.flatMap(({ computes }) => computes)).toEqual([undefined, 'f16']);
  });

  it('loads, tokenizes and runs; texts come before the readings that need them, and once', async () => {
    const { client } = join();
    expect(client.alive).toBe(false);
    expect(await client.load('fake')).toMatchObject({ id: 'fake', weightBytes: 10, bosId: 0, addsBos: true });
    expect(client.alive).toBe(true);
    expect(await client.tokenize('12', 'auto')).toMatchObject({ ids: [1, 2], pieces: ['t1', 't2'] });
    const events = await all(client.run([1, 2]));
    expect(events.map((event) => event.type)).toEqual(['texts', 'readings', 'readings', 'done']);
    expect(events[0]).toEqual({
      type: 'texts',
      texts: [
        [0, 't0'],
        [3, 't3'],
        [4, 't4'],
      ],
    });
    expect(events[1]).toMatchObject({ readings: { layer: -1, entropy: READINGS.entropy } });
  });

  it('moves copies of their own size and leaves the library its arrays', async () => {
    const { client } = join();
    await client.load('fake');
    const [, event] = await all(client.run([1, 2]));
    if (event?.type !== 'readings') throw new Error('no readings');
    expect(event.readings.topIds.buffer.byteLength).toBe(8);
    expect(READINGS.topIds.buffer.byteLength).toBe(400);
    expect(READINGS.entropy).toEqual(new Float32Array([0.25, 0.75]));
  });

  it('reads tokens out of the last run’s states at one position', async () => {
    const { client } = join();
    await client.load('fake');
    await expect(client.trajectories(0, [5])).rejects.toThrow('no finished run');
    await all(client.run([1, 2]));
    const paths = await client.trajectories(1, [5, 6]);
    expect(paths.map((path) => [path.tokenId, path.pos])).toEqual([
      [5, 1],
      [6, 1],
    ]);
    // Position 1 holds states 2 and 12.
    expect([...(paths[0]?.logprobs ?? [])]).toEqual([2, 12]);
    expect([...(paths[1]?.logprobs ?? [])]).toEqual([2.5, 12.5]);
    expect([...(paths[1]?.ranks ?? [])]).toEqual([1, 3]);
  });

  it('reads one token a position out of a row, rows after attention counted in', async () => {
    const { client } = join();
    await client.load('fake');
    await expect(client.target({ row: 0, ids: [5, 6] })).rejects.toThrow('row 0: no finished run');
    const events = await all(client.run([1, 2], { mid: true }));
    const rows = events.flatMap((e) => (e.type === 'readings' ? [e.readings] : []));
    expect(rows.map(({ layer, mid }) => [layer, mid])).toEqual([
      [-1, undefined],
      [0, true],
      [0, undefined],
    ]);
    const read = async (row: number): Promise<number[]> => [
      ...(await client.target({ row, ids: [5, -1] })).logprobs,
    ];
    // Positions 0 and 1 hold states 0 and 2, 5 and 7 after attention, 10 and 12 in the end.
    expect([await read(0), await read(1), await read(2)]).toEqual([
      [0, 2],
      [5, 7],
      [10, 12],
    ]);
    await expect(client.target({ row: 3, ids: [5, 6] })).rejects.toThrow('row 3');
    await expect(client.target({ row: 0, ids: [5] })).rejects.toThrow(
      'expected 2 ids, one a position, got 1',
    );
  });

  it('searches the vocabulary', async () => {
    const { client } = join();
    await expect(client.search({ query: 't1', limit: 3 })).rejects.toThrow('no model is loaded');
    await client.load('fake');
    expect(await client.search({ query: 'T', limit: 2 })).toEqual({
      matches: [
        [0, 't0'],
        [1, 't1'],
      ],
      total: 9,
    });
    expect(await client.spellings(3)).toEqual([[3, 't3']]);
  });

  it('cancels a run and runs the next; one call at a time', async () => {
    const { client, models } = join();
    await client.load('fake');
    let go = (): void => undefined;
    const model = models[0];
    if (!model) throw new Error('no model');
    model.step = new Promise((resolve) => (go = resolve));
    const controller = new AbortController();
    const first = all(client.run([1], { signal: controller.signal }));
    const second = all(client.run([2]));
    await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort();
    await new Promise((resolve) => setTimeout(resolve, 5));
    go();
    await expect(first).rejects.toMatchObject({ kind: 'cancelled' });
    expect((await second).at(-1)?.type).toBe('done');
  });

  it('errors cross with their kind', async () => {
    const { client } = join();
    await expect(client.load('missing')).rejects.toMatchObject({
      kind: 'internal',
      message: 'no such thing',
    });
    await expect(client.tokenize('1', 'auto')).rejects.toMatchObject({ kind: 'input' });
    expect(client.alive).toBe(false);
  });

  it('a thread that ends takes its calls with it, and the next call starts another', async () => {
    const { client, models, threads } = join();
    await client.load('fake');
    const model = models[0];
    if (!model) throw new Error('no model');
    model.step = new Promise(() => undefined);
    const run = all(client.run([1]));
    await new Promise((resolve) => setTimeout(resolve, 5));
    threads[0]?.onerror?.({
      message: 'out of memory',
      preventDefault: () => undefined,
    } as unknown as ErrorEvent);
    await expect(run).rejects.toThrow('worker stopped (out of memory). Run again');
    expect(client.alive).toBe(false);
    expect(threads[0]?.ended).toBe(true);
    await client.load('fake');
    expect((await all(client.run([1]))).at(-1)?.type).toBe('done');
    expect(threads.length).toBe(2);
  });

  it('a second load frees the first model', async () => {
    const { client, models } = join();
    await client.load('fake');
    await client.load('fake');
    expect(models.map((model) => model.disposed)).toEqual([true, false]);
  });

  it('a reader who leaves early stops the run', async () => {
    const { client, models } = join();
    await client.load('fake');
    for await (const event of client.run([1])) if (event.type === 'readings') break;
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(models[0]?.running).toBe(0);
    client.dispose();
    expect(client.alive).toBe(false);
  });

  const ASK = { bos: 'auto', mid: false, centred: true, seed: 0 } as const;

  it('an experiment tells each prompt, lets other calls in between, and sums up', async () => {
    const { client } = join();
    await client.load('fake');
    const told: string[] = [];
    const ask = async (): Promise<DirectionsAnswer> => {
      const answer = await client.directions({
        ids: [1, 2],
        pos: 1,
        mid: false,
        allPositions: false,
        centred: true,
      });
      told.push('directions');
      return answer;
    };
    let directions: Promise<DirectionsAnswer> | undefined;
    const experiment = client.experiment(
      { ...ASK, prompts: ['12', '34', '5'] },
      ({ index, total, record }) => {
        told.push(`${index + 1} of ${total}: ${record.prompt}, ${record.tokens} tokens, ${record.direction}`);
        if (index === 0) directions = ask();
      },
    );
    const { summary, cancelled } = await experiment;
    expect(told).toEqual([
      '1 of 3: 12, 2 tokens, t0',
      'directions',
      '2 of 3: 34, 2 tokens, t0',
      '3 of 3: 5, 1 tokens, t0',
    ]);
    expect({ cancelled, prompts: summary?.prompts, mean: summary?.ratio.value }).toEqual({
      cancelled: false,
      prompts: 3,
      mean: 1,
    });
    const { directions: found, texts } = await (directions ?? ask());
    expect(found.states).toHaveLength(2);
    expect(found.ratios[0]).toBe(1);
    expect(texts).toEqual([[0, 't0']]);
  });

  it('a cancelled experiment gives what it has; another model ends one; a prompt too long is named', async () => {
    const { client } = join();
    await client.load('fake');
    const controller = new AbortController();
    const prompts = ['12', '34', '56'];
    const cancelled = client.experiment({ ...ASK, prompts }, () => controller.abort(), controller.signal);
    expect(await cancelled).toMatchObject({ cancelled: true, summary: { prompts: 1 } });
    const ended = client.experiment({ ...ASK, prompts }, ({ index }) => {
      if (index === 0) void client.load('fake');
    });
    expect((await ended).cancelled).toBe(true);
    await expect(client.experiment({ ...ASK, prompts: ['1', '23456'] }, () => undefined)).rejects.toThrow(
      'Prompt 2 has 5 tokens, and this model reads 4 at most: “23456…”',
    );
  });
});
