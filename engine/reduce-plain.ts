/**
 * The reducer in plain code, for wasm: sums in f64. One pass finds the top k, one sums, one counts what stands
 * ahead of each target.
 */
import {
  entropyOf,
  klOf,
  type Comparison,
  type Logits,
  type Partition,
  type Reducer,
  type ReduceRequest,
  type RowStats,
} from './reduce.ts';

/** exp(−45) is under 3e-20: a whole vocabulary of such terms does not reach the last digit of the sum. */
const NEGLIGIBLE = -45;

/** One row of one share. */
interface Slice {
  readonly first: number;
  readonly z: Float32Array;
  /** e^(z − the largest z of this slice), where the graph gave it. */
  readonly exps: Float32Array | undefined;
}

function slicesOf(logits: Logits, row: number): Slice[] {
  return logits.shares.map(({ tensor, exps, count, first }) => {
    const part = (data: unknown): Float32Array =>
      (data as Float32Array).subarray(row * count, (row + 1) * count);
    return { first, z: part(tensor.data), exps: exps && part(exps.data) };
  });
}

/** The k best of a row so far, best first, by insertion: few logits pass the threshold. */
class Best {
  readonly ids: Int32Array;
  readonly logits: Float32Array;
  #threshold = -Infinity;
  readonly #k: number;

  constructor(k: number) {
    this.#k = k;
    this.ids = new Int32Array(k).fill(-1);
    this.logits = new Float32Array(k).fill(-Infinity);
  }

  scan({ z, first }: Slice): void {
    if (this.#k === 0) return;
    let threshold = this.#threshold;
    for (let i = 0; i < z.length; i++) {
      const value = z[i] as number;
      if (value > threshold) threshold = this.#insert(value, first + i);
    }
    this.#threshold = threshold;
  }

  #insert(value: number, id: number): number {
    let at = this.#k - 1;
    // Strictly greater moves ahead: among equals the smaller id, which came first, stays ahead.
    while (at > 0 && value > (this.logits[at - 1] as number)) {
      this.logits[at] = this.logits[at - 1] as number;
      this.ids[at] = this.ids[at - 1] as number;
      at--;
    }
    this.logits[at] = value;
    this.ids[at] = id;
    return this.logits[this.#k - 1] as number;
  }
}

function maximum(z: Float32Array): number {
  let m = -Infinity;
  for (let i = 0; i < z.length; i++) {
    const value = z[i] as number;
    if (value > m) m = value;
  }
  return m;
}

/** Σ e^(z − top) and Σ (z − top) e^(z − top): the entropy without cancelling large numbers. */
function partition({ z, exps }: Slice, top: number): [sum: number, weighted: number] {
  let sum = 0;
  let weighted = 0;
  for (let i = 0; i < z.length; i++) {
    const d = (z[i] as number) - top;
    if (!exps && d < NEGLIGIBLE) continue;
    const e = exps ? (exps[i] as number) : Math.exp(d);
    sum += e;
    weighted += d * e;
  }
  return [sum, weighted];
}

/** How many logits stand ahead of the target: larger, or equal with a smaller id. */
function ahead({ z, first }: Slice, logit: number, id: number): number {
  let count = 0;
  for (let i = 0; i < z.length; i++) {
    const value = z[i] as number;
    if (value > logit || (value === logit && first + i < id)) count++;
  }
  return count;
}

function rankOf(slices: readonly Slice[], logit: number, id: number): number {
  return slices.reduce((n, slice) => n + ahead(slice, logit, id), 0);
}

function logitOf(slices: readonly Slice[], id: number): number {
  for (const { z, first } of slices) {
    if (id >= first && id < first + z.length) return z[id - first] as number;
  }
  return NaN;
}

export class PlainReducer implements Reducer {
  readonly wantsExps = true;
  /** e^(z − max) of the output that rows are being compared with, a row each: the same for every layer. */
  #weights: { readonly output: Logits; readonly rows: Float32Array[] } | undefined;

  reduce(logits: Logits, request: ReduceRequest): Promise<RowStats> {
    return Promise.resolve(reduceRows(logits, request));
  }

