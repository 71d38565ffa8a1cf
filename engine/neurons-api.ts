/**
 * The types of the readings of neurons: `model.neurons`, `model.neuron`, `model.neuronTriggers`,
 * `model.neuronAgreement` and `model.deletion`. A neuron is a row of an MLP's output matrix, its value, with the
 * input weights that turn it on, its key; gated MLPs have two keys, of the gate and of what it lets through (up).
 *
 * @see Geva et al. 2021, "Transformer Feed-Forward Layers Are Key-Value Memories"; Geva et al. 2022, "Transformer
 * Feed-Forward Layers Build Predictions by Promoting Concepts in the Vocabulary Space"
 */
import type { Intervention } from '../shared/interventions.ts';
import type { PromptLike } from './api.ts';

/** Tokens and numbers beside them, best first. */
export interface TokenList {
  readonly ids: Int32Array;
  readonly values: Float32Array;
}

export interface NeuronName {
  readonly layer: number;
  readonly neuron: number;
}

/** Prompts done of all, or layers, or whatever `stage` counts. */
export interface NeuronProgress {
  readonly stage: 'prompts' | 'layers';
  readonly done: number;
  readonly total: number;
}

export interface NeuronWritesOptions {
  /** Whose writes; negative counts from the end. Default −1. */
  readonly pos?: number;
  /** One layer; default all, and then the largest writes of all layers together. */
  readonly layer?: number | undefined;
  /** Neurons wanted, 1 to 1000. Default 20. */
  readonly count?: number;
  /** Tokens promoted and suppressed, 1 to 100. Default 10. */
  readonly k?: number;
  /** The token whose logit the writes move. Default the model's own top token at `pos`. */
  readonly target?: number;
  /** As in direct logit attribution. */
  readonly against?: number | 'mean';
  readonly interventions?: readonly Intervention[];
  readonly signal?: AbortSignal | undefined;
}

/** What a neuron does at one position. */
export interface NeuronWrite extends NeuronName {
  /** `mlp.hook_post` there. */
  readonly coefficient: number;
  /** |coefficient| · ‖value‖: the length of what it adds to the stream (behind Gemma's post-norm). */
  readonly length: number;
  /** How far that moves the target's logit (less `against`'s), the final norm's scale frozen. Sums over a layer to `mlp` less `mlpBias` of the attribution. */
  readonly moves: number;
  /** Tokens whose logits its write raises and lowers most, and by how much: already with the coefficient's sign. */
  readonly promoted: TokenList;
  readonly suppressed: TokenList;
}

export interface NeuronWrites {
  readonly tokens: number;
  readonly pos: number;
  readonly layer: number | undefined;
  readonly target: number;
  readonly against: number | 'mean' | undefined;
  /** Largest write first. */
  readonly writes: readonly NeuronWrite[];
  /** Σ of `length` of those listed, and of all neurons asked about: the share that the list covers. */
  readonly listedLength: number;
  readonly totalLength: number;
  readonly notes: readonly string[];
}

export interface NeuronPageOptions {
  /** Tokens a list, 1 to 100. Default 10. */
  readonly k?: number;
  readonly signal?: AbortSignal | undefined;
}

/** What a key is turned on by. */
export interface NeuronKey {
  /** `in` of a plain MLP; of a gated one `gate`, which the activation is of, and `up`, which it multiplies. */
  readonly part: 'in' | 'gate' | 'up';
  /** ‖k‖ as stored. */
  readonly length: number;
  readonly bias: number;
  /**
   * Tokens whose embedding rows lie along it and against it: cosines, with the block norm's gain folded into the key,
   * and the mean taken off where the norm does.
   */
  readonly nearest: TokenList;
  readonly farthest: TokenList;
}

/** What the weights alone say of one neuron. */
export interface NeuronPage extends NeuronName {
  /** One, or gate and up. */
  readonly keys: readonly NeuronKey[];
  /** ‖v‖ as stored. */
  readonly valueLength: number;
  /** The value read as tokens, at a coefficient of 1, the final norm's gain folded in and no scale: U·v. */
  readonly promoted: TokenList;
  readonly suppressed: TokenList;
  /** cos(key, value), as {@link DeletionReading.cosines} has it, without the gate's sign: `in` or `up`, then the gate. */
  readonly cosine: number;
  readonly gateCosine: number | undefined;
  readonly notes: readonly string[];
}

export interface NeuronTriggerOptions {
  /** Layers to keep the neurons of. Default all. */
  readonly layers?: readonly number[] | undefined;
  /** Places kept a neuron, 1 to 100. Default 10. */
  readonly top?: number;
  /** Positions to read: the first prompts that have so many. Default 20,000. */
  readonly positions?: number;
  /** Whether the highest coefficients are kept, or the lowest. Default `highest`. */
  readonly order?: 'highest' | 'lowest';
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: NeuronProgress) => void) | undefined;
}

