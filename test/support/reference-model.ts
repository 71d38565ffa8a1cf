/**
 * The library's calls on the plain loops of `reference-forward.ts`, each by its definition: a batch is its prompts
 * one by one, a past is the tokens before. The parity cases run against it too, so that a case that no
 * implementation could pass, or that any would, is seen.
 */
import type {
  HookTensor,
  LensOptions,
  LensReadout,
  StreamEvent,
  StreamOptions,
  WeightTensor,
} from '../../engine/api.ts';
import type { ComparedRow, CompareOptions } from '../../engine/compare.ts';
import { compareCells, type LogitRows } from '../../shared/compare/cells.ts';
import type { LayerReadings, TargetReadings } from '../../shared/lens/readings.ts';
import { cut, golden, type GoldenTensor, isAttention } from '../cases/golden.ts';
import { type Distribution, divergence, readState, topOf } from '../cases/lens-reference.ts';
import type { ParitySubject } from '../cases/parity-run.ts';
import { ReferenceForward } from './reference-forward.ts';

const K = 10;

/** One prompt, or a batch. */
type Ids = readonly number[] | readonly (readonly number[])[];

/** The tokens before, a row of the batch each. */
class ReferencePast {
  readonly rows: readonly (readonly number[])[];

  constructor(rows: readonly (readonly number[])[]) {
    this.rows = rows;
  }

  dispose(): void {
    // Nothing is held.
  }
}

export class ReferenceModel implements ParitySubject {
  readonly #forward: ReferenceForward;

  constructor(forward: ReferenceForward) {
    this.#forward = forward;
  }

  static async load(readBytes: (file: string) => Promise<Uint8Array<ArrayBuffer>>): Promise<ReferenceModel> {
    return new ReferenceModel(await ReferenceForward.load(readBytes));
  }

  async runWithCache(ids: Ids): Promise<ReadonlyMap<string, HookTensor>> {
    return (await this.runWithPast(ids)).cache;
  }