  compare(
    output: Logits,
    outputStats: Partition,
    row: Logits,
    rowStats: Partition,
    targets: Int32Array,
  ): Promise<Comparison> {
    if (this.#weights?.output !== output) this.#weights = { output, rows: weightsOf(output, outputStats) };
    return Promise.resolve(compareRows(output, outputStats, this.#weights.rows, row, rowStats, targets));
  }
}

function reduceRows(logits: Logits, { k, targets, perRow }: ReduceRequest): RowStats {
  const { rows } = logits;
  const stats: RowStats = {
    rows,
    max: new Float64Array(rows),
    sum: new Float64Array(rows),
    entropy: new Float32Array(rows),
    topIds: new Int32Array(rows * k),
    topLogits: new Float32Array(rows * k),
    targetLogits: new Float32Array(rows * perRow).fill(NaN),
    targetRanks: new Int32Array(rows * perRow).fill(-1),
  };
  for (let r = 0; r < rows; r++) {
    const slices = slicesOf(logits, r);
    const best = new Best(k);
    for (const slice of slices) best.scan(slice);
    const tops =
      k > 0 && slices.length === 1 ? [best.logits[0] as number] : slices.map(({ z }) => maximum(z));
    const max = Math.max(...tops);
    let sum = 0;
    let weighted = 0;
    slices.forEach((slice, s) => {
      const top = tops[s] as number;
      const [share, shareWeighted] = partition(slice, top);
      const scale = Math.exp(top - max);
      sum += scale * share;
      weighted += scale * (shareWeighted + (top - max) * share);
    });
    stats.max[r] = max;
    stats.sum[r] = sum;
    stats.entropy[r] = entropyOf(sum, weighted);
    stats.topIds.set(best.ids, r * k);
    stats.topLogits.set(best.logits, r * k);
    for (let j = r * perRow; j < (r + 1) * perRow; j++) {
      const id = targets[j] as number;
      if (id < 0) continue;
      const logit = logitOf(slices, id);
      stats.targetLogits[j] = logit;
      stats.targetRanks[j] = rankOf(slices, logit, id);
    }
  }
  return stats;
}

function weightsOf(output: Logits, { max }: Partition): Float32Array[] {
  return Array.from({ length: output.rows }, (_, r) => {
    const slices = slicesOf(output, r);
    const all = new Float32Array(slices.reduce((n, { z }) => n + z.length, 0));
    for (const { z, first } of slices) {
      for (let i = 0; i < z.length; i++) {
        const d = (z[i] as number) - (max[r] as number);
        if (d >= NEGLIGIBLE) all[first + i] = Math.exp(d);
      }
    }
    return all;
  });
}

function compareRows(
  output: Logits,
  outputStats: Partition,
  weights: readonly Float32Array[],
  row: Logits,
  rowStats: Partition,
  targets: Int32Array,
): Comparison {
  const { rows } = row;
  const out: Comparison = {
    kl: new Float32Array(rows),
    targetLogits: new Float32Array(rows),
    targetRanks: new Int32Array(rows),
  };
  for (let r = 0; r < rows; r++) {
    const slices = slicesOf(row, r);
    const w = weights[r] as Float32Array;
    const shift = (outputStats.max[r] as number) - (rowStats.max[r] as number);
    let gap = 0; // Σ e^(z_f − max_f) ((z_f − max_f) − (z_l − max_l))
    slicesOf(output, r).forEach(({ z: zf, first }, s) => {
      const zl = (slices[s] as Slice).z;
      for (let i = 0; i < zf.length; i++) {
        gap += (w[first + i] as number) * ((zf[i] as number) - (zl[i] as number) - shift);
      }
    });
    out.kl[r] = klOf(gap, outputStats.sum[r] as number, rowStats.sum[r] as number);
    const id = targets[r] as number;
    const logit = logitOf(slices, id);
    out.targetLogits[r] = logit;
    out.targetRanks[r] = rankOf(slices, logit, id);
  }
  return out;
}
