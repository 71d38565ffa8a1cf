/**
 * From logits to readings: the port that plain code and the WGSL kernel both implement. Logits come in shares of
 * the vocabulary, so that no buffer passes the device's binding limit.
 */
import type { Tensor } from './runtime.ts';

/** Logits of some rows over tokens [first, first + count), f32[rows, count]. */
export interface LogitShare {
  readonly first: number;
  readonly count: number;
  readonly tensor: Tensor;
  /** f32[rows, count]: e^(logit − the row's largest in this share), where {@link Reducer.wantsExps}. */
  readonly exps?: Tensor;
}

/** Some rows' logits over the whole vocabulary, in shares, in order. */
export interface Logits {
  readonly rows: number;
  readonly shares: readonly LogitShare[];
}

export interface ReduceRequest {
  readonly k: number;
  /** i32[rows, perRow]; −1 for none. */
  readonly targets: Int32Array;
  readonly perRow: number;
}

/** Everything the lens reads off rows of logits. p = softmax(z) over the whole vocabulary. */
export interface RowStats {
  readonly rows: number;
  /** f64[rows]: max z, and Σ e^(z − max). */
  readonly max: Float64Array;
  readonly sum: Float64Array;
  /** f32[rows], nats. */
  readonly entropy: Float32Array;
  /** i32[rows, k] and f32[rows, k]: logits, best first; equal logits by smaller id. */
  readonly topIds: Int32Array;
  readonly topLogits: Float32Array;
  /** f32[rows, perRow] and i32[rows, perRow]; NaN and −1 where there is no target. */
  readonly targetLogits: Float32Array;
  readonly targetRanks: Int32Array;
}

/** A row beside the model's output at the same position. */
export interface Comparison {
  /** f32[rows]: KL(p ‖ p_l), nats, ≥ 0. */
  readonly kl: Float32Array;
  /** f32[rows] and i32[rows]: the target's logit and rank under p_l. */
  readonly targetLogits: Float32Array;
  readonly targetRanks: Int32Array;
}

/** Stats that a comparison needs of each side. */
export type Partition = Pick<RowStats, 'max' | 'sum'>;

export interface Reducer {
  /** Whether logits should come with their exponentials. */
  readonly wantsExps: boolean;
  reduce(logits: Logits, request: ReduceRequest): Promise<RowStats>;
  /** @param targets i32[rows]: the output's top token at each position. */
  compare(
    output: Logits,
    outputStats: Partition,
    row: Logits,
    rowStats: Partition,
    targets: Int32Array,
  ): Promise<Comparison>;
}

/** H(p) from Σ e^(z − max) and Σ (z − max) e^(z − max), nats. */
export function entropyOf(sum: number, weighted: number): number {
  return Math.max(0, Math.log(sum) - weighted / sum);
}

/**
 * KL(p ‖ p_l), nats.
 *
 * @param gap Σ e^(z − max) ((z − max) − (z_l − max_l)), z the output's logits.
 * @param outputSum Σ e^(z − max), and `rowSum` the same of the row.
 */
export function klOf(gap: number, outputSum: number, rowSum: number): number {
  return Math.max(0, gap / outputSum - Math.log(outputSum) + Math.log(rowSum));
}