  runWithPast(
    ids: Ids,
    { past }: { readonly past?: unknown } = {},
  ): Promise<{ cache: ReadonlyMap<string, HookTensor>; past: ReferencePast }> {
    const rows = (Array.isArray(ids[0]) ? ids : [ids]) as readonly (readonly number[])[];
    const before = past instanceof ReferencePast ? past.rows : rows.map(() => []);
    const all = rows.map((row, i) => [...(before[i] ?? []), ...row]);
    const runs = all.map((row, i) => this.#tail(row, before[i]?.length ?? 0));
    const cache = new Map<string, HookTensor>();
    for (const name of runs[0]?.keys() ?? []) {
      const { shape, data } = pad(
        name,
        runs.map((run) => golden(run, name)),
      );
      cache.set(name, { name, shape, data: () => Promise.resolve(data), dispose: () => undefined });
    }
    return Promise.resolve({ cache, past: new ReferencePast(all) });
  }

  /** A run's hooks from a position on. */
  #tail(ids: readonly number[], from: number): Map<string, GoldenTensor> {
    const hooks = [...this.#forward.run(ids)];
    return new Map(hooks.map(([name, tensor]) => [name, cut(name, tensor, from, ids.length, ids.length)]));
  }

  lens(states: Float32Array, { k = K, targets = new Int32Array() }: LensOptions = {}): Promise<LensReadout> {
    const weights = this.#forward.lens;
    const width = weights.gain.length;
    const rows = Array.from({ length: states.length / width }, (_, row) =>
      readState(states.subarray(row * width, (row + 1) * width), weights),
    );
    const perRow = targets.length / rows.length;
    const read = Array.from(targets, (id, i) => target(rows[Math.floor(i / perRow)] as Distribution, id));
    const tops = rows.map((d) => topOf(d, k));
    return Promise.resolve({
      rows: rows.length,
      k,
      topIds: Int32Array.from(tops.flatMap((top) => top.ids)),
      topLogprobs: Float32Array.from(tops.flatMap((top) => top.logprobs)),
      entropy: Float32Array.from(rows, (d) => d.entropy),
      logZ: Float64Array.from(rows, (d) => d.logZ),
      targetLogprobs: Float32Array.from(read, ([logprob]) => logprob),
      targetRanks: Int32Array.from(read, ([, rank]) => rank),
    });
  }

  async *stream(ids: readonly number[], { lens }: StreamOptions = {}): AsyncGenerator<StreamEvent> {
    const hooks = this.#forward.run(ids);
    const read = (name: string): Distribution[] => {
      const { data } = golden(hooks, name);
      const width = data.length / ids.length;
      return ids.map((_, pos) =>
        readState(data.subarray(pos * width, (pos + 1) * width), this.#forward.lens),
      );
    };
    const layers = [-1, ...Array.from({ length: this.#forward.nLayers }, (_, l) => l)];
    const rows = layers.map((layer) =>
      read(layer < 0 ? 'blocks.0.hook_resid_pre' : `blocks.${layer}.hook_resid_post`),
    );
    const all: (readonly Distribution[])[] = [];
    for (const [row, layer] of layers.entries()) {
      if (lens && lens.mid && layer >= 0) {
        all.push(read(`blocks.${layer}.hook_resid_mid`));
        yield { type: 'readings', readings: { ...readingsOf(layer, all.at(-1) ?? [], ids), mid: true } };
      }
      all.push(rows[row] ?? []);
      yield { type: 'readings', readings: readingsOf(layer, rows[row] ?? [], ids) };
      await Promise.resolve();
    }
    const output = rows.at(-1) ?? [];
    const finalIds = Int32Array.from(output, (d) => topOf(d, 1).ids[0] ?? -1);
    const convergence = finalIds.map((id, pos) => {
      const differs = rows.findLastIndex((row) => topOf(row[pos] as Distribution, 1).ids[0] !== id);
      return layers[differs + 1] ?? NaN;
    });
    const kl = all.map((row) =>
      Float32Array.from(row, (d, pos) => divergence(output[pos] as Distribution, d)),
    );
    const final = all.map((row) => targetsOf(row, Array.from(finalIds)));
    yield { type: 'late', late: { finalIds, final, kl, convergence } };
    const pass = { status: 'pass', value: 0, bound: 0, note: '' } as const;
    const names = ['output', 'writes', 'attention'] as const;
    yield { type: 'checks', checks: names.map((name) => ({ name, ...pass })) };
  }

  /** The product's own arithmetic, on distributions by definition. */
  async *compare(
    a: readonly number[],
    b: readonly number[],
    {
      columns = [],
      k = K,
      targets = new Int32Array(),
    }: Pick<CompareOptions, 'columns' | 'k' | 'targets'> = {},
  ): AsyncGenerator<ComparedRow> {
    const [mine, theirs] = [this.#rows(a), this.#rows(b)];
    const perCell = targets.length / columns.length;
    for (const [row, own] of mine.entries()) {
      await Promise.resolve();
      const side = (of: readonly Distribution[], rows: readonly number[]): LogitRows => {
        const stride = of[0]?.logprobs.length ?? 0;
        return { logits: Float32Array.from(of.flatMap((d) => [...d.logprobs])), stride, rows };
      };
      const [p, q] = [
        side(
          own,
          columns.map((column) => column.a),
        ),
        side(
          theirs[row] ?? [],
          columns.map((column) => column.b),
        ),
      ];
      const layers = { a: row - 1, b: row - 1 };
      yield { layers, cells: compareCells(p, q, { vocab: p.stride, k, targets, perCell }) };
    }
  }

  /** By row of the lens, then position. */
  #rows(ids: readonly number[]): Distribution[][] {
    const hooks = this.#forward.run(ids);
    const names = Array.from({ length: this.#forward.nLayers }, (_, l) => `blocks.${l}.hook_resid_post`);
    return ['blocks.0.hook_resid_pre', ...names].map((name) => {
      const { data } = golden(hooks, name);
      const width = data.length / ids.length;
      return ids.map((_, pos) =>
        readState(data.subarray(pos * width, (pos + 1) * width), this.#forward.lens),
      );
    });
  }

  weight(name: string): Promise<WeightTensor> {
    return Promise.resolve({ name, ...golden(this.#forward.weights, name) });
  }

  dispose(): void {
    // Nothing is held.
  }
}

/** Rows of different length as one batch, NaN where a row has no such position. */
function pad(name: string, rows: readonly GoldenTensor[]): GoldenTensor {
  const rank = rows[0]?.shape.length ?? 0;
  const shape = Array.from({ length: rank }, (_, axis) =>
    Math.max(...rows.map((row) => row.shape[axis] ?? 0)),
  );
  const size = shape.reduce((a, b) => a * b, 1);
  const data = new Float32Array(rows.length * size).fill(NaN);
  for (const [i, row] of rows.entries()) {
    // The last two axes are dest and src in attention; elsewhere the first is the position, and all else agrees.
    const [outer, dests, srcs] = isAttention(name)
      ? (row.shape as [number, number, number])
      : [1, 1, row.data.length];
    const [wideDests, wideSrcs] = isAttention(name) ? (shape.slice(1) as [number, number]) : [1, size];
    for (let line = 0; line < outer * dests; line++) {
      const [head, dest] = [Math.floor(line / dests), line % dests];
      const part = row.data.subarray(line * srcs, (line + 1) * srcs);
      data.set(part, i * size + (head * wideDests + dest) * wideSrcs);
    }
  }
  return { shape: [rows.length, ...shape], data };
}

function readingsOf(layer: number, row: readonly Distribution[], ids: readonly number[]): LayerReadings {
  const tops = row.map((d) => topOf(d, K));
  return {
    layer,
    k: K,
    topIds: Int32Array.from(tops.flatMap((top) => top.ids)),
    topLogprobs: Float32Array.from(tops.flatMap((top) => top.logprobs)),
    entropy: Float32Array.from(row, (d) => d.entropy),
    input: targetsOf(row, ids),
    next: targetsOf(row, [...ids.slice(1), -1]),
  };
}

function targetsOf(row: readonly Distribution[], ids: readonly number[]): TargetReadings {
  const read = row.map((d, pos) => target(d, ids[pos] ?? -1));
  return {
    ids: Int32Array.from(ids),
    logprobs: Float32Array.from(read, ([logprob]) => logprob),
    ranks: Int32Array.from(read, ([, rank]) => rank),
  };
}

/** A token's log-probability and rank; NaN and −1 for no token. */
function target({ logprobs }: Distribution, id: number): [number, number] {
  const own = logprobs[id];
  if (own === undefined) return [NaN, -1];
  const ahead = logprobs.reduce((n, l, other) => n + (l > own || (l === own && other < id) ? 1 : 0), 0);
  return [own, ahead];
}
