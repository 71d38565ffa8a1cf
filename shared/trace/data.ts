/** A trace as a reader wants it: checked, with typed arrays in place of base64. `decode.ts` makes it. */
import type { LensKind, Trace, TraceCheck, TraceDevice, TraceModel, TraceRow } from './format.ts';

export interface TraceData {
  /** The file itself, with the fields that this version doesn't know. */
  readonly source: Trace;
  readonly model: TraceModel;
  /** i32[pos] */
  readonly ids: Int32Array;
  /** One display text a position; together they are the prompt. */
  readonly pieces: readonly string[];
  readonly bos: boolean;
  /** The text of every id that occurs. */
  readonly texts: ReadonlyMap<number, string>;
  readonly lens: LensData;
  readonly attention: readonly AttentionData[];
  readonly pca: PcaData | undefined;
  readonly interventions: Trace['interventions'];
  readonly engine: Trace['engine'];
  readonly checks: readonly TraceCheck[];
  readonly device: TraceDevice | undefined;
  readonly timings: Trace['timings'] | undefined;
}

export interface LensData {
  readonly kind: LensKind;
  readonly hash: string | undefined;
  readonly rows: readonly TraceRow[];
  readonly k: number;
  /** i32[row, pos, k], best first; −1 where a cell has fewer. */
  readonly topIds: Int32Array;
  /** f32[row, pos, k]; NaN where topIds is −1. */
  readonly topLogprobs: Float32Array;
  /** f32[row, pos], nats. */
  readonly entropy: Float32Array | undefined;
  /** f32[row, pos], nats. */
  readonly kl: Float32Array | undefined;
  readonly targets: readonly TargetData[];
  /**
   * i32[pos]: the layer from which the top token stays the final one; {@link NEVER} when even the last row's
   * isn't. Mid-block rows are left out.
   */
  readonly convergence: Int32Array;
}

/** No layer (−1 is the embedding's). */
export const NEVER = -2;

export interface TargetData {
  readonly name: string;
  /** i32[pos]; −1 for none. */
  readonly ids: Int32Array;
  /** f32[row, pos]; NaN for none. */
  readonly logprobs: Float32Array;
  /** i32[row, pos], 0 = top; −1 for none. */
  readonly ranks: Int32Array;
}

export interface AttentionData {
  readonly layer: number;
  readonly heads: readonly number[];
  readonly scale: number;
  /** u8[head, dest, src]; a weight is this times the scale. */
  readonly patterns: Uint8Array;
}

export interface PcaData {
  readonly positions: readonly number[];
  readonly mid: boolean;
  readonly centred: boolean;
  /** f32[component] */
  readonly ratios: Float32Array;
  /** f32[state, component] */
  readonly path: Float32Array;
  /** i32[component, n], f32[component, n] */
  readonly topIds: Int32Array;
  readonly topLogprobs: Float32Array;
}
