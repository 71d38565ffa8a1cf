/**
 * The page's half of the conversation with the engine worker. A worker that stops (a crash, memory) ends every
 * open call with an error that says so; the next call starts a new one. A worker that does not answer a
 * cancellation in time is ended, so that Cancel always works.
 */
import type { Compute, DeviceChoice, ReadingAverages, WeightsProgress } from '../../engine/api.ts';
import type { FileEntry } from '../../engine/blob-source.ts';
import { CancelledError, fromErrorMessage, ResidscopeError, throwIfCancelled } from '../../shared/errors.ts';
import type { LayerAttention } from '../../engine/attention-api.ts';
import type { TargetReadings, Trajectory } from '../../shared/lens/readings.ts';
import type { Studies, StudyAsk, StudyName } from './study-protocol.ts';
import type {
  AttentionAsk,
  CallName,
  Calls,
  FromWorker,
  ModelIdentity,
  ModelInfo,
  DirectionsAnswer,
  DirectionsAsk,
  ExperimentAnswer,
  ExperimentAsk,
  RunEvent,
  BackAsk,
  GrownText,
  SearchAsk,
  StepAnswer,
  StepAsk,
  StepName,
  Steps,
  TargetAsk,
  Tokenized,
  TokenMatches,
  TokenTexts,
  ToWorker,
  AveragesAsk,
  LensKind,
  LensSummary,
} from './protocol.ts';

/** Milliseconds that a cancelled call may take to end before its worker is ended. */
const CANCEL_GRACE = 4000;
/** Bytes of weights from which a worker is not used for another model. */
const HELD_BYTES = 50e6;

export interface LoadRequest {
  readonly device?: DeviceChoice;
  /** Default f32. */
  readonly compute?: Compute | undefined;
  readonly files?: readonly FileEntry[] | undefined;
  readonly token?: string | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: WeightsProgress) => void;
}

export interface RunRequest {
  /** Default 10. */
  readonly k?: number;
  /** Rows after attention too. Default false. */
  readonly mid?: boolean;
  /** One that is open for this model. Default raw. */
  readonly lens?: LensKind;
  readonly signal?: AbortSignal;
}

/** What the controllers know of the engine; a test may put another in its place. */
export interface Engine {
  /** Whether the model that was loaded last is still there. */
  readonly alive: boolean;
  load(source: string, request?: LoadRequest): Promise<ModelInfo>;
  tokenize(text: string, bos: 'auto' | boolean): Promise<Tokenized>;
  texts(ids: readonly number[]): Promise<Calls['texts'][1]>;
  run(ids: readonly number[], request?: RunRequest): AsyncIterable<RunEvent>;
  trajectories(pos: number, tokenIds: readonly number[]): Promise<readonly Trajectory[]>;
  target(ask: TargetAsk, signal?: AbortSignal): Promise<TargetReadings>;
  /** The last run on by a token, or back by some. */
  step(ask: StepAsk, signal?: AbortSignal): Promise<StepAnswer>;
  back(ask: BackAsk): Promise<GrownText>;
  search(ask: SearchAsk): Promise<TokenMatches>;
  spellings(id: number): Promise<TokenTexts>;
  directions(ask: DirectionsAsk, signal?: AbortSignal): Promise<DirectionsAnswer>;
  /** Other calls are answered between its prompts; another model ends it. */
  experiment(
    ask: ExperimentAsk,
    onStep: (step: Steps['experiment']) => void,
    signal?: AbortSignal,
  ): Promise<ExperimentAnswer>;
  attention(ask: AttentionAsk, signal?: AbortSignal): Promise<LayerAttention>;
  /** Small maps of all heads, a layer at a time, in order. */
  attentionOverview(
    ids: readonly number[],
    onStep: (step: Steps['attentionOverview']) => void,
    signal?: AbortSignal,
  ): Promise<void>;
  /** Revision and hash of the loaded model's weights. */
  identity(signal?: AbortSignal): Promise<ModelIdentity>;
  /** Fits a lens on the reference prompts, or takes the one that the device keeps. */
  fitLens(onStep: (step: Steps['fitLens']) => void, signal?: AbortSignal): Promise<LensSummary>;
  openLens(name: string, file: Blob, signal?: AbortSignal): Promise<LensSummary>;
  restoreLens(kind: LensSummary['kind']): Promise<LensSummary | undefined>;
  saveLens(kind: LensSummary['kind']): Promise<Blob>;
  averages(
    ask: AveragesAsk,
    onStep: (step: Steps['averages']) => void,
    signal?: AbortSignal,
  ): Promise<ReadingAverages>;
  /** What the views of heads, ablation, attribution and neurons ask. */
  study<N extends StudyName>(
    name: N,
    ask: Studies[N]['ask'],
    signal?: AbortSignal,
    onStep?: (step: Studies[N]['step']) => void,
  ): Promise<Studies[N]['answer']>;
  /** Any call that has no method of its own here. @param transfer buffers in it that are moved, not copied. */
  ask<N extends CallName>(
    type: N,
    ask: Calls[N][0],
    signal?: AbortSignal,
    transfer?: ArrayBuffer[],
  ): Promise<Calls[N][1]>;
  /** Ends what goes on, at once, and gives all memory back; the next load starts anew. */
  dispose(): void;
}

