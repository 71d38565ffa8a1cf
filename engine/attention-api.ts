/** The types of the attention readings: what `model.attention` takes and gives. */
import type { HeadScores } from '../shared/lens/attention.ts';
import type { Intervention } from '../shared/interventions.ts';

export interface AttentionOptions {
  /** Ascending. Default all: a layer of 12 heads over 256 tokens is 3 MB, so keep what is needed of each. */
  readonly layers?: readonly number[] | undefined;
  readonly interventions?: readonly Intervention[];
  readonly signal?: AbortSignal | undefined;
}

/** One layer's attention over one prompt. Axes: h head, t dest (who looks), s source (what is looked at). */
export interface LayerAttention {
  readonly layer: number;
  readonly heads: number;
  readonly tokens: number;
  /** Tokens that a query sees, itself included; undefined: all before it. */
  readonly window: number | undefined;
  /** f32[h, t, s]: rows sum to 1, and nothing looks ahead. */
  readonly pattern: Float32Array;
  /**
   * f32[h, s]: ‖v[s]·W_O^h‖. Times the weight it is the value-weighted pattern (Kobayashi et al. 2020). Before the
   * norm that Gemma has on what attention writes: see `postNorm`.
   */
  readonly lengths: Float32Array;
  /** The layer norms what attention writes before it is added (Gemma). */
  readonly postNorm: boolean;
  /** On this prompt, positions 0 and 1 left out. */
  readonly scores: HeadScores;
}
