/** The types of direct logit attribution: what `model.attribution` takes and gives. */
import type { Intervention } from '../shared/interventions.ts';

export interface AttributionOptions {
  /** Whose prediction; negative counts from the end. Default −1, the last. */
  readonly pos?: number;
  /** The token whose logit is taken apart. Default the model's own top token at `pos`. */
  readonly target?: number;
  /**
   * Take apart the difference of the target's logit to another token's, or to the `mean` over the vocabulary: what all
   * tokens get alike falls out. Default: the logit itself.
   */
  readonly against?: number | 'mean';
  readonly interventions?: readonly Intervention[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * What writes to the stream. `attnBias` and `mlpBias` are the output biases; biases of values come with their heads, as
 * in TransformerLens. `finalBias` is the final norm's own. `change`: what interventions on a layer's `hook_attn_out`,
 * `hook_resid_mid`, `hook_mlp_out` or `hook_resid_post` added beside the layer's own writes.
 */
export type ComponentKind =
  'embed' | 'posEmbed' | 'head' | 'attnBias' | 'mlp' | 'mlpBias' | 'change' | 'finalBias';

export interface Component {
  readonly kind: ComponentKind;
  /** Undefined of what stands outside the blocks. */
  readonly layer: number | undefined;
  /** Of heads. */
  readonly head: number | undefined;
  /** For people: `embedding`, `head 4.2`, `MLP 3`, `attention bias 3`, … */
  readonly name: string;
}

/**
 * A logit, or a difference of two, as a sum of what each component writes, with the final norm's scale as it is in this
 * run. Units: logits.
 */
export interface Attribution {
  readonly tokens: number;
  readonly pos: number;
  readonly target: number;
  readonly against: number | 'mean' | undefined;
  /** The model's own logit, or the difference. */
  readonly logit: number;
  /** The target's own logit, and log-probability: nats. */
  readonly targetLogit: number;
  readonly targetLogprob: number;
  /** In the order in which a run computes them; those that the model lacks are left out. */
  readonly components: readonly Component[];
  /** f64[component]: they sum to `sum`. */
  readonly parts: Float64Array;
  readonly sum: number;
  /** |sum − logit|: 1e-4 or less, unless something is wrong. */
  readonly error: number;
  readonly layers: number;
  readonly heads: number;
  /** f64[layer]: all heads and the output bias; and the neurons and theirs. */
  readonly attn: Float64Array;
  readonly mlp: Float64Array;
  /** f64[layer, head] */
  readonly byHead: Float64Array;
  /** f32[layer, head, source]: what a head brings from each token up to `pos`; sums to `byHead`. 0 behind `pos`. */
  readonly bySource: Float32Array;
  /** What a reader should know of this family's numbers. */
  readonly notes: readonly string[];
}

/** What a model says of where a logit comes from. */
export interface AttributionReadings {
  attribution(ids: readonly number[], options?: AttributionOptions): Promise<Attribution>;
}
