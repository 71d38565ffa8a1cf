/** The worker's half of the conversation: one model at a time, one long call after the other. */
import type {
  CacheOptions,
  ChatTemplate,
  DeviceInfo,
  HookTensor,
  LensOptions,
  LensReadout,
  LoadOptions,
  StoredType,
  StreamEvent,
  StreamOptions,
} from '../../engine/api.ts';
import type { AttentionOptions, LayerAttention } from '../../engine/attention-api.ts';
import type { PastState } from '../../engine/forward.ts';
import type { BlockHook } from '../../shared/hooks.ts';
import { CancelledError, InputError, toErrorMessage } from '../../shared/errors.ts';
import type { LayerReadings, Trajectory } from '../../shared/lens/readings.ts';
import type { TokenizerPort } from '../../shared/tokenizer/encoding.ts';
import type {
  CallName,
  Calls,
  ExperimentAsk,
  FromWorker,
  LoadAsk,
  ModelInfo,
  RunEvent,
  SpecSummary,
  Steps,
  TargetAsk,
  ToWorker,
  TokenTexts,
} from './protocol.ts';
import type { AttentionDesk } from './attention-desk.ts';
import type { CompareDesk } from './compare-desk.ts';
import type { DirectionsDesk } from './directions-desk.ts';
import type { Lenses, LensesModel } from './lenses.ts';
import { RunStates } from './run-states.ts';
import type { Held } from './steps.ts';
import type { StudyModel } from './studies.ts';
import { Parcel } from './transfer.ts';
import type { Vocabulary } from './vocabulary.ts';

type RunMessage = Extract<ToWorker, { type: 'run' }>;

/** What the host asks of the library's `LensModel`. */
export interface HostedModel extends LensesModel, StudyModel {
  readonly id: string;
  readonly tokenizer: TokenizerPort;
  readonly spec: SpecSummary & { readonly blockHooks: readonly BlockHook[] };
  readonly device: DeviceInfo;
  readonly weightBytes: number;
  readonly storedTypes: readonly StoredType[];
  readonly revision?: string | undefined;
  /** What the reader should know of where the files come from. May change. */
  readonly note?: string | undefined;
  readonly chatTemplate?: ChatTemplate | undefined;
  stream(ids: readonly number[], options?: StreamOptions): AsyncIterable<StreamEvent>;
  lens(states: Float32Array, options?: LensOptions): Promise<LensReadout>;
  runWithCache(ids: readonly number[], options?: CacheOptions): Promise<Map<string, HookTensor>>;
  attention(ids: readonly number[], options?: AttentionOptions): AsyncIterable<LayerAttention>;
  weightHash(signal?: AbortSignal): Promise<string>;
  logits(states: Float32Array, signal?: AbortSignal): Promise<Float32Array>;
  cutPast(past: PastState, length: number): Promise<PastState>;
  dispose(): Promise<void> | void;
}

export interface HostPorts {
  load(ask: LoadAsk, options: LoadOptions): Promise<HostedModel>;
  post(message: FromWorker, transfer: ArrayBuffer[]): void;
}

export class EngineHost {
  readonly #ports: HostPorts;
  #model: HostedModel | undefined;
  /** Of the last run. */
  #states = new RunStates();
  /** The same with its keys and values, once it is whole: what steps stand on. */
  #held: Held | undefined;
  #vocabulary: Promise<Vocabulary> | undefined;
  #directions: Promise<DirectionsDesk> | undefined;
  #lenses: Promise<Lenses> | undefined;
  #attention: Promise<AttentionDesk> | undefined;
  #compare: Promise<CompareDesk> | undefined;
  readonly #running = new Map<number, AbortController>();
  #queue: Promise<void> = Promise.resolve();

  constructor(ports: HostPorts) {
    this.#ports = ports;
  }

