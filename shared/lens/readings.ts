/**
 * What the logit lens says, as plain typed arrays that can be posted between threads, stored in a trace and
 * drawn. Axes: `row` (a lens row, −1 is the embedding row), `pos`. Logarithms are natural; entropy and KL in nats.
 */

/** How one token fares under one row's distribution, for every position. */
export interface TargetReadings {
  /** i32[pos]; −1 where the position has no such token (the last position has no next token). */
  readonly ids: Int32Array;
  /** f32[pos]; NaN where ids is −1. */
  readonly logprobs: Float32Array;
  /** i32[pos], 0 = top; −1 where ids is −1. Ties count as ahead only when their id is smaller. */
  readonly ranks: Int32Array;
}

/** Phase one: everything that needs this row alone. */
export interface LayerReadings {
  /** −1: the embedding row (`blocks.0.hook_resid_pre`); l: `blocks.l.hook_resid_post`. */
  readonly layer: number;
  /** The row is of `blocks.l.hook_resid_mid`, after attention and before the MLP. */
  readonly mid?: true;
  readonly k: number;
  /** i32[pos, k], best first. */
  readonly topIds: Int32Array;
  /** f32[pos, k], log p over the whole vocabulary. */
  readonly topLogprobs: Float32Array;
  /** f32[pos], H(p_l). */
  readonly entropy: Float32Array;
  /** The token read at each position. */
  readonly input: TargetReadings;
  /** The token that actually comes next. */
  readonly next: TargetReadings;
}

/** Phase two: what needs the model's output. Rows are in the order of the `readings` events. */
export interface LateReadings {
  /** i32[pos]: the model's own top token. */
  readonly finalIds: Int32Array;
  /** Per row: the final token's log-probability and rank, f32[pos] and i32[pos]. */
  readonly final: readonly TargetReadings[];
  /** Per row: f32[pos], KL(p ‖ p_l) ≥ 0. */
  readonly kl: readonly Float32Array[];
  /** i32[pos]: the first layer from which the top-1 stays the final top-1; mid-block rows don't count. */
  readonly convergence: Int32Array;
}

/** One self-check. A failed one is shown with its number; one that did not run says why. */
export interface SelfCheck {
  readonly name: 'output' | 'precision' | 'writes' | 'attention';
  readonly status: 'pass' | 'fail' | 'skipped';
  /** The measured deviation, and the bound it is held against; NaN when skipped. */
  readonly value: number;
  readonly bound: number;
  /** One sentence for the reader. */
  readonly note: string;
}

/** A token's path through the rows at one position. */
export interface Trajectory {
  readonly tokenId: number;
  readonly pos: number;
  /** f32[row] */
  readonly logprobs: Float32Array;
  /** i32[row] */
  readonly ranks: Int32Array;
}
