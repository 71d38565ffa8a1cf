/** Loading, running and cancelling: the engine's calls turned into state, one call at a time. */
import type { DeviceChoice } from '../../engine/api.ts';
import { InputError, throwIfCancelled } from '../../shared/errors.ts';
import type { Engine } from '../engine/client.ts';
import type { ModelInfo, Tokenized } from '../engine/protocol.ts';
import { earlierPrompts, keepPrompt } from './keepsakes.ts';
import { isCancelled, lengthProblem, problemOf, promptProblem, type Problem } from './problems.ts';
import { afterEvent, emptyRun } from './run-view.ts';
import type { Store } from './store.ts';
import type { Request } from './view-state.ts';

/** Candidates a cell. */
export const TOP_K = 10;

interface Loading {
  readonly key: string;
  readonly controller: AbortController;
  readonly info: Promise<ModelInfo>;
}

export class Runs {
  readonly #engine: Engine;
  readonly #store: Store;
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
    const { text, askedIds, model, device, bos } = this.#store.state;
    const request: Request = {
      model,
      device,
      bos,
      prompt: askedIds ? undefined : text,
      ids: askedIds,
    };
    const phase = this.#ready(model, device) ? 'running' : 'loading';
    this.#store.set({ phase, request, hovered: undefined, cancelled: false, problem: undefined });
    try {
      const problem = askedIds ? undefined : promptProblem(text);
      if (problem) this.#refuse(problem);
      else await this.#run(request, controller.signal);
    } catch (error) {
      if (this.#running !== controller) return;
      if (isCancelled(error)) this.#store.set({ phase: 'done', cancelled: true });
      else this.#refuse(problemOf(error, this.#store.state));
    }
  }

  cancel(): void {
    this.#loading?.controller.abort();
    this.#running?.abort();
  }

  #ready(model: string, device: DeviceChoice): boolean {
    return this.#loading?.key === keyOf(model, device) && this.#engine.alive;
  }

  /** The model that is asked for, loaded if it isn't. */
  model(): Promise<ModelInfo> {
    const { model, device, info } = this.#store.state;
    const key = keyOf(model, device);
    if (this.#loading?.key === key) {
      if (info === undefined || this.#engine.alive) return this.#loading.info;
    } else this.#loading?.controller.abort();
    const controller = new AbortController();
    const loading = { key, controller, info: this.#load(model, device, controller) };
    this.#loading = loading;
    return loading.info;
  }

  async #load(model: string, device: DeviceChoice, controller: AbortController): Promise<ModelInfo> {
    const { signal } = controller;
    this.#store.set({
      phase: 'loading',
      info: undefined,
      weights: undefined,
      tokens: undefined,
      run: undefined,
    });
    try {
      const info = await this.#engine.load(model, {
        device,
        signal,
        onProgress: (weights) => {
          if (!signal.aborted) this.#store.set({ weights });
        },
      });
      throwIfCancelled(signal);
      this.#store.set({ info });
      return info;
    } catch (error) {
      if (this.#loading?.controller === controller) this.#loading = undefined;
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
    let run = emptyRun({ ids: tokens.ids, pieces: tokens.pieces, model: info });
    const { selected, pins } = this.#store.state;
    this.#store.set({
      phase: 'running',
      tokens,
      run,
      paths: new Map(),
      selected:
        selected && selected.pos < tokens.ids.length && selected.layer < info.spec.nLayers
          ? selected
          : undefined,
      pins: pins.every((id) => id < info.spec.dVocab) ? pins : [],
    });
    for await (const event of this.#engine.run(tokens.ids, { k: TOP_K, signal })) {
      throwIfCancelled(signal);
      if (event.type === 'weights') this.#store.set({ weights: event });
      run = afterEvent(run, event, texts);
      this.#store.set({ run });
    }
    this.#store.set({
      phase: 'done',
      ...(request.prompt === undefined ? {} : { history: keepPrompt(request.prompt, earlierPrompts()) }),
    });
  }

  async #tokens({ prompt, ids, bos }: Request, { spec }: ModelInfo): Promise<Tokenized> {
    if (!ids) {
      const tokens = await this.#engine.tokenize(prompt ?? '', bos);
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

  /** Nothing of another prompt stays on the page beside an error. */
  #refuse(problem: Problem): void {
    this.#store.set({ phase: 'error', problem, run: undefined, hovered: undefined });
  }
}

function keyOf(model: string, device: DeviceChoice): string {
  return `${device} ${model}`;
}