  receive(message: ToWorker): void {
    switch (message.type) {
      case 'cancel':
        this.#running.get(message.id)?.abort();
        return;
      case 'run':
        this.#enqueue(message.id, (signal) => this.#run(message, signal));
        return;
      case 'load':
        this.#enqueue(message.id, async (signal) => {
          this.#answer(message.id, 'load', await this.#load(message.ask, signal));
        });
        return;
      case 'trajectories':
        this.#enqueue(message.id, async () => {
          await this.#trajectories(message.id, message.ask.pos, message.ask.tokenIds);
        });
        return;
      case 'target':
        this.#enqueue(message.id, (signal) => this.#target(message.id, message.ask, signal));
        return;
      case 'step':
        this.#enqueue(message.id, async (signal) => {
          const { step } = await import('./steps.ts');
          const { held, answer } = await step(this.#loaded(), this.#finished(), message.ask, signal);
          this.#hold(held);
          const parcel = new Parcel();
          this.#answer(message.id, 'step', parcel.step(answer), parcel.buffers);
        });
        return;
      case 'back':
        this.#enqueue(message.id, async () => {
          const { back } = await import('./steps.ts');
          const { held, answer } = await back(this.#loaded(), this.#finished(), message.ask);
          this.#hold(held);
          this.#answer(message.id, 'back', answer);
        });
        return;
      case 'directions':
        this.#enqueue(message.id, async (signal) => {
          const desk = await this.#desk();
          this.#answer(message.id, 'directions', await desk.read(message.ask, signal));
        });
        return;
      case 'fitLens':
      case 'openLens':
      case 'restoreLens':
      case 'saveLens':
      case 'averages':
        this.#enqueue(message.id, async (signal) => {
          const onProgress = (step: Steps['fitLens' | 'averages']): void =>
            this.#post({ type: 'step', id: message.id, step });
          const value = await (await this.#lens()).answer(message, { signal, onProgress });
          this.#answer(message.id, message.type, value);
        });
        return;
      case 'experiment':
        void this.#experiment(message.id, message.ask);
        return;
      case 'attention':
        this.#enqueue(message.id, async (signal) => {
          const reading = await (await this.#attentionDesk()).layer(message.ask, signal);
          const parcel = new Parcel();
          this.#answer(message.id, 'attention', parcel.attention(reading), parcel.buffers);
        });
        return;
      case 'attentionOverview':
        this.#enqueue(message.id, async (signal) => {
          const desk = await this.#attentionDesk();
          const tell = (step: Steps['attentionOverview']): void =>
            this.#post({ type: 'step', id: message.id, step });
          await desk.overview(message.ask.ids, tell, signal);
          this.#answer(message.id, 'attentionOverview', {});
        });
        return;
      case 'compareCells':
      case 'cellLogits':
      case 'vocabulary':
      case 'matchVocabulary':
        this.#enqueue(message.id, async (signal) => {
          const { value, transfer } = await (await this.#compareDesk()).answer(message, signal);
          this.#answer(message.id, message.type, value, transfer);
        });
        return;
      case 'identity':
        this.#enqueue(message.id, async (signal) => {
          const model = this.#loaded();
          const weightHash = await model.weightHash(signal);
          this.#answer(message.id, 'identity', { revision: model.revision, weightHash });
        });
        return;
      case 'study':
        this.#enqueue(message.id, async (signal) => {
          const model = this.#loaded();
          const { answerStudy } = await import('./studies.ts');
          const tell = (step: Steps['study']): void => this.#post({ type: 'step', id: message.id, step });
          this.#answer(message.id, 'study', await answerStudy(model, message.ask, { signal, tell }));
        });
        return;
      case 'search':
        void this.#search(message.id, async (vocabulary) => {
          this.#answer(message.id, 'search', (await vocabulary).search(message.ask));
        });
        return;
      case 'spellings':
        void this.#search(message.id, async (vocabulary) => {
          this.#answer(message.id, 'spellings', (await vocabulary).spellings(message.ask.id));
        });
        return;
      // Tokenizing is short and needs no turn: chips appear while a run goes on.
      case 'tokenize':
        this.#now(message.id, () => this.#answer(message.id, 'tokenize', this.#tokenize(message.ask)));
        return;
      case 'texts':
        this.#now(message.id, () => this.#answer(message.id, 'texts', this.#texts(message.ask.ids)));
    }
  }

  #now(id: number, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#fail(id, error);
    }
  }

  /** The vocabulary's texts are made on the first search, by code that comes with it. */
  async #search(id: number, act: (vocabulary: Promise<Vocabulary>) => Promise<void>): Promise<void> {
    try {
      const { tokenizer } = this.#loaded();
      this.#vocabulary ??= import('./vocabulary.ts').then(({ Vocabulary }) => new Vocabulary(tokenizer));
      await act(this.#vocabulary);
    } catch (error) {
      this.#fail(id, error);
    }
  }

  /** Its code comes with the first question. */
  #desk(): Promise<DirectionsDesk> {
    const model = this.#loaded();
    this.#directions ??= import('./directions-desk.ts').then(
      ({ DirectionsDesk }) => new DirectionsDesk(model),
    );
    return this.#directions;
  }

  #attentionDesk(): Promise<AttentionDesk> {
    const model = this.#loaded();
    this.#attention ??= import('./attention-desk.ts').then(({ AttentionDesk }) => new AttentionDesk(model));
    return this.#attention;
  }

  #compareDesk(): Promise<CompareDesk> {
    const model = this.#loaded();
    this.#compare ??= import('./compare-desk.ts').then(
      ({ CompareDesk }) => new CompareDesk(model, () => this.#held),
    );
    return this.#compare;
  }

  /** Prompts take turns with what else is asked, so that the page goes on being used meanwhile. */
  async #experiment(id: number, ask: ExperimentAsk): Promise<void> {
    const controller = new AbortController();
    this.#running.set(id, controller);
    try {
      const desk = await this.#desk();
      const turn = <T>(act: () => Promise<T>): Promise<T> => {
        const result = this.#queue.then(act);
        this.#queue = result.then(
          () => undefined,
          () => undefined,
        );
        return result;
      };
      const tell = (step: Steps['experiment']): void => this.#post({ type: 'step', id, step });
      this.#answer(id, 'experiment', await desk.experiment(ask, { turn, tell, signal: controller.signal }));
    } catch (error) {
      this.#fail(id, error);
    } finally {
      this.#running.delete(id);
    }
  }

  /** Other lenses than the raw one, whose code comes with the first. */
  #lens(): Promise<Lenses> {
    const model = this.#loaded();
    this.#lenses ??= import('./lenses.ts').then(({ Lenses }) => new Lenses(model));
    return this.#lenses;
  }

  /** One long call at a time: the runtime must not be asked twice at once. */
  #enqueue(id: number, act: (signal: AbortSignal) => Promise<void>): void {
    const controller = new AbortController();
    this.#running.set(id, controller);
    this.#queue = this.#queue.then(async () => {
      try {
        if (controller.signal.aborted) throw new CancelledError();
        await act(controller.signal);
      } catch (error) {
        this.#fail(id, controller.signal.aborted ? new CancelledError() : error);
      } finally {
        this.#running.delete(id);
      }
    });
  }

  async #load(ask: LoadAsk, signal: AbortSignal): Promise<ModelInfo> {
    const old = this.#model;
    this.#model = undefined;
    this.#hold(undefined);
    this.#states = new RunStates();
    this.#vocabulary = undefined;
    void this.#directions?.then((desk) => desk.close());
    this.#directions = undefined;
    this.#lenses = undefined;
    this.#attention = undefined;
    this.#compare = undefined;
    await old?.dispose();
    const model = await this.#ports.load(ask, {
      device: ask.device,
      signal,
      ...(ask.compute && { compute: ask.compute }),
      ...(ask.token !== undefined && { token: ask.token }),
      onProgress: (progress) => this.#post({ type: 'weights', progress }),
    });
    this.#model = model;
    const { family, nLayers, dModel, nHeads, dHead, dMlp, dVocab, nCtx, parallel } = model.spec;
    return {
      id: model.id,
      spec: { family, nLayers, dModel, nHeads, dHead, dMlp, dVocab, nCtx, parallel },
      device: { ...model.device },
      weightBytes: model.weightBytes,
      storedTypes: model.storedTypes,
      bosId: model.tokenizer.bosId,
      addsBos: model.tokenizer.addsBos,
      chat: model.chatTemplate,
    };
  }

  #hold(held: Held | undefined): void {
    this.#held?.past.dispose();
    this.#held = held;
    if (held) this.#states = held.states;
  }

  #finished(): Held {
    if (!this.#held)
      throw new InputError('engine: step: no finished run to go on from: run the prompt again');
    return this.#held;
  }

  #loaded(): HostedModel {
    if (!this.#model) throw new InputError('engine: no model is loaded yet: load one first');
    return this.#model;
  }

  #tokenize({ text, bos }: Calls['tokenize'][0]): Calls['tokenize'][1] {
    const { tokenizer } = this.#loaded();
    const { ids, tokens, offsets } = tokenizer.encode(text, { bos });
    return { ids, tokens, offsets, pieces: tokenizer.pieces(ids) };
  }

  #texts(ids: readonly number[]): Calls['texts'][1] {
    const { tokenizer } = this.#loaded();
    return { pieces: tokenizer.pieces(ids), texts: ids.map((id) => [id, tokenizer.text(id)] as const) };
  }

  async #run({ id, ids, k, mid, lens }: RunMessage, signal: AbortSignal): Promise<void> {
    const model = this.#loaded();
    const translators = lens === 'raw' ? undefined : (await this.#lens()).get(lens);
    const states = new RunStates(mid, translators);
    this.#hold(undefined);
    this.#states = states;
    const told = new Set<number>();
    const { hooks } = states;
    for await (const event of model.stream(ids, {
      lens: { k, mid, translators },
      hooks,
      checks: true,
      keepPast: true,
      signal,
    })) {
      switch (event.type) {
        case 'block':
          await states.add(event.layer, event.hooks);
          break;
        case 'readings': {
          const texts = newTexts(event.readings, model.tokenizer, told);
          if (texts.length > 0) this.#event(id, { type: 'texts', texts });
          const parcel = new Parcel();
          this.#event(id, { type: 'readings', readings: parcel.readings(event.readings) }, parcel.buffers);
          break;
        }
        case 'late': {
          const parcel = new Parcel();
          this.#event(id, { type: 'late', late: parcel.late(event.late) }, parcel.buffers);
          break;
        }
        case 'done':
          if (event.past) this.#hold({ ids, k, states, past: event.past });
          this.#event(id, { type: 'done', timings: event.timings, stages: event.stages, note: model.note });
          break;
        default:
          this.#event(id, event);
      }
    }
    this.#post({ type: 'end', id });
  }

  async #trajectories(id: number, pos: number, tokenIds: readonly number[]): Promise<void> {
    const model = this.#loaded();
    const rows = model.spec.nLayers + 1;
    // states [rows, d_model], targets [rows, targets]
    const states = this.#states.column(pos, rows, model.spec.dModel);
    if (tokenIds.length === 0) {
      this.#answer(id, 'trajectories', []);
      return;
    }
    const n = tokenIds.length;
    const targets = Int32Array.from({ length: rows * n }, (_, i) => tokenIds[i % n] ?? -1);
    const { targetLogprobs, targetRanks } = await model.lens(states, {
      k: 1,
      targets,
      translators: this.#states.lens,
      layers: Int32Array.from({ length: rows }, (_, row) => row - 1),
    });
    const parcel = new Parcel();
    const paths = tokenIds.map((tokenId, t): Trajectory =>
      parcel.trajectory({
        tokenId,
        pos,
        logprobs: Float32Array.from({ length: rows }, (_, r) => targetLogprobs[r * n + t] ?? Number.NaN),
        ranks: Int32Array.from({ length: rows }, (_, r) => targetRanks[r * n + t] ?? -1),
      }),
    );
    this.#answer(id, 'trajectories', paths, parcel.buffers);
  }

  async #target(id: number, { row, ids }: TargetAsk, signal: AbortSignal): Promise<void> {
    const model = this.#loaded();
    const states = this.#states.row(row);
    const positions = states.length / model.spec.dModel;
    if (ids.length !== positions) {
      throw new InputError(`engine: target: expected ${positions} ids, one a position, got ${ids.length}`);
    }
    const targets = Int32Array.from(ids);
    const { targetLogprobs, targetRanks } = await model.lens(states, {
      k: 1,
      targets,
      translators: this.#states.lens,
      layers: new Int32Array(positions).fill(row - 1), // a translated run has no rows after attention
      signal,
    });
    const parcel = new Parcel();
    const read = parcel.target({ ids: targets, logprobs: targetLogprobs, ranks: targetRanks });
    this.#answer(id, 'target', read, parcel.buffers);
  }

  #answer<N extends CallName>(id: number, _call: N, value: Calls[N][1], transfer: ArrayBuffer[] = []): void {
    this.#post({ type: 'answer', id, value }, transfer);
  }

  #event(id: number, event: RunEvent, transfer: ArrayBuffer[] = []): void {
    this.#post({ type: 'event', id, event }, transfer);
  }

  #fail(id: number, error: unknown): void {
    this.#post({ type: 'failed', id, error: toErrorMessage(error) });
  }

  #post(message: FromWorker, transfer: ArrayBuffer[] = []): void {
    this.#ports.post(message, transfer);
  }
}

/** Display texts of ids that this run has not told yet. */
function newTexts(readings: LayerReadings, tokenizer: TokenizerPort, told: Set<number>): TokenTexts {
  const texts: [number, string][] = [];
  for (const ids of [readings.topIds, readings.input.ids, readings.next.ids]) {
    for (const id of ids) {
      if (id < 0 || told.has(id)) continue;
      told.add(id);
      texts.push([id, tokenizer.text(id)]);
    }
  }
  return texts;
}
