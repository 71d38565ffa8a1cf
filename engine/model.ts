/**
 * The model, opened: what the page and the command line use, and what others can build on. The entries `node.ts`
 * and `web.ts` give it a platform: where models come from, and how the runtime is loaded.
 */
import type { ByteSource } from '../shared/formats/byte-source.ts';
import type { Translators } from '../shared/lens/translators.ts';
import type { ModelSpec } from '../shared/spec/model-spec.ts';
import type { TokenizerPort } from '../shared/tokenizer/encoding.ts';
import type {
  AverageOptions,
  CacheOptions,
  ChatTemplate,
  DeviceInfo,
  FitOptions,
  HookTensor,
  LensOptions,
  LensReadout,
  ModelFiles,
  PromptLike,
  ReadingAverages,
  StoredType,
  StreamEvent,
  StreamOptions,
  WeightsProgress,
  WeightTensor,
} from './api.ts';
import type { MeanActivations, MeanOptions, MeanReadings } from './ablation-api.ts';
import type { AttentionOptions, LayerAttention } from './attention-api.ts';
import type { Attribution, AttributionOptions, AttributionReadings } from './attribution-api.ts';
import type { ComparedRow, CompareOptions } from './compare.ts';
import type { Directions, DirectionsOptions, ExperimentEvent, ExperimentOptions } from './directions-api.ts';
import type { HeadsOptions, HeadsReading, HeadWeights } from './heads-api.ts';
import type {
  DeletionOptions,
  DeletionReading,
  NeuronAgreement,
  NeuronAgreementOptions,
  NeuronPage,
  NeuronPageOptions,
  NeuronReadings,
  NeuronTriggerOptions,
  NeuronTriggers,
  NeuronWrites,
  NeuronWritesOptions,
} from './neurons-api.ts';
import type { Workplace } from './average-readings.ts';
import { collect } from './collect.ts';
import type { PastState } from './forward.ts';
import { disposeMachine, type Machine } from './machine.ts';
import type { OpenedModel } from './open-model.ts';
import { fitting, lensOf, logitsOf } from './read-states.ts';
import { rectangle } from './rectangle.ts';
import type { Tensor } from './runtime.ts';
import { streamRun } from './stream.ts';
import type { WeightStore } from './weights.ts';

export interface PastOptions extends CacheOptions {
  /** Keys and values to stand on. */
  readonly past?: PastState;
}

/**
 * A model on a device.
 *
 * @example
 * const model = await LensModel.load('fable-4m');
 * const { ids } = model.tokenizer.encode('The Eiffel Tower is in the city of');
 * for await (const event of model.stream(ids)) if (event.type === 'readings') console.log(event.readings);
 */
export class Model implements AttributionReadings, NeuronReadings, MeanReadings {
  /** The string that names the model everywhere. */
  readonly id: string;
  /** The commit that the files are of, where they come from a hub. */
  readonly revision: string | undefined;
  readonly tokenizer: TokenizerPort;
  readonly spec: ModelSpec;
  /** Of models that were made for chats. */
  readonly chatTemplate: ChatTemplate | undefined;
  readonly #files: ModelFiles;
  readonly #weights: WeightStore;
  readonly #reopen: () => Promise<Machine>;
  #machine: Machine;
  #hash: Promise<string> | undefined;

  constructor(opened: OpenedModel) {
    this.id = opened.files.id;
    this.revision = opened.files.revision;
    this.#files = opened.files;
    this.tokenizer = opened.tokenizer;
    this.spec = opened.spec;
    this.chatTemplate = opened.chatTemplate;
    this.#weights = opened.weights;
    this.#reopen = opened.reopen;
    this.#machine = opened.machine;
  }

  get device(): DeviceInfo {
    return this.#machine.runtime.device;
  }

  /** Bytes of the weights that runs read. */
  get weightBytes(): number {
    return this.#weights.totalBytes;
  }

  /** As the file has them: `F16`, `Q4_K`; more than one where they differ, most bytes first. */
  get storedTypes(): readonly StoredType[] {
    return this.#weights.storedTypes;
  }

  /** What a reader should know of where the files come from: that they can't be kept on this device, say. */
  get note(): string | undefined {
    return this.#files.note;
  }

  get progress(): WeightsProgress {
    return this.#weights.progress;
  }

  /** The device's sessions; set up anew when the device was lost. */
  async #ready(): Promise<Machine> {
    if (this.#machine.runtime.lost) this.#machine = await this.#reopen();
    return this.#machine;
  }

