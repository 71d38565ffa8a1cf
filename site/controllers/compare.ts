/**
 * The table's run beside a second one: another prompt, another model, or both. A second model opens in a thread of its
 * own, which goes, with all its memory, when the view is left. Rows come from the output down, as they are read.
 */
import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { WeightsProgress } from '../../engine/api.ts';
import {
  alignOffsets,
  alignTokens,
  LAYER_MATCHES,
  pairLayers,
  type Column,
  type LayerMatch,
  type RowPair,
} from '../../shared/compare/align.ts';
import { cellsAtOnce, joinCells, type ComparedCells } from '../../shared/compare/cells.ts';
import { compareTops } from '../../shared/compare/tops.ts';
import { CancelledError, InputError, toErrorMessage } from '../../shared/errors.ts';
import type { LayerReadings } from '../../shared/lens/readings.ts';
import type { Engine } from '../engine/client.ts';
import type { CompareAnswer, ModelInfo, Tokenized } from '../engine/protocol.ts';
import { startEngine } from '../engine/start.ts';
import { encode } from './chat.ts';
import { isCancelled, lengthProblem, promptProblem } from '../words/problems.ts';
import { TOP_K } from './runs.ts';
import type { Session } from './session.ts';
import type { RunView, ViewState } from './view-state.ts';

/** What the second run is. */
export interface CompareWith {
  /** Undefined: the same prompt. */
  readonly prompt: string | undefined;
  /** Undefined: the same model. */
  readonly model: string | undefined;
  readonly layers: LayerMatch;
  /** A token that the reader follows through both. */
  readonly token: number | undefined;
}

export interface ComparedRun {
  readonly model: string;
  readonly ids: readonly number[];
  readonly pieces: readonly string[];
  readonly layers: number;
  /** Display texts of ids; grows. */
  readonly texts: ReadonlyMap<number, string>;
}

/** Tokens that are followed through every row: the first run's output, the second's, and the reader's own. */
export const FOLLOWED = ['out-a', 'out-b', 'token'] as const;

export interface Comparison {
  readonly run: RunView;
  readonly with: CompareWith;
  readonly a: ComparedRun;
  readonly b: ComparedRun;
  readonly columns: readonly Column[];
  /** From the embedding up. */
  readonly rows: readonly RowPair[];
  /** By row; undefined until it is read. */
  readonly cells: readonly (ComparedCells | undefined)[];
  readonly dVocab: number;
  /** Why there are candidates only, and no divergence; undefined: whole distributions were compared. */
  readonly why: string | undefined;
}

/** What goes on. */
export type CompareStage =
  | { readonly name: 'opening' }
  | ({ readonly name: 'weights' } & WeightsProgress)
  | { readonly name: 'rows'; readonly done: number; readonly total: number };

/** Reads the view's options out of the address. */
export function compareWith({ options, run }: Pick<ViewState, 'options' | 'run'>): CompareWith | undefined {
  const prompt = options['compare'] || undefined;
  const named = options['compare-model'] || undefined;
  const model = named === run?.model.id ? undefined : named;
  if (prompt === undefined && model === undefined && !run?.trace) return undefined;
  const of = options['compare-of'] ?? '';
  return {
    prompt,
    model,
    layers: LAYER_MATCHES.find((name) => name === options['compare-layers']) ?? 'depth',
    token: /^\d{1,9}$/.test(of) ? Number(of) : undefined,
  };
}

interface Second {
  readonly model: string;
  readonly engine: Engine;
  readonly closing: AbortController;
  readonly info: Promise<ModelInfo>;
}

/** Both runs as they are about to be read. */
interface Pair {
  readonly run: RunView;
  readonly with: CompareWith;
  readonly a: ComparedRun;
  readonly b: ComparedRun;
  readonly columns: readonly Column[];
  readonly rows: readonly RowPair[];
}

