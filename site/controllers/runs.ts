/** Loading, running and cancelling: the engine's calls turned into state, one call at a time. */
import { InputError, throwIfCancelled, toErrorMessage } from '../../shared/errors.ts';
import type { Engine } from '../engine/client.ts';
import type { LensSummary, ModelInfo, Tokenized } from '../engine/protocol.ts';
import { earlierPrompts, keepPrompt } from './keepsakes.ts';
import {
  isCancelled,
  lengthProblem,
  lostFiles,
  problemOf,
  promptProblem,
  type Problem,
} from '../words/problems.ts';
import { encode } from './chat.ts';
import { Pace } from './pace.ts';
import { afterEvent, emptyRun } from './run-view.ts';
import type { Store } from './store.ts';
import { LOCAL, type Request, type ViewState } from './view-state.ts';

/** Candidates a cell. */
export const TOP_K = 10;

/** What makes it another model. */
type Asked = Pick<ViewState, 'model' | 'device' | 'compute' | 'files'>;

interface Loading {
  readonly asked: Asked;
  readonly controller: AbortController;
  readonly info: Promise<ModelInfo>;
}

export class Runs {
  readonly #engine: Engine;
  readonly #store: Store;
  /** For gated models on the hub. In memory only, and in no state that anything else sees. */
  token: string | undefined;
  #loading: Loading | undefined;
  #running: AbortController | undefined;

  constructor(engine: Engine, store: Store) {
    this.#engine = engine;
    this.#store = store;
  }