  /** What readings stand on. */
  async #place(): Promise<Workplace> {
    return { machine: await this.#ready(), spec: this.spec, weights: this.#weights };
  }

  /**
   * Runs one prompt and tells of it while it goes: weights that arrive, each block, each row's readings, what
   * needs the output, the self-checks.
   *
   * @param ids token ids; the first run fetches the weights in layer order and starts before they are all here.
   * @throws {InputError} for an empty prompt, ids outside the vocabulary, or more tokens than the context.
   * @throws {CancelledError} once `signal` is aborted; the model stays usable.
   */
  async *stream(ids: readonly number[], options: StreamOptions = {}): AsyncGenerator<StreamEvent, void> {
    yield* streamRun(await this.#place(), ids, options);
  }

  /**
   * Runs prompts and keeps hooks, as TransformerLens's `run_with_cache`.
   *
   * @param ids one prompt, or a batch. Shorter ones are padded on the right: what stands at padded positions means
   * nothing.
   * @returns hook name → tensor with the batch axis in front, in the order of computation.
   */
  async runWithCache(
    ids: readonly number[] | readonly (readonly number[])[],
    { hooks = ['*'], interventions = [], signal }: CacheOptions = {},
  ): Promise<Map<string, HookTensor>> {
    const options = { hooks, keepPast: false, past: undefined, interventions, signal };
    const { cache } = await collect(await this.#place(), ids, options);
    return cache;
  }

  /**
   * As {@link runWithCache}, on top of the keys and values of an earlier call, and with those of this one: a prompt
   * goes on without running again. The earlier past stays the caller's.
   *
   * @throws {InputError} when the past is of another batch, or the tokens together are more than the context.
   */
  async runWithPast(
    ids: readonly number[] | readonly (readonly number[])[],
    { hooks = ['logits'], past, interventions = [], signal }: PastOptions = {},
  ): Promise<{ readonly cache: Map<string, HookTensor>; readonly past: PastState }> {
    const { cache, present } = await collect(await this.#place(), ids, {
      hooks,
      keepPast: true,
      past,
      interventions,
      signal,
    });
    return { cache, past: present as PastState };
  }

  /**
   * The first `length` tokens of a past, as a past of its own: what was taken back is not run again.
   *
   * @throws {InputError} for more tokens than it holds.
   */
  async cutPast(past: PastState, length: number): Promise<PastState> {
    const { cutPast } = await import('./past.ts');
    return cutPast((await this.#ready()).runtime, past, length);
  }

  /**
   * Reads any residual states through the final norm and the unembedding.
   *
   * @param states f32[rows, d_model], before the final norm.
   * @throws {InputError} `lens: states: expected [*, 192], got 100 numbers`
   * @see nostalgebraist 2020, "interpreting GPT: the logit lens"
   */
  async lens(states: Float32Array, options: LensOptions = {}): Promise<LensReadout> {
    return lensOf(await this.#place(), states, options);
  }

  /**
   * All logits of residual states, for what a few candidates do not tell: drawing a token, whole distributions.
   *
   * @param states f32[rows, d_model], before the final norm.
   * @returns f32[rows, vocab]
   * @throws {InputError} `logits: states: expected [*, 192], got 100 numbers`
   */
  async logits(states: Float32Array, signal?: AbortSignal): Promise<Float32Array> {
    return logitsOf(await this.#place(), states, signal);
  }

  /**
   * Fits a lens to this model: of every block's input an affine translation to the last layer's state, by ridge
   * regression in closed form. Position 0 of each prompt is left out; every fifth prompt is held out, to choose λ and
   * to report on.
   *
   * @throws {InputError} when the prompts have fewer positions than the model's width.
   * @throws {CancelledError} once `signal` is aborted.
   * @see Din et al. 2023, "Jump to Conclusions: Short-Cutting Transformers With Linear Transformations"
   */
  async fitLens(prompts: readonly PromptLike[], options: FitOptions = {}): Promise<Translators> {
    const { fitLens, fitPositions, FIT_TOKENS } = await import('./fit-lens.ts');
    const { positions = fitPositions(this.spec.dModel), signal, onProgress } = options;
    const ids = this.#encoded(prompts, FIT_TOKENS).filter(({ length }) => length > 1);
    const lens = await fitLens(await this.#place(), ids, { positions, signal, onProgress });
    return { ...lens, weightHash: await this.weightHash(signal) };
  }

  /** The lens over many prompts: what it says on average, row by row. @throws {CancelledError} as all else. */
  async averages(prompts: readonly PromptLike[], options: AverageOptions = {}): Promise<ReadingAverages> {
    const { averageReadings } = await import('./average-readings.ts');
    const { translators, positions = 'all', signal, onProgress } = options;
    return averageReadings(await this.#place(), this.#encoded(prompts, this.spec.nCtx), {
      lens: fitting(this.spec, translators),
      positions,
      signal,
      onProgress,
    });
  }

  /** Prompts as ids, the first `most` of each. */
  #encoded(prompts: readonly PromptLike[], most: number): Int32Array[] {
    return prompts.map((prompt) => {
      const ids = typeof prompt === 'string' ? this.tokenizer.encode(prompt).ids : prompt;
      return Int32Array.from(ids.slice(0, Math.min(most, this.spec.nCtx)));
    });
  }

  /** Reads a lens from a file (`shared/lens/FORMAT.md`) and holds it against this model. {@link saveLens} writes one. */
  async openLens(source: ByteSource, signal?: AbortSignal): Promise<Translators> {
    const { readLens } = await import('./lens-file.ts');
    return readLens(source, this.spec, await this.weightHash(signal), signal);
  }

  /**
   * Principal components of the states that a prediction passes, x₋₁ … xₙ₋₁: their shares of the variance, the
   * states' path along them, what each reads out as; and the lengths of the stream and angles between layers.
   *
   * @throws {InputError} for a position outside the prompt; {@link NumericsError} for states without variance.
   */
  async directions(ids: readonly number[], options: DirectionsOptions = {}): Promise<Directions> {
    const { readDirections } = await import('./directions.ts');
    return readDirections(this, ids, options);
  }

  /**
   * Over a set of prompts, at each one's last position: the first component's share of the variance, and whether it
   * reads out as the model's prediction. An event a prompt, then the summary with 95% intervals.
   *
   * @throws {InputError} before anything runs, for a prompt that is empty or longer than the context.
   */
  async *directionsExperiment(
    prompts: readonly (readonly number[])[],
    options: ExperimentOptions = {},
  ): AsyncGenerator<ExperimentEvent, void> {
    const { experiment } = await import('./directions.ts');
    yield* experiment(this, prompts, options);
  }

  /**
   * Two runs side by side, row by row from the embedding up: of every pair of cells KL(p_A ‖ p_B), KL(p_B ‖ p_A) and the
   * Jensen–Shannon divergence in nats; each side's candidates and entropy; how each one's top token, and the tokens asked
   * for, fare in the other (log-probability and rank). The two runs are of two prompts, or with `other` of two models.
   *
   * Distributions are over the whole vocabulary. Where a model has more logits than tokens (padding), they are over the
   * ids that both have.
   *
   * @param a ids of this model's run. @param b ids of the other's.
   * @throws {InputError} where ids do not mean the same tokens in both models; and as {@link runWithCache}.
   * @throws {CancelledError} once `signal` is aborted.
   */
  async *compare(
    a: readonly number[],
    b: readonly number[],
    options: CompareOptions = {},
  ): AsyncGenerator<ComparedRow, void> {
    const { compareRuns } = await import('./compare.ts');
    yield* compareRuns(this, a, b, options);
  }

  /**
   * What every head looks at, a layer at a time: patterns, the lengths that make them value-weighted, and scores on
   * this prompt.
   *
   * @throws {InputError} for layers that are not there, ascending and once each; and as {@link stream}.
   * @see Kobayashi et al. 2020, "Attention is Not Only a Weight: Analyzing Transformers with Vector Norms"
   */
  async *attention(
    ids: readonly number[],
    options: AttentionOptions = {},
  ): AsyncGenerator<LayerAttention, void> {
    const { readAttention } = await import('./attention.ts');
    yield* readAttention(this, ids, options);
  }

  /**
   * Direct logit attribution: what every component adds to a token's logit, or to the difference of two, with the final
   * norm's scale frozen; of every head also which source token it brought that from.
   *
   * @throws {InputError} for a position outside the prompt, or a token outside the vocabulary.
   * @see Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits"
   */
  async attribution(ids: readonly number[], options: AttributionOptions = {}): Promise<Attribution> {
    const { readAttribution } = await import('./attribution.ts');
    return readAttribution(await this.#place(), ids, options);
  }

  /**
   * The neurons that write most at one position: coefficient, length, the tokens promoted and suppressed there, and how
   * far each moves a token's logit.
   *
   * @throws {InputError} for a layer, position or token that isn't there.
   * @see Geva et al. 2022, "Transformer Feed-Forward Layers Build Predictions by Promoting Concepts in the Vocabulary
   * Space"
   */
  async neurons(ids: readonly number[], options: NeuronWritesOptions = {}): Promise<NeuronWrites> {
    const { readNeurons } = await import('./neurons.ts');
    return readNeurons(await this.#place(), ids, options);
  }

  /** What the weights alone say of one neuron. @throws {InputError} for one that isn't there. */
  async neuron(layer: number, neuron: number, options: NeuronPageOptions = {}): Promise<NeuronPage> {
    const { readNeuronPage } = await import('./neuron-page.ts');
    return readNeuronPage(await this.#place(), layer, neuron, options);
  }

  /**
   * The places in many prompts where every neuron's coefficient is highest, in one pass that keeps only these.
   *
   * @throws {InputError} when no prompt has a token after its first, which is left out.
   * @see Geva et al. 2021, "Transformer Feed-Forward Layers Are Key-Value Memories"
   */
  async neuronTriggers(
    prompts: readonly PromptLike[],
    options: NeuronTriggerOptions = {},
  ): Promise<NeuronTriggers> {
    const { readTriggers } = await import('./neuron-triggers.ts');
    return readTriggers(await this.#place(), this.#encoded(prompts, this.spec.nCtx), options);
  }

  /** How often the token that follows a trigger is the one that the neuron's value promotes most, by layer. */
  async neuronAgreement(
    triggers: NeuronTriggers,
    options: NeuronAgreementOptions = {},
  ): Promise<NeuronAgreement> {
    const { readAgreement } = await import('./neuron-triggers.ts');
    return readAgreement(await this.#place(), triggers, options);
  }

  /** cos(key, value) of every neuron, by layer, and those that delete most of what they read. */
  async deletion(prompts: readonly PromptLike[], options: DeletionOptions = {}): Promise<DeletionReading> {
    const { readDeletion } = await import('./deletion.ts');
    return readDeletion(await this.#place(), this.#encoded(prompts, this.spec.nCtx), options);
  }

  /** Means of what ablation replaces, for {@link ablationInterventions}: run once for the same prompts, then kept. */
  async meanActivations(prompts: readonly PromptLike[], options: MeanOptions = {}): Promise<MeanActivations> {
    const { meanActivations } = await import('./mean-activations.ts');
    return meanActivations(await this.#place(), this.#encoded(prompts, this.spec.nCtx), options);
  }

  /**
   * Scores of every head: what it attends to on random tokens repeated twice (previous, present, first, duplicate,
   * induction), whether its weights copy or delete, how it composes with later heads; the induction pair; and the loss
   * on the second copy against the first.
   *
   * @throws {InputError} for options out of range; {@link MemoryError} when composition would not fit.
   * @throws {CancelledError} once `signal` is aborted.
   * @see Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits"; Olsson et al. 2022, "In-context
   * Learning and Induction Heads"
   */
  async heads(options: HeadsOptions = {}): Promise<HeadsReading> {
    const { readHeads } = await import('./heads.ts');
    return readHeads(this, await this.#place(), options);
  }

  /**
   * A layer's W_Q, W_K, W_V and W_O by head, in TransformerLens's layouts, with biases and as stored: no norm folded in.
   *
   * @throws {InputError} for a layer that isn't there.
   */
  async headWeights(layer: number, signal?: AbortSignal): Promise<HeadWeights> {
    const { headWeights } = await import('./head-weights.ts');
    return headWeights(this, layer, signal);
  }

  /** A weight by its name in the file, in f32, in the file's own layout. @throws {NotFoundError} for another name. */
  async weight(name: string, signal?: AbortSignal): Promise<WeightTensor> {
    return this.#weights.tensor(name, signal);
  }

  /** SHA-256 of the weights that runs read, in hex, whatever files they came in. Fetches what isn't here yet. */
  async weightHash(signal?: AbortSignal): Promise<string> {
    this.#hash ??= this.#weights.hash(signal).catch((error: unknown) => {
      this.#hash = undefined;
      throw error;
    });
    return this.#hash;
  }

  /** One forward as a single graph, logits only: the peer that bench/ times runs against. f32[pos, vocab]. */
  async plainForward(ids: readonly number[], signal?: AbortSignal): Promise<Float32Array> {
    const machine = await this.#ready();
    const state = await machine.forward.begin(rectangle([ids]), signal);
    const tensor: Tensor = await machine.plain.logits(state, signal);
    const logits = await machine.runtime.read(tensor);
    if (tensor.location === 'gpu-buffer') tensor.dispose();
    return logits;
  }

  /** Frees the device and the weights. */
  async dispose(): Promise<void> {
    this.#weights.dispose();
    await disposeMachine(this.#machine);
  }
}
