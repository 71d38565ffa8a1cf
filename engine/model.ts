/**
 * The model, opened: what the page and the command line use, and what others can build on. The entries `node.ts`
 * and `web.ts` give it a platform: where models come from, and how the runtime is loaded.
 */
import { InputError } from '../shared/errors.ts';
import type { ByteSource } from '../shared/formats/byte-source.ts';
import type { Translators } from '../shared/lens/translators.ts';
import type { Intervention } from '../shared/interventions.ts';
import type { ModelSpec } from '../shared/spec/model-spec.ts';
import { withConstants } from '../shared/spec/constants.ts';
import { readSpec } from '../shared/spec/read-spec.ts';
import type { TokenizerPort } from '../shared/tokenizer/encoding.ts';
import { Tokenizer } from '../shared/tokenizer/tokenizer.ts';
import type {
  AverageOptions,
  CacheOptions,
  ChatTemplate,
  DeviceChoice,
  DeviceInfo,
  FitOptions,
  HookTensor,
  LensOptions,
  LensReadout,
  LoadOptions,
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
import { readChatTemplate } from './chat-template.ts';
import { BlockChecks } from './checks.ts';
import { MemoryHook } from './device-tensor.ts';
import type { ForwardInput, PastState } from './forward.ts';
import { LensStream } from './lens-stream.ts';
import { StageClock } from './stage-clock.ts';
import { disposeMachine, makeMachine, type Machine } from './machine.ts';
import { MEMORY_LIMITS, type MemoryLimits } from './memory.ts';
import { openFiles } from './open-weights.ts';
import { toReadout } from './readout.ts';
import { keeping, planHooks, runBlocks, withProgress, type HookPlan, type RunRow } from './run.ts';
import type { LoadedOrt, Tensor } from './runtime.ts';
import { WeightStore } from './weights.ts';

/** How to look for a model. */
export interface ResolveOptions {
  readonly signal: AbortSignal | undefined;
  readonly token: string | undefined;
}

/** What an entry supplies. */
export interface Platform {
  /** @throws {NotFoundError} `model "…": …` with the strings that do open here. */
  resolve(source: string, options: ResolveOptions): ModelFiles | Promise<ModelFiles>;
  /** Its own memory limits, where they differ. */
  readonly memory?: Partial<MemoryLimits>;
  /** Loads the runtime for a device. @throws {DeviceError} when the one asked for is missing. */
  openRuntime(choice: DeviceChoice): Promise<LoadedOrt>;
}

/** Everything that `load` has read. */
export interface OpenedModel {
  readonly files: ModelFiles;
  readonly tokenizer: TokenizerPort;
  readonly spec: ModelSpec;
  readonly chatTemplate: ChatTemplate | undefined;
  readonly weights: WeightStore;
  readonly machine: Machine;
  readonly reopen: () => Promise<Machine>;
}

export interface PastOptions extends CacheOptions {
  /** Keys and values to stand on. */
  readonly past?: PastState;
}

interface CollectOptions {
  readonly hooks: readonly string[];
  readonly keepPast: boolean;
  readonly past: PastState | undefined;
  readonly interventions: readonly Intervention[];
  readonly signal: AbortSignal | undefined;
}

const DEFAULT_K = 10;
const MAX_K = 100;

/** Reads config, tokenizer and the weights' header; weights themselves come with the first run. */
export async function openModel(
  platform: Platform,
  source: string | ModelFiles,
  {
    device = 'auto',
    signal,
    token,
    onProgress,
    memory = {},
    constants = 'f32',
    quantized = 'expand',
    compute = 'f32',
  }: LoadOptions,
): Promise<OpenedModel> {
  const files = typeof source === 'string' ? await platform.resolve(source, { signal, token }) : source;
  const opened = await openFiles(files, signal);
  const spec = withConstants(
    await readSpec(opened.configPlace, opened.config, opened.tensors.tensors),
    constants,
  );
  const tokenizer = Tokenizer.fromJson(opened.tokenizerJson, opened.tokenizerConfig, opened.tokenizerPlace);
  const limits = { ...MEMORY_LIMITS, ...platform.memory, ...memory };
  const weights = new WeightStore(opened.tensors, spec, onProgress, limits, quantized === 'keep');
  const reopen = async (): Promise<Machine> =>
    makeMachine(await platform.openRuntime(device), spec, weights, limits, compute);
  const machine = await reopen();
  const chatTemplate = readChatTemplate(opened.tokenizerConfig);
  return { files, tokenizer, spec, chatTemplate, weights, machine, reopen };
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

  /**
   * Runs one prompt and tells of it while it goes: weights that arrive, each block, each row's readings, what
   * needs the output, the self-checks.
   *
   * @param ids token ids; the first run fetches the weights in layer order and starts before they are all here.
   * @throws {InputError} for an empty prompt, ids outside the vocabulary, or more tokens than the context.
   * @throws {CancelledError} once `signal` is aborted; the model stays usable.
   */
  async *stream(ids: readonly number[], options: StreamOptions = {}): AsyncGenerator<StreamEvent, void> {
    const {
      lens = {},
      hooks = [],
      checks = true,
      interventions = [],
      past,
      keepPast = false,
      signal,
    } = options;
    const started = performance.now();
    const elapsed = (): number => performance.now() - started;
    const clock = new StageClock();
    let firstReadings = NaN;
    let lastReadings = NaN;
    const input = { ...rectangle([ids]), interventions, ...(past && { past }) };
    const k = lens === false ? 0 : checkK(lens.k ?? DEFAULT_K, this.spec.dVocab);
    const mid = lens !== false && lens.mid === true;
    if (mid && !this.spec.blockHooks.includes('hook_resid_mid')) {
      throw new InputError(
        `lens: mid: the blocks of ${this.spec.family} are parallel: attention and MLP read the same state, so there is none between them. Leave mid out`,
      );
    }
    const translators = lens === false ? undefined : this.#fitting(lens.translators);
    if (mid && translators) {
      throw new InputError(
        `lens: mid: a ${translators.kind} lens translates the states between blocks, not those inside: leave mid out`,
      );
    }
    const plan = planHooks(this.spec, hooks);
    const machine = await this.#ready();
    const state = yield* withProgress(this.#weights, machine.forward.begin(input, signal));
    clock.to('blocks');
    const reader =
      lens === false
        ? undefined
        : new LensStream(machine, this.spec, input.ids, { k, mid, lens: translators, signal });
    const blockChecks = new BlockChecks();
    let kept: PastState | undefined;
    try {
      let last: Float32Array | undefined;
      const blocks = runBlocks(machine, this.spec, this.#weights, state, {
        plan,
        checks,
        mid,
        signal,
        keepPast,
      });
      for await (const row of keeping(blocks, (present) => (kept = present))) {
        if (!isRow(row)) {
          yield row;
          continue;
        }
        if (row.checks) blockChecks.add(row.checks);
        clock.to('reader');
        yield { type: 'block', layer: row.layer, hooks: row.hooks };
        if (reader) {
          if (row.mid) {
            clock.to('lens');
            const readings = yield* withProgress(this.#weights, reader.row(row.layer, row.mid.tensor, true));
            clock.to('reader');
            yield { type: 'readings', readings };
          }
          clock.to('lens');
          const readings = yield* withProgress(this.#weights, reader.row(row.layer, row.resid.tensor));
          lastReadings = elapsed();
          if (Number.isNaN(firstReadings)) firstReadings = lastReadings;
          clock.to('reader');
          yield { type: 'readings', readings };
        } else if (row.layer === this.spec.nLayers - 1 && needsOutput(plan)) {
          last = (await machine.readout.normalize(row.resid.tensor, signal)).data;
        }
        clock.to('blocks');
      }
      const output = reader?.lastNormalized?.data ?? last;
      if (output && needsOutput(plan)) {
        const outer = await this.#outputHooks(machine, plan, [1, input.pos], output, signal);
        yield { type: 'block', layer: this.spec.nLayers, hooks: outer };
      }
      if (reader) {
        clock.to('compare');
        const late = await reader.late();
        clock.to('reader');
        yield { type: 'late', late };
      }
      clock.to('checks');
      if (checks) {
        const held = machine.precision ?? machine.plain;
        const output = reader?.last ? [await held.check(state, reader.last, signal)] : [];
        clock.to('reader');
        yield { type: 'checks', checks: [...output, ...blockChecks.results()] };
      }
      const timings = { firstReadings, lastReadings, done: elapsed() };
      const given = kept;
      kept = undefined;
      yield { type: 'done', timings, stages: clock.read(), ...(given && { past: given }) };
    } finally {
      reader?.release();
      kept?.dispose();
    }
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
    const { cache } = await this.#collect(ids, options);
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
    const { cache, present } = await this.#collect(ids, {
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

  async #collect(
    ids: readonly number[] | readonly (readonly number[])[],
    { hooks, keepPast, past, interventions, signal }: CollectOptions,
  ): Promise<{ cache: Map<string, HookTensor>; present: PastState | undefined }> {
    const input = { ...rectangle(isBatch(ids) ? ids : [ids]), interventions };
    const plan = planHooks(this.spec, hooks);
    const machine = await this.#ready();
    const state = await machine.forward.begin(past ? { ...input, past } : input, signal);
    const cache = new Map<string, HookTensor>();
    const run = runBlocks(machine, this.spec, this.#weights, state, {
      plan,
      checks: false,
      signal,
      keepPast,
    });
    for (;;) {
      const { done, value: row } = await run.next();
      if (done) return { cache, present: row };
      if (!isRow(row)) continue;
      for (const [name, tensor] of row.hooks) cache.set(name, tensor);
      if (row.layer === this.spec.nLayers - 1 && needsOutput(plan)) {
        const { data } = await machine.readout.normalize(row.resid.tensor, signal);
        const outer = await this.#outputHooks(machine, plan, [input.batch, input.pos], data, signal);
        for (const [name, tensor] of outer) cache.set(name, tensor);
      }
    }
  }

  /** `ln_final.hook_normalized` and `logits`, where the plan wants them. */
  async #outputHooks(
    machine: Machine,
    plan: HookPlan,
    axes: readonly [number, number],
    normalized: Float32Array,
    signal: AbortSignal | undefined,
  ): Promise<Map<string, HookTensor>> {
    const outer = new Map<string, HookTensor>();
    const add = (name: string, width: number, data: Float32Array): void => {
      if (plan.outer.has(name)) outer.set(name, new MemoryHook(name, [...axes, width], data));
    };
    add('ln_final.hook_normalized', this.spec.dModel, normalized);
    if (plan.outer.has('logits')) {
      const rows = axes[0] * axes[1];
      add('logits', this.spec.dVocab, await machine.readout.logits({ rows, data: normalized }, signal));
    }
    return outer;
  }

  /**
   * Reads any residual states through the final norm and the unembedding.
   *
   * @param states f32[rows, d_model], before the final norm.
   * @throws {InputError} `lens: states: expected [*, 192], got 100 numbers`
   * @see nostalgebraist 2020, "interpreting GPT: the logit lens"
   */
  async lens(
    states: Float32Array,
    { k = DEFAULT_K, targets, translators, layers, signal }: LensOptions = {},
  ): Promise<LensReadout> {
    const { dModel, dVocab } = this.spec;
    const rows = states.length / dModel;
    if (rows < 1 || !Number.isInteger(rows)) {
      throw new InputError(`lens: states: expected [*, ${dModel}], got ${states.length} numbers`);
    }
    const perRow = (targets?.length ?? 0) / rows;
    if (!Number.isInteger(perRow)) {
      throw new InputError(`lens: targets: expected [${rows}, *], got ${targets?.length} ids`);
    }
    const bad = targets?.find((id) => id < -1 || id >= dVocab);
    if (bad !== undefined)
      throw new InputError(`lens: target ${bad} is outside the vocabulary [0, ${dVocab})`);
    const machine = await this.#ready();
    const lens = this.#fitting(translators);
    const { translateStates } = lens ? await import('./translate-states.ts') : {};
    const read = lens && translateStates ? await translateStates(machine, states, layers, lens) : states;
    const resid = machine.runtime.floats(read, [1, rows, dModel]);
    const normalized = await machine.readout.normalize(resid, signal);
    const request = { k: checkK(k, dVocab), targets: targets ?? new Int32Array(0), perRow };
    return toReadout(await machine.readout.read(normalized, request, signal), rows, k, perRow);
  }

  /**
   * All logits of residual states, for what a few candidates do not tell: drawing a token, whole distributions.
   *
   * @param states f32[rows, d_model], before the final norm.
   * @returns f32[rows, vocab]
   * @throws {InputError} `logits: states: expected [*, 192], got 100 numbers`
   */
  async logits(states: Float32Array, signal?: AbortSignal): Promise<Float32Array> {
    const { dModel } = this.spec;
    const rows = states.length / dModel;
    if (rows < 1 || !Number.isInteger(rows)) {
      throw new InputError(`logits: states: expected [*, ${dModel}], got ${states.length} numbers`);
    }
    const { runtime, readout } = await this.#ready();
    const normalized = await readout.normalize(runtime.floats(states, [1, rows, dModel]), signal);
    return readout.logits(normalized, signal);
  }

  /** The lens, once it fits this model. */
  #fitting(lens: Translators | undefined): Translators | undefined {
    const { dModel, nLayers } = this.spec;
    if (lens && (lens.dModel !== dModel || lens.layers.length !== nLayers)) {
      throw new InputError(
        `lens: translators: expected ${nLayers} of [${dModel}, ${dModel}], got ${lens.layers.length} of [${lens.dModel}, ${lens.dModel}]: they are of another model`,
      );
    }
    return lens;
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
    const place = { machine: await this.#ready(), spec: this.spec, weights: this.#weights };
    const lens = await fitLens(place, ids, { positions, signal, onProgress });
    return { ...lens, weightHash: await this.weightHash(signal) };
  }

  /** The lens over many prompts: what it says on average, row by row. @throws {CancelledError} as all else. */
  async averages(prompts: readonly PromptLike[], options: AverageOptions = {}): Promise<ReadingAverages> {
    const { averageReadings } = await import('./average-readings.ts');
    const { translators, positions = 'all', signal, onProgress } = options;
    const place = { machine: await this.#ready(), spec: this.spec, weights: this.#weights };
    return averageReadings(place, this.#encoded(prompts, this.spec.nCtx), {
      lens: this.#fitting(translators),
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

  /** What readings that run by themselves stand on. */
  async #place(): Promise<Workplace> {
    return { machine: await this.#ready(), spec: this.spec, weights: this.#weights };
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
    const place = { machine: await this.#ready(), spec: this.spec, weights: this.#weights };
    return readHeads(this, place, options);
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

function isRow(event: RunRow | StreamEvent): event is RunRow {
  return 'resid' in event;
}

function isBatch(
  ids: readonly number[] | readonly (readonly number[])[],
): ids is readonly (readonly number[])[] {
  return Array.isArray(ids[0]);
}

function needsOutput({ outer }: HookPlan): boolean {
  return outer.has('ln_final.hook_normalized') || outer.has('logits');
}

function checkK(k: number, dVocab: number): number {
  if (!Number.isInteger(k) || k < 1 || k > Math.min(MAX_K, dVocab)) {
    throw new InputError(`lens: k: expected a whole number from 1 to ${Math.min(MAX_K, dVocab)}, got ${k}`);
  }
  return k;
}

/** A batch as one rectangle, padded on the right with id 0 under a padding mask. */
function rectangle(batch: readonly (readonly number[])[]): ForwardInput {
  const pos = Math.max(...batch.map((row) => row.length));
  const ids = new Int32Array(batch.length * pos);
  const real = new Uint8Array(batch.length * pos);
  batch.forEach((row, b) => {
    if (row.length === 0) throw new InputError('run: the prompt is empty: type something, or switch bos on');
    row.forEach((id, t) => {
      if (!Number.isInteger(id)) throw new InputError(`run: ids: expected whole numbers, got ${String(id)}`);
      ids[b * pos + t] = id;
      real[b * pos + t] = 1;
    });
  });
  return { batch: batch.length, pos, ids, real };
}