/** The strongest places of every neuron of a layer. Axes: `neuron`, `top`, best first. */
export interface LayerTriggers {
  readonly layer: number;
  readonly neurons: number;
  readonly top: number;
  /** i32[neuron, top]: the prompt's number, and the activating token's place in its ids; −1 where there are fewer. */
  readonly prompt: Int32Array;
  readonly pos: Int32Array;
  /** f32[neuron, top]; NaN where there are fewer. */
  readonly coefficient: Float32Array;
}

export interface NeuronTriggers {
  /** The ids of every prompt that was run, in the order given: a trigger is its tokens up to `pos`, and the next token stands at `pos` + 1. */
  readonly prompts: readonly Int32Array[];
  /** Positions read: every prompt's first is left out, whose state is like no other. */
  readonly positions: number;
  readonly order: 'highest' | 'lowest';
  readonly layers: readonly LayerTriggers[];
}

export interface NeuronAgreementOptions {
  /** Neurons of each layer, evenly spread: each is a product with the whole vocabulary. Default 256. */
  readonly neurons?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: NeuronProgress) => void) | undefined;
}

/** How often the token that a value promotes most is the one that follows the trigger. Axes: `layer`. */
export interface NeuronAgreement {
  readonly layers: readonly number[];
  /** Neurons of each layer that were read out. */
  readonly neurons: number;
  /** Share of neurons whose best trigger is followed by their value's top token. */
  readonly best: Float64Array;
  /** The same over all kept triggers. */
  readonly all: Float64Array;
  /** What `all` would be if triggers and values had nothing to do with each other. */
  readonly chance: Float64Array;
  /** i32[layer][neuron]: the value's top token (of `lowest`: of −value); −1 where it wasn't read out. */
  readonly topTokens: readonly Int32Array[];
}

export interface DeletionOptions {
  /** Neurons listed, 0 to 1000. Default 50. */
  readonly count?: number;
  /** Bins of the histogram over [−1, 1], 2 to 200. Default 40. */
  readonly bins?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: NeuronProgress) => void) | undefined;
}

export interface DeletingNeuron extends NeuronName {
  readonly cosine: number;
  /** The same in the stream's own directions: gains of the norms folded in, means taken off. */
  readonly folded: number;
  /** Gated: cos(gate, value), and the mean of act(gate) over the prompts. */
  readonly gateCosine: number | undefined;
  readonly gateMean: number | undefined;
}

/** cos(k, v) of every neuron: near −1 it takes away what it reads. */
export interface DeletionReading {
  readonly layers: number;
  readonly neurons: number;
  /** f32[layer, neuron]: key and value as stored. Gated: of the up weights, times the sign of act(gate)'s mean over the prompts. */
  readonly cosines: Float32Array;
  /** f32[layer, neuron]: the same with the norms folded in. */
  readonly folded: Float32Array;
  /** f32[layer, neuron], gated only: cos(gate, value), and the mean of act(gate). */
  readonly gateCosines: Float32Array | undefined;
  readonly gateMeans: Float32Array | undefined;
  /** f64[bins + 1], and of each layer how many neurons fall into each bin of `cosines`. */
  readonly edges: Float64Array;
  readonly histogram: readonly Int32Array[];
  /** The most negative first. */
  readonly strongest: readonly DeletingNeuron[];
  readonly notes: readonly string[];
}

/** What a model says of its neurons. */
export interface NeuronReadings {
  /** The largest writes at one position: a run, and the values of what is listed read out. */
  neurons(ids: readonly number[], options?: NeuronWritesOptions): Promise<NeuronWrites>;
  /** What the weights say of one neuron: keys, value, tokens beside them. */
  neuron(layer: number, neuron: number, options?: NeuronPageOptions): Promise<NeuronPage>;
  /** One streaming pass over prompts, the strongest places kept of every neuron of the layers asked for. */
  neuronTriggers(prompts: readonly PromptLike[], options?: NeuronTriggerOptions): Promise<NeuronTriggers>;
  /** Over triggers that were kept: a product of each layer's values with the whole vocabulary. */
  neuronAgreement(triggers: NeuronTriggers, options?: NeuronAgreementOptions): Promise<NeuronAgreement>;
  /** cos(key, value) of every neuron. @param prompts what the sign of gates is taken over: unused without gates. */
  deletion(prompts: readonly PromptLike[], options?: DeletionOptions): Promise<DeletionReading>;
}
