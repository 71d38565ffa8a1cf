/**
 * A choice of heads, layers and neurons to take out or scale, and what that comes to as interventions on a run.
 */

/** What can be taken out. */
export type AblationUnit =
  | { readonly kind: 'head'; readonly layer: number; readonly head: number }
  | { readonly kind: 'neuron'; readonly layer: number; readonly neuron: number }
  /** All that a layer's attention, or its MLP, writes: biases too. */
  | { readonly kind: 'attn' | 'mlp'; readonly layer: number };

export interface Ablation {
  readonly units: readonly AblationUnit[];
  /** To zero, to the mean over reference prompts, or times a factor. */
  readonly how: 'zero' | 'mean' | { readonly factor: number };
  /** Positions in this run's tokens. Default all. */
  readonly positions?: readonly number[] | undefined;
}

/**
 * Means over reference prompts, of what can be taken out. Row 0 is over the prompts' first tokens, whose states are like
 * no others, row 1 over all the rest.
 */
export interface MeanActivations {
  /** Prompts and positions behind row 1. */
  readonly prompts: number;
  readonly positions: number;
  /** Of each layer f32[2, head, d_head], `attn.hook_z`. */
  readonly z: readonly Float32Array[];
  /** Of each layer f32[2, d_model], `hook_attn_out` and `hook_mlp_out`. */
  readonly attn: readonly Float32Array[];
  readonly mlp: readonly Float32Array[];
  /** Of each layer f32[2, neuron], `mlp.hook_post`. */
  readonly neurons: readonly Float32Array[];
}

/** A run's shape, as far as an ablation needs it. */
export interface AblatedRun {
  readonly tokens: number;
  /** Tokens of the past that the run stands on: with some, none of its own is a prompt's first. Default 0. */
  readonly past?: number;
}