/** The part of a `Worker` that is used. */
export interface WorkerPort {
  postMessage(message: ToWorker, transfer: ArrayBuffer[]): void;
  terminate(): void;
  onmessage: ((event: MessageEvent<FromWorker>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  onmessageerror: ((event: MessageEvent) => void) | null;
}

type Ending = { readonly error: Error } | { readonly value: Calls[CallName][1] | undefined };

interface Open {
  onEvent(event: RunEvent): void;
  onStep?(step: Steps[StepName]): void;
  onEnd(ending: Ending): void;
}

export class EngineClient implements Engine {
  readonly #start: () => WorkerPort;
  #worker: WorkerPort | undefined;
  #loaded = false;
  /** Bytes of the model that the worker has loaded last. */
  #heldBytes = 0;
  #nextId = 1;
  readonly #open = new Map<number, Open>();
  #onProgress: ((progress: WeightsProgress) => void) | undefined;

  constructor(start: () => WorkerPort) {
    this.#start = start;
  }

  get alive(): boolean {
    return this.#worker !== undefined && this.#loaded;
  }

  async load(
    source: string,
    { device = 'auto', compute, files, token, signal, onProgress }: LoadRequest = {},
  ): Promise<ModelInfo> {
    // The memory of wasm never shrinks: a thread that held a large model, or part of one, makes way for a new one.
    if (this.#heldBytes > HELD_BYTES) this.#stop(new CancelledError());
    this.#loaded = false;
    this.#onProgress = onProgress;
    const info = await this.#call('load', { source, device, compute, files, token }, signal);
    this.#heldBytes = info.weightBytes;
    this.#loaded = true;
    return info;
  }

  tokenize(text: string, bos: 'auto' | boolean): Promise<Tokenized> {
    return this.#call('tokenize', { text, bos });
  }

  texts(ids: readonly number[]): Promise<Calls['texts'][1]> {
    return this.#call('texts', { ids });
  }

  trajectories(pos: number, tokenIds: readonly number[]): Promise<readonly Trajectory[]> {
    return this.#call('trajectories', { pos, tokenIds });
  }

  target(ask: TargetAsk, signal?: AbortSignal): Promise<TargetReadings> {
    return this.#call('target', ask, signal);
  }

  step(ask: StepAsk, signal?: AbortSignal): Promise<StepAnswer> {
    return this.#call('step', ask, signal);
  }

  back(ask: BackAsk): Promise<GrownText> {
    return this.#call('back', ask);
  }

  search(ask: SearchAsk): Promise<TokenMatches> {
    return this.#call('search', ask);
  }

  spellings(id: number): Promise<TokenTexts> {
    return this.#call('spellings', { id });
  }

  directions(ask: DirectionsAsk, signal?: AbortSignal): Promise<DirectionsAnswer> {
    return this.#call('directions', ask, signal);
  }

  experiment(
    ask: ExperimentAsk,
    onStep: (step: Steps['experiment']) => void,
    signal?: AbortSignal,
  ): Promise<ExperimentAnswer> {
    return this.#call('experiment', ask, signal, onStep);
  }

  attention(ask: AttentionAsk, signal?: AbortSignal): Promise<LayerAttention> {
    return this.#call('attention', ask, signal);
  }

  async attentionOverview(
    ids: readonly number[],
    onStep: (step: Steps['attentionOverview']) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#call('attentionOverview', { ids }, signal, onStep);
  }

  identity(signal?: AbortSignal): Promise<ModelIdentity> {
    return this.#call('identity', {}, signal);
  }

  fitLens(onStep: (step: Steps['fitLens']) => void, signal?: AbortSignal): Promise<LensSummary> {
    return this.#call('fitLens', undefined, signal, onStep);
  }

  openLens(name: string, file: Blob, signal?: AbortSignal): Promise<LensSummary> {
    return this.#call('openLens', { name, file }, signal);
  }

  restoreLens(kind: LensSummary['kind']): Promise<LensSummary | undefined> {
    return this.#call('restoreLens', { kind });
  }

  saveLens(kind: LensSummary['kind']): Promise<Blob> {
    return this.#call('saveLens', { kind });
  }

  averages(
    ask: AveragesAsk,
    onStep: (step: Steps['averages']) => void,
    signal?: AbortSignal,
  ): Promise<ReadingAverages> {
    return this.#call('averages', ask, signal, onStep);
  }

  study<N extends StudyName>(
    name: N,
    ask: Studies[N]['ask'],
    signal?: AbortSignal,
    onStep?: (step: Studies[N]['step']) => void,
  ): Promise<Studies[N]['answer']> {
    // The worker answers a study with what is its own.
    const study = { name, ask } as StudyAsk;
    return this.#call<'study'>('study', study, signal, onStep);
  }

  async *run(
    ids: readonly number[],
    { k = 10, mid = false, lens = 'raw', signal }: RunRequest = {},
  ): AsyncGenerator<RunEvent> {
    throwIfCancelled(signal);
    const arrived: RunEvent[] = [];
    let ending: Ending | undefined;
    let wake = (): void => undefined;
    const id = this.#begin(
      {
        onEvent: (event) => {
          arrived.push(event);
          wake();
        },
        onEnd: (how) => {
          ending = how;
          wake();
        },
      },
      signal,
    );
    this.#post({ type: 'run', id, ids, k, mid, lens });
    try {
      for (;;) {
        const event = arrived.shift();
        if (event) yield event;
        else if (ending !== undefined) break;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      // The reader left early: the worker need not go on.
      if (ending === undefined) this.#cancel(id);
    }
    if ('error' in ending) throw ending.error;
  }

  ask<N extends CallName>(
    type: N,
    ask: Calls[N][0],
    signal?: AbortSignal,
    transfer?: ArrayBuffer[],
  ): Promise<Calls[N][1]> {
    return this.#call(type, ask, signal, undefined, transfer);
  }

  dispose(): void {
    this.#stop(new CancelledError('the engine was closed'));
  }

  #call<N extends CallName>(
    type: N,
    ask: Calls[N][0],
    signal?: AbortSignal,
    onStep?: N extends StepName ? (step: Steps[N]) => void : never,
    transfer?: ArrayBuffer[],
  ): Promise<Calls[N][1]> {
    return new Promise((resolve, reject) => {
      throwIfCancelled(signal);
      const id = this.#begin(
        {
          onEvent: () => undefined,
          // The worker tells a call the steps of its own kind.
          ...(onStep && { onStep: onStep }),
          onEnd: (ending) => {
            if ('error' in ending) reject(ending.error);
            else resolve(ending.value);
          },
        },
        signal,
      );
      this.#post({ type, id, ask } as Extract<ToWorker, { type: N }>, transfer);
    });
  }

  #begin(call: Open, signal: AbortSignal | undefined): number {
    const id = this.#nextId++;
    const abort = (): void => this.#cancel(id);
    signal?.addEventListener('abort', abort, { once: true });
    this.#open.set(id, {
      onEvent: (event) => call.onEvent(event),
      onStep: (step) => call.onStep?.(step),
      onEnd: (ending) => {
        signal?.removeEventListener('abort', abort);
        call.onEnd(ending);
      },
    });
    return id;
  }

  #cancel(id: number): void {
    if (!this.#open.has(id)) return;
    this.#post({ type: 'cancel', id });
    setTimeout(() => {
      if (this.#open.has(id)) this.#stop(new CancelledError());
    }, CANCEL_GRACE);
  }

  #post(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    this.#worker ??= this.#connect();
    this.#worker.postMessage(message, transfer);
  }

  #connect(): WorkerPort {
    const worker = this.#start();
    worker.onmessage = ({ data }) => this.#receive(data);
    worker.onerror = (event) => {
      event.preventDefault();
      const why = event.message ? ` (${event.message})` : '';
      this.#stop(
        new ResidscopeError(
          'internal',
          `The engine’s worker stopped${why}. Run again: a new one is started and the model is loaded again.`,
        ),
      );
    };
    worker.onmessageerror = () => {
      this.#stop(
        new ResidscopeError('internal', 'The engine answered something that cannot be read. Run again.'),
      );
    };
    return worker;
  }

  #receive(message: FromWorker): void {
    if (message.type === 'weights') {
      this.#onProgress?.(message.progress);
      return;
    }
    const call = this.#open.get(message.id);
    if (!call) return;
    if (message.type === 'event') {
      call.onEvent(message.event);
      return;
    }
    if (message.type === 'step') {
      call.onStep?.(message.step);
      return;
    }
    this.#open.delete(message.id);
    if (message.type === 'failed') call.onEnd({ error: fromErrorMessage(message.error) });
    else call.onEnd({ value: message.type === 'answer' ? message.value : undefined });
  }

  /** Ends the worker and every open call. */
  #stop(error: Error): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#loaded = false;
    this.#heldBytes = 0;
    const calls = [...this.#open.values()];
    this.#open.clear();
    for (const call of calls) call.onEnd({ error });
  }
}
