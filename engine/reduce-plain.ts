/**
 * The reducer in plain code, for wasm: sums in f64. Two passes over each row: the maximum and the top k, then the
 * partition sum, the entropy and the ranks.
 */
import type { Comparison, Logits, Partition, Reducer, ReduceRequest, RowStats } from './reduce.ts';

/** exp(−45) is under 3e-20: a whole vocabulary of such terms does not reach the last digit of the sum. */
const NEGLIGIBLE = -45;

/** One row of a share. */
function rowOf(data: Float32Array, row: number, count: number): Float32Array {
  return data.subarray(row * count, (row + 1) * count);
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

  scan(z: Float32Array, first: number): void {
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

function maximum(z: Float32Array, from: number): number {
  let m = from;
  for (let i = 0; i < z.length; i++) {
    const value = z[i] as number;
    if (value > m) m = value;
  }
  return m;
}

/** How many logits stand ahead of the target: larger, or equal with a smaller id. */
function ahead(z: Float32Array, first: number, logit: number, id: number): number {
  let count = 0;
  for (let i = 0; i < z.length; i++) {
    const value = z[i] as number;
    if (value > logit || (value === logit && first + i < id)) count++;
  }
  return count;
}

function logitOf(shares: readonly { z: Float32Array; first: number }[], id: number): number {
  for (const { z, first } of shares) {
    if (id >= first && id < first + z.length) return z[id - first] as number;
  }
  return NaN;
}

export class PlainReducer implements Reducer {
  reduce(logits: Logits, request: ReduceRequest): Promise<RowStats> {
    return Promise.resolve(reducePlain(logits, request));
  }

  compare(
    output: Logits,
    outputStats: Partition,
    row: Logits,
    rowStats: Partition,
    targets: Int32Array,
  ): Promise<Comparison> {
    return Promise.resolve(comparePlain(output, outputStats, row, rowStats, targets));
  }
}

function sharesOf(logits: Logits, row: number): { z: Float32Array; first: number }[] {
  return logits.shares.map(({ tensor, count, first }) => ({
    z: rowOf(tensor.data as Float32Array, row, count),
    first,
  }));
}

function reducePlain(logits: Logits, { k, targets, perRow }: ReduceRequest): RowStats {
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
    const shares = sharesOf(logits, r);
    const best = new Best(k);
    let max = -Infinity;
    for (const { z, first } of shares) {
      best.scan(z, first);
      max = k > 0 ? max : maximum(z, max);
    }
    if (k > 0) max = best.logits[0] as number;
    let sum = 0;
    let weighted = 0; // Σ (z − max) e^(z − max): the entropy without cancelling large numbers
    for (const { z } of shares) {
      for (let i = 0; i < z.length; i++) {
        const d = (z[i] as number) - max;
        if (d < NEGLIGIBLE) continue;
        const e = Math.exp(d);
        sum += e;
        weighted += d * e;
      }
    }
    stats.max[r] = max;
    stats.sum[r] = sum;
    stats.entropy[r] = Math.max(0, Math.log(sum) - weighted / sum);
    stats.topIds.set(best.ids, r * k);
    stats.topLogits.set(best.logits, r * k);
    for (let j = r * perRow; j < (r + 1) * perRow; j++) {
      const id = targets[j] as number;
      if (id < 0) continue;
      const logit = logitOf(shares, id);
      stats.targetLogits[j] = logit;
      stats.targetRanks[j] = shares.reduce((n, { z, first }) => n + ahead(z, first, logit, id), 0);
    }
  }
  return stats;
}

function comparePlain(
  output: Logits,
  outputStats: Partition,
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
    const final = sharesOf(output, r);
    const shares = sharesOf(row, r);
    const maxF = outputStats.max[r] as number;
    const maxL = rowStats.max[r] as number;
    const sumF = outputStats.sum[r] as number;
    let gap = 0; // Σ e^(z_f − max_f) ((z_f − max_f) − (z_l − max_l))
    final.forEach(({ z: zf }, s) => {
      const zl = (shares[s] as { z: Float32Array }).z;
      for (let i = 0; i < zf.length; i++) {
        const d = (zf[i] as number) - maxF;
        if (d < NEGLIGIBLE) continue;
        gap += Math.exp(d) * (d - ((zl[i] as number) - maxL));
      }
    });
    out.kl[r] = Math.max(0, gap / sumF - Math.log(sumF) + Math.log(rowStats.sum[r] as number));
    const id = targets[r] as number;
    const logit = logitOf(shares, id);
    out.targetLogits[r] = logit;
    out.targetRanks[r] = shares.reduce((n, { z, first }) => n + ahead(z, first, logit, id), 0);
  }
  return out;
}