  /** Runs what the state asks for. Whatever went on before is given up. */
  async run(): Promise<void> {
    this.#running?.abort();
    const controller = new AbortController();
    this.#running = controller;
    const { text, askedIds, model, device, bos, chat, mid, files } = this.#store.state;
    const request: Request = {
      model,
      device,
      bos,
      chat,
      mid,
      prompt: askedIds ? undefined : text,
      ids: askedIds,
    };
    const phase = this.#isLoaded(this.#store.state) && this.#engine.alive ? 'running' : 'loading';
    this.#store.set({
      phase,
      request,
      trace: undefined,
      growth: undefined,
      hovered: undefined,
      cancelled: false,
      problem: undefined,
    });
    try {
      const lost = model.startsWith(LOCAL) && !files ? lostFiles(model.slice(LOCAL.length)) : undefined;
      const problem = lost ?? (askedIds ? undefined : promptProblem(text));
      if (problem) this.#refuse(problem);
      else await this.#run(request, controller.signal);
    } catch (error) {
      if (this.#running !== controller) return;
      if (isCancelled(error)) this.#store.set({ phase: 'done', cancelled: true });
      else this.#refuse(problemOf(error, this.#store.state));
    }
  }

  /** Stops at once. A model that is not all here yet goes, with the memory that it took and its downloads. */
  cancel(): void {
    const { phase, weights } = this.#store.state;
    const arriving = weights !== undefined && weights.loadedBytes < weights.totalBytes;
    this.#loading?.controller.abort();
    this.#running?.abort();
    if (phase === 'loading' || arriving) this.#engine.dispose();
  }

  /** Gives up whatever goes on, for something else that the page shows. */
  leave(): void {
    this.cancel();
    this.#running = undefined;
  }

  #isLoaded({ model, device, compute, files }: Asked): boolean {
    const asked = this.#loading?.asked;
    return (
      asked?.model === model && asked.device === device && asked.compute === compute && asked.files === files
    );
  }

  /** The model that is asked for, loaded if it isn't. */
  model(): Promise<ModelInfo> {
    const { model, device, compute, files, info } = this.#store.state;
    const asked = { model, device, compute, files };
    const { controller: before } = this.#loading ?? {};
    if (this.#loading && this.#isLoaded(asked)) {
      if (info === undefined || this.#engine.alive) return this.#loading.info;
    } else if (before) {
      before.abort();
      // Half of a large model is not waited for.
      if (info === undefined) this.#engine.dispose();
    }
    const controller = new AbortController();
    const loading = { asked, controller, info: this.#load(asked, controller) };
    this.#loading = loading;
    return loading.info;
  }

  async #load({ model, device, compute, files }: Asked, controller: AbortController): Promise<ModelInfo> {
    const { signal } = controller;
    const pace = new Pace();
    this.#store.set({
      phase: 'loading',
      info: undefined,
      weights: undefined,
      note: undefined,
      tokens: undefined,
      run: undefined,
      lens: undefined, // another model has none open
    });
    try {
      const info = await this.#engine.load(model, {
        device,
        compute,
        files,
        token: this.token,
        signal,
        onProgress: (weights) => {
          if (!signal.aborted) this.#store.set({ weights: pace.take(weights, performance.now()) });
        },
      });
      throwIfCancelled(signal);
      this.#store.set({ info });
      return info;
    } catch (error) {
      if (this.#loading?.controller === controller) {
        this.#loading = undefined;
        // Code that did not come stays missing for the life of a thread: the next try gets a new one.
        if (toErrorMessage(error).kind === 'internal') this.#engine.dispose();
      }
      throw error;
    }
  }

  async #run(request: Request, signal: AbortSignal): Promise<void> {
    const info = await this.model();
    throwIfCancelled(signal);
    const tokens = await this.#tokens(request, info);
    throwIfCancelled(signal);
    const tooLong = lengthProblem(tokens.ids.length, info.spec.nCtx, info.id);
    if (tooLong) {
      this.#refuse(tooLong);
      return;
    }
    const texts = new Map<number, string>();
    const lens = await this.#lens();
    throwIfCancelled(signal);
    // Translators are of the states between blocks.
    const mid = request.mid && !info.spec.parallel && !lens;
    let run = emptyRun({ ids: tokens.ids, pieces: tokens.pieces, model: info, mid, lens });
    const { selected, head, pins } = this.#store.state;
    this.#store.set({
      phase: 'running',
      info,
      tokens,
      run,
      paths: new Map(),
      chosen: undefined,
      selected:
        selected &&
        selected.pos < tokens.ids.length &&
        selected.layer < info.spec.nLayers &&
        (mid || !selected.mid)
          ? selected
          : undefined,
      head: head !== undefined && head < info.spec.nHeads ? head : undefined,
      pins: pins.every((id) => id < info.spec.dVocab) ? pins : [],
    });
    for await (const event of this.#engine.run(tokens.ids, {
      k: TOP_K,
      mid,
      lens: lens?.kind ?? 'raw',
      signal,
    })) {
      throwIfCancelled(signal);
      // Bytes are told by the load's own progress, which knows their pace.
      if (event.type === 'weights') continue;
      run = afterEvent(run, event, texts);
      this.#store.set(event.type === 'done' ? { run, note: event.note } : { run });
    }
    this.#store.set({
      phase: 'done',
      ...(request.prompt === undefined ? {} : { history: keepPrompt(request.prompt, earlierPrompts()) }),
    });
  }

  async #tokens({ prompt, ids, bos, chat }: Request, info: ModelInfo): Promise<Tokenized> {
    const { spec } = info;
    if (!ids) {
      const tokens = await encode(this.#engine, info, { text: prompt ?? '', bos, chat });
      if (tokens.ids.length === 0) throw new InputError('This prompt has no tokens. Type a few words.');
      return tokens;
    }
    const wrong = ids.find((id) => id >= spec.dVocab);
    if (wrong !== undefined) {
      throw new InputError(
        `The address asks for token ${wrong}, and this model’s last token is ${spec.dVocab - 1}. Type a prompt instead.`,
      );
    }
    const { pieces } = await this.#engine.texts(ids);
    const ends = pieces.reduce<number[]>((sum, piece) => [...sum, (sum.at(-1) ?? 0) + piece.length], []);
    const offsets = pieces.map((piece, i) => [(ends[i] ?? 0) - piece.length, ends[i] ?? 0] as const);
    return { ids, tokens: pieces, offsets, pieces };
  }

  /** The lens that is asked for: open, or kept on this device; else none, and the page says so. */
  async #lens(): Promise<LensSummary | undefined> {
    const { lens, lensAsked } = this.#store.state;
    if (lens?.kind === lensAsked) return lens;
    // What can't be restored is no reason not to run.
    const found = lensAsked && (await this.#engine.restoreLens(lensAsked).catch(() => undefined));
    this.#store.set({ lens: found });
    return found;
  }

  /** Nothing of another prompt stays on the page beside an error. */
  #refuse(problem: Problem): void {
    this.#store.set({ phase: 'error', problem, run: undefined, hovered: undefined });
  }
}
