/**
 * The lens readout, its own step over any list of residual states: final norm, unembedding in shares of the
 * vocabulary, reduction. Exact over the whole vocabulary.
 */
import { NumericsError, throwIfCancelled } from '../shared/errors.ts';
import { finalNormGraph, unembedGraph } from '../shared/graph/readout.ts';
import type { ModelSpec } from '../shared/spec/model-spec.ts';
import type { LensReadout } from './api.ts';
import type { MemoryLimits } from './memory.ts';
import type { Comparison, Logits, LogitShare, Reducer, RowStats } from './reduce.ts';
import type { Runtime, Session, Tensor } from './runtime.ts';
import type { WeightStore } from './weights.ts';

interface Share {
  readonly first: number;
  readonly count: number;
  readonly session: Session;
}

export interface ReadRequest {
  readonly k: number;
  /** i32[rows, perRow]; −1 for none. */
  readonly targets: Int32Array;
  readonly perRow: number;
  /** Keep the logits on the device for a later comparison. */
  readonly keep?: boolean;
}

/** States after the final norm, in memory: f32[rows, d_model]. */
export interface Normalized {
  readonly rows: number;
  readonly data: Float32Array;
}

/** What is known of one group of rows. */
export interface GroupReading {
  readonly from: number;
  readonly stats: RowStats;
  /** There while kept. */
  logits: Logits | undefined;
}

export interface Reading {
  readonly normalized: Normalized;
  readonly groups: readonly GroupReading[];
}

export class Readout {
  readonly #runtime: Runtime;
  readonly #spec: ModelSpec;
  readonly #weights: WeightStore;
  readonly #reducer: Reducer;
  readonly #memory: MemoryLimits;
  #norm: Promise<Session> | undefined;
  #shares: Promise<Share[]> | undefined;

  constructor(
    runtime: Runtime,
    spec: ModelSpec,
    weights: WeightStore,
    reducer: Reducer,
    memory: MemoryLimits,
  ) {
    this.#runtime = runtime;
    this.#memory = memory;
    this.#spec = spec;
    this.#weights = weights;
    this.#reducer = reducer;
  }