export class CompareReader implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #key = '';
  #asking: AbortController | undefined;
  #second: Second | undefined;
  #onWeights: ((progress: WeightsProgress) => void) | undefined;
  found: Comparison | undefined;
  problem: string | undefined;
  stage: CompareStage | undefined;
  cancelled = false;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  get busy(): boolean {
    return this.#asking !== undefined;
  }

  /** The view is left: what was read stays, the second model goes. */
  hostDisconnected(): void {
    if (this.#asking) this.#key = '';
    this.cancel();
    this.cancelled = false;
    this.#close();
  }

  cancel(): void {
    this.cancelled = this.#asking !== undefined;
    this.#asking?.abort();
    this.#asking = undefined;
    this.stage = undefined;
    this.#host.requestUpdate();
  }

  /** Asks the same once more. */
  again(): void {
    this.#key = '';
    this.#host.requestUpdate();
  }

  /** Asks anew where anything differs from the last question; waits while the table's run goes on. */
  follow(session: Session): void {
    const { state } = session.store;
    const { run, phase, request, device } = state;
    const asked = compareWith(state);
    if (!run || !asked) {
      if (!run && phase !== 'done') return;
      this.#key = '';
      this.found = this.problem = undefined;
      this.#asking?.abort();
      this.#asking = this.stage = undefined;
      return;
    }
    if (phase !== 'done' || (!run.trace && (!run.timings || !session.engine.alive))) return;
    const { prompt, model, layers, token } = asked;
    const own = [run.trace?.name, run.model.id, run.ids.join(), request?.bos, request?.chat, device];
    const key = JSON.stringify([...own, prompt, model, layers, token]);
    if (key === this.#key) return;
    this.#key = key;
    void this.#ask(session, run, asked);
  }

  async #ask(session: Session, run: RunView, asked: CompareWith): Promise<void> {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    this.problem = undefined;
    this.cancelled = false;
    this.#tell({ name: 'opening' });
    const current = (): boolean => this.#asking === asking;
    try {
      await this.#read(session, run, asked, asking.signal);
    } catch (error) {
      if (current() && isCancelled(error)) this.cancelled = true;
      else if (current()) {
        this.found = undefined;
        this.problem = toErrorMessage(error).message;
      }
    } finally {
      if (current()) {
        this.#asking = undefined;
        this.#tell(undefined);
      }
    }
  }

  async #read(session: Session, run: RunView, asked: CompareWith, signal: AbortSignal): Promise<void> {
    const apart = run.trace !== undefined || asked.model !== undefined;
    if (!apart) this.#close();
    const engine = apart ? await this.#open(session, asked.model ?? run.model.id, signal) : session.engine;
    const info = apart ? await raced(this.#second?.info, signal) : run.model;
    if (!info) throw new CancelledError();
    let why = run.trace ? 'A trace holds each cell’s ten best tokens and not whole distributions' : undefined;
    let vocab = run.model.spec.dVocab;
    if (apart && !run.trace) {
      const bytes = await engine.ask('vocabulary', {}, signal);
      const buffers = [bytes.buffer as ArrayBuffer];
      const match = await session.engine.ask('matchVocabulary', bytes, signal, buffers);
      if (match.same) vocab = match.size;
      else why = `${run.model.id} and ${info.id} have other vocabularies: ${match.why}`;
    }
    const pair = await this.#pair(session, run, asked, {
      engine,
      info,
      sameIds: why === undefined || asked.model === undefined,
    });
    const place = { engine: session.engine, other: apart ? engine : undefined, info, vocab };
    if (why === undefined) await this.#exact(pair, place, signal);
    else await this.#topped(pair, why, engine, signal);
  }

  /** Tokens, columns and rows of both. */
  async #pair(
    session: Session,
    run: RunView,
    asked: CompareWith,
    {
      engine,
      info,
      sameIds,
    }: { readonly engine: Engine; readonly info: ModelInfo; readonly sameIds: boolean },
  ): Promise<Pair> {
    const { request } = session.store.state;
    const { bos, chat } = request ?? { bos: 'auto', chat: false };
    const text = asked.prompt ?? request?.prompt ?? textOf(run);
    let tokens: Pick<Tokenized, 'ids' | 'pieces' | 'offsets'>;
    if (asked.prompt === undefined && sameIds) tokens = { ...run, offsets: [] };
    else {
      const problem = promptProblem(text);
      if (problem) throw new InputError(problem.message);
      tokens = await encode(engine, info, { text, bos, chat });
    }
    const tooLong = lengthProblem(tokens.ids.length, info.spec.nCtx, info.id);
    if (tooLong) throw new InputError(tooLong.message);
    if (tokens.ids.length === 0) throw new InputError('The second prompt has no tokens. Type a few words.');
    let columns: Column[];
    if (sameIds) columns = alignTokens(run.ids, tokens.ids);
    else if (asked.prompt !== undefined) columns = alignTokens(run.pieces, tokens.pieces);
    else columns = alignOffsets(await offsetsOf(session, run), tokens.offsets);
    const layers = { a: run.model.spec.nLayers, b: info.spec.nLayers };
    return {
      run,
      with: asked,
      a: { model: run.model.id, ids: run.ids, pieces: run.pieces, layers: layers.a, texts: run.texts },
      b: { model: info.id, ids: tokens.ids, pieces: tokens.pieces, layers: layers.b, texts: new Map() },
      columns,
      rows: pairLayers(layers, asked.layers),
    };
  }

  /** Whole distributions, of models that share their vocabulary. */
  async #exact(
    pair: Pair,
    place: {
      readonly engine: Engine;
      readonly other: Engine | undefined;
      readonly info: ModelInfo;
      readonly vocab: number;
    },
    signal: AbortSignal,
  ): Promise<void> {
    const { engine, other, info, vocab } = place;
    const { columns, rows, a, b, with: asked } = pair;
    const texts = new Map<number, string>();
    if (asked.token !== undefined && asked.token >= vocab) {
      throw new InputError(`Token ${asked.token} is not in this vocabulary of ${vocab}: follow another one.`);
    }
    const step = cellsAtOnce(Math.max(info.spec.dVocab, pair.run.model.spec.dVocab));
    const read = async (layers: RowPair, k: number, targets: readonly number[]): Promise<ComparedCells> => {
      const perCell = targets.length / columns.length;
      const parts: ComparedCells[] = [];
      for (let from = 0; from < columns.length; from += step) {
        const some = columns.slice(from, from + step);
        const positions = some.flatMap((column) =>
          column.b < 0 || layers.b === undefined ? [] : [column.b],
        );
        const logits = await other?.ask(
          'cellLogits',
          { ids: b.ids, layer: layers.b ?? -1, positions },
          signal,
        );
        const answer: CompareAnswer = await engine.ask(
          'compareCells',
          {
            ...{ layers, columns: some, a: a.ids, vocab, k, perCell },
            b: logits ? { logits, stride: info.spec.dVocab } : { ids: b.ids },
            targets: targets.slice(from * perCell, (from + some.length) * perCell),
          },
          signal,
          logits ? [logits.buffer as ArrayBuffer] : [],
        );
        for (const [id, text] of answer.texts) texts.set(id, text);
        parts.push(answer.cells);
      }
      return joinCells(parts);
    };
    this.#onWeights = (progress) => this.#tell({ name: 'weights', ...progress });
    const outputs = await read({ a: a.layers - 1, b: b.layers - 1 }, 1, []);
    this.#onWeights = undefined;
    const targets = columns.flatMap((_, c) => [
      outputs.a.topIds[c] ?? -1,
      outputs.b.topIds[c] ?? -1,
      asked.token ?? -1,
    ]);
    const cells: (ComparedCells | undefined)[] = rows.map(() => undefined);
    for (const [done, row] of [...rows.keys()].reverse().entries()) {
      this.#tell({ name: 'rows', done, total: rows.length });
      cells[row] = await read(rows[row] ?? { a: undefined, b: undefined }, TOP_K, targets);
      signal.throwIfAborted();
      const both = { a: { ...a, texts }, b: { ...b, texts } };
      this.found = { ...pair, ...both, cells: [...cells], dVocab: vocab, why: undefined };
      this.#host.requestUpdate();
    }
  }

  /** Candidates only, by their texts: of a trace, or of models whose ids mean other tokens. */
  async #topped(pair: Pair, why: string, engine: Engine, signal: AbortSignal): Promise<void> {
    const { run, rows, columns, a } = pair;
    const texts = new Map<number, string>();
    const readings: LayerReadings[] = [];
    this.#onWeights = (progress) => {
      if (readings.length === 0) this.#tell({ name: 'weights', ...progress });
    };
    for await (const event of engine.run(pair.b.ids, { k: TOP_K, signal })) {
      if (event.type === 'texts') for (const [id, text] of event.texts) texts.set(id, text);
      if (event.type !== 'readings') continue;
      readings.push(event.readings);
      this.#tell({ name: 'rows', done: readings.length, total: pair.b.layers + 1 });
    }
    this.#onWeights = undefined;
    const b = { ...pair.b, texts };
    const sideA = (layer: number | undefined) => ({
      readings: layer === undefined ? undefined : run.rows.find((row) => row.layer === layer && !row.mid),
      texts: a.texts,
    });
    const sideB = (layer: number | undefined) => ({
      readings: layer === undefined ? undefined : readings[layer + 1],
      texts,
    });
    const last = [sideA(a.layers - 1), sideB(b.layers - 1)] as const;
    const top = ({ readings: r, texts: t }: ReturnType<typeof sideA>, pos: number): string | undefined =>
      pos < 0 ? undefined : t.get(r?.topIds[pos * r.k] ?? -1);
    const targets = columns.map((column) => [
      top(last[0], column.a),
      top(last[1], column.b),
      pair.with.token === undefined ? undefined : a.texts.get(pair.with.token),
    ]);
    const cells = rows.map((row) => compareTops(sideA(row.a), sideB(row.b), columns, { k: TOP_K, targets }));
    this.found = { ...pair, b, cells, dVocab: run.model.spec.dVocab, why };
  }

  /** The second model's thread: the one that is open, or a new one. */
  async #open({ store, token }: Session, model: string, signal: AbortSignal): Promise<Engine> {
    if (this.#second?.model === model) {
      try {
        await raced(this.#second.info, signal);
        if (this.#second.engine.alive) return this.#second.engine;
      } catch (error) {
        if (signal.aborted) throw error;
      }
    }
    this.#close();
    const { device, compute } = store.state;
    const closing = new AbortController();
    const engine = startEngine();
    const info = engine.load(model, {
      ...{ device, compute, token, signal: closing.signal },
      onProgress: (progress) => this.#onWeights?.(progress),
    });
    this.#second = { model, engine, closing, info };
    try {
      await raced(info, signal);
    } catch (error) {
      this.#close();
      throw error;
    }
    return engine;
  }

  #close(): void {
    this.#second?.info.catch(() => undefined);
    this.#second?.engine.dispose();
    this.#second = undefined;
    this.#onWeights = undefined;
  }

  #tell(stage: CompareStage | undefined): void {
    this.stage = stage;
    this.#host.requestUpdate();
  }
}

/** What is waited for, or the end of the waiting. */
async function raced<T>(promise: Promise<T> | undefined, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) throw new CancelledError();
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(new CancelledError());
    signal.addEventListener('abort', stop, { once: true });
    Promise.resolve(promise)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', stop));
  });
}

/** A run's text without the begin-of-text token. */
function textOf({ ids, pieces, model }: RunView): string {
  return pieces.slice(ids[0] === model.bosId ? 1 : 0).join('');
}

/** Where each token of the table's run ends in its text. */
async function offsetsOf(session: Session, run: RunView): Promise<readonly (readonly [number, number])[]> {
  const { request } = session.store.state;
  if (request?.prompt !== undefined && !run.trace) {
    const { prompt: text, bos, chat } = request;
    const { ids, offsets } = await encode(session.engine, run.model, { text, bos, chat });
    if (ids.join() === run.ids.join()) return offsets;
  }
  let end = 0;
  return run.pieces.map((piece, i) => {
    const from = end;
    if (i > 0 || run.ids[0] !== run.model.bosId) end += piece.length;
    return [from, end] as const;
  });
}