  /** Fetches the weights and sets the sessions up. */
  async prepare(signal?: AbortSignal): Promise<void> {
    throwIfCancelled(signal);
    if (!this.#norm || !this.#shares) {
      await this.#weights.need('embed', signal); // a tied unembedding is the embedding
      await this.#weights.use('final', signal, () =>
        Promise.all([this.#normSession(), this.#shareSessions()]),
      );
    }
    await Promise.all([this.#normSession(), this.#shareSessions()]);
  }

  /** Sessions are made on first use; a failed one is forgotten, so that the next run tries again. */
  #normSession(): Promise<Session> {
    this.#norm ??= this.#runtime
      .session('final norm', finalNormGraph(this.#spec, this.#weights, this.#runtime.centreFirst))
      .catch((error: unknown) => {
        this.#norm = undefined;
        throw error;
      });
    return this.#norm;
  }

  #shareSessions(): Promise<Share[]> {
    this.#shares ??= this.#makeShares().catch((error: unknown) => {
      this.#shares = undefined;
      throw error;
    });
    return this.#shares;
  }

  async #makeShares(): Promise<Share[]> {
    const { dVocab, dModel, weights } = this.#spec;
    const most = Math.max(1, Math.floor(this.#memory.bindingBytes / (dModel * 4)));
    const count = Math.ceil(dVocab / Math.ceil(dVocab / most));
    const shares: Share[] = [];
    for (let first = 0; first < dVocab; first += count) {
      const to = Math.min(dVocab, first + count);
      const graph = unembedGraph(
        this.#spec,
        this.#weights.packedRows(weights.unembed, first, to) ??
          this.#weights.storedRows(weights.unembed, first, to),
        this.#reducer.wantsExps,
      );
      shares.push({ first, count: to - first, session: await this.#runtime.session('unembedding', graph) });
    }
    return shares;
  }

  /** Whether the logits of so many rows may be kept. */
  mayKeep(rows: number): boolean {
    return rows * this.#spec.dVocab * 4 <= this.#memory.keepBytes;
  }

  /** Rows that one group may hold. */
  get #groupRows(): number {
    const bytes = Math.min(this.#memory.groupBytes, this.#memory.bindingBytes);
    return Math.max(1, Math.floor(bytes / (this.#spec.dVocab * 4)));
  }

  /** resid: f32[batch, pos, d_model], anywhere. */
  async normalize(resid: Tensor, signal?: AbortSignal): Promise<Normalized> {
    await this.prepare(signal);
    const out = await (await this.#normSession()).run({ resid });
    const tensor = out['normalized'] as Tensor;
    const data = await this.#runtime.read(tensor);
    if (tensor.location === 'gpu-buffer') tensor.dispose();
    if (!data.every(Number.isFinite)) {
      throw new NumericsError(
        'lens: a residual state is not a finite number: the weights are damaged, or this device computes wrong. Try the other device.',
      );
    }
    return { rows: data.length / this.#spec.dModel, data };
  }

  /** Rows [from, to) of normalized states, projected to the vocabulary. */
  async #project({ data }: Normalized, from: number, to: number): Promise<Logits> {
    const d = this.#spec.dModel;
    const normalized = this.#runtime.floats(data.subarray(from * d, to * d), [to - from, d]);
    const shares: LogitShare[] = [];
    for (const { first, count, session } of await this.#shareSessions()) {
      const out = await session.run({ normalized });
      const exps = out['exps'];
      shares.push({ first, count, tensor: out['logits'] as Tensor, ...(exps && { exps }) });
    }
    return { rows: to - from, shares };
  }

  /** All logits of normalized states, in memory: f32[rows, vocab]. */
  async logits(normalized: Normalized, signal?: AbortSignal): Promise<Float32Array> {
    const { dVocab } = this.#spec;
    const all = new Float32Array(normalized.rows * dVocab);
    for (let from = 0; from < normalized.rows; from += this.#groupRows) {
      throwIfCancelled(signal);
      const group = await this.#project(normalized, from, Math.min(normalized.rows, from + this.#groupRows));
      for (const { first, count, tensor } of group.shares) {
        const values = await this.#runtime.read(tensor);
        for (let r = 0; r < group.rows; r++) {
          all.set(values.subarray(r * count, (r + 1) * count), (from + r) * dVocab + first);
        }
      }
      disposeLogits(group);
    }
    return all;
  }

  /** Reads states after the final norm. */
  async read(normalized: Normalized, request: ReadRequest, signal?: AbortSignal): Promise<Reading> {
    const groups: GroupReading[] = [];
    const { perRow, targets } = request;
    const step = this.#groupRows;
    for (let from = 0; from < normalized.rows; from += step) {
      throwIfCancelled(signal);
      const to = Math.min(normalized.rows, from + step);
      const logits = await this.#project(normalized, from, to);
      let kept = false;
      try {
        const share = { ...request, targets: targets.subarray(from * perRow, to * perRow) };
        const stats = await this.#reducer.reduce(logits, share);
        checkFinite(stats);
        kept = request.keep === true;
        groups.push({ from, stats, logits: kept ? withoutExps(logits) : undefined });
      } finally {
        if (!kept) disposeLogits(logits);
      }
    }
    return { normalized, groups };
  }

  /** Kept logits of a group, or the projection again. */
  async #logitsOf(reading: Reading, index: number): Promise<Logits> {
    const group = reading.groups[index] as GroupReading;
    return group.logits ?? this.#project(reading.normalized, group.from, group.from + group.stats.rows);
  }

  /**
   * Each reading beside the output's, group by group, so that two groups of logits are held at a time.
   *
   * @param targets i32[rows]: the output's top token.
   * @returns a list of comparisons a reading, one a group.
   */
  async compare(
    output: Reading,
    readings: readonly Reading[],
    targets: Int32Array,
    signal?: AbortSignal,
  ): Promise<Comparison[][]> {
    const results: Comparison[][] = readings.map(() => []);
    for (const [index, group] of output.groups.entries()) {
      const own = await this.#logitsOf(output, index);
      const share = targets.subarray(group.from, group.from + group.stats.rows);
      try {
        for (const [i, reading] of readings.entries()) {
          throwIfCancelled(signal);
          const row = reading === output ? own : await this.#logitsOf(reading, index);
          const { stats, logits } = reading.groups[index] as GroupReading;
          try {
            (results[i] as Comparison[]).push(
              await this.#reducer.compare(own, group.stats, row, stats, share),
            );
          } finally {
            if (row !== own && row !== logits) disposeLogits(row);
          }
        }
      } finally {
        if (own !== group.logits) disposeLogits(own);
      }
    }
    return results;
  }

  async dispose(): Promise<void> {
    const sessions = [await this.#norm, ...((await this.#shares) ?? []).map((s) => s.session)];
    this.#norm = undefined;
    this.#shares = undefined;
    for (const session of sessions) await session?.release();
  }
}

function disposeLogits({ shares }: Logits): void {
  for (const { tensor } of shares) if (tensor.location === 'gpu-buffer') tensor.dispose();
}

/** What phase two needs of logits. */
function withoutExps({ rows, shares }: Logits): Logits {
  return { rows, shares: shares.map(({ first, count, tensor }) => ({ first, count, tensor })) };
}

/** Gives kept logits back. */
export function releaseReading(reading: Reading): void {
  for (const group of reading.groups) {
    if (group.logits) disposeLogits(group.logits);
    group.logits = undefined;
  }
}

function checkFinite({ rows, max, sum }: RowStats): void {
  for (let r = 0; r < rows; r++) {
    if (!Number.isFinite(max[r]) || !Number.isFinite(sum[r]) || (sum[r] as number) < 0.99) {
      throw new NumericsError(
        'lens: a row of logits does not sum to a distribution: the weights are damaged, or this device computes wrong. Try the other device.',
      );
    }
  }
}

/** Groups joined into one readout. */
export function toReadout({ groups }: Reading, rows: number, k: number, perRow: number): LensReadout {
  const out = {
    rows,
    k,
    topIds: new Int32Array(rows * k),
    topLogprobs: new Float32Array(rows * k),
    entropy: new Float32Array(rows),
    logZ: new Float64Array(rows),
    targetLogprobs: new Float32Array(rows * perRow),
    targetRanks: new Int32Array(rows * perRow),
  };
  for (const { from, stats } of groups) {
    out.topIds.set(stats.topIds, from * k);
    out.entropy.set(stats.entropy, from);
    out.targetRanks.set(stats.targetRanks, from * perRow);
    for (let r = 0; r < stats.rows; r++) {
      const row = from + r;
      const logZ = (stats.max[r] as number) + Math.log(stats.sum[r] as number);
      out.logZ[row] = logZ;
      for (let n = 0; n < k; n++) {
        out.topLogprobs[row * k + n] = Math.min(0, (stats.topLogits[r * k + n] as number) - logZ);
      }
      for (let j = 0; j < perRow; j++) {
        out.targetLogprobs[row * perRow + j] = Math.min(
          0,
          (stats.targetLogits[r * perRow + j] as number) - logZ,
        );
      }
    }
  }
  return out;
}
