/** The run going on: a token or some at a time, and back. Loaded with the first step. */
import { visibleText } from '../../shared/picture/visible.ts';
import type { Engine } from '../engine/client.ts';
import type { Choice, GrownText, StepAnswer } from '../engine/protocol.ts';
import { withColumn, withoutColumns } from './grown-run.ts';
import { plural, probabilityOf } from './numbers.ts';
import { isCancelled } from '../words/problems.ts';
import type { Store } from './store.ts';
import { canGrow, type Growth, type RunView } from './view-state.ts';

const NONE: Growth = { count: 0, said: '', problem: undefined, busy: undefined };

export class Grower {
  readonly #engine: Engine;
  readonly #store: Store;
  #going: AbortController | undefined;

  constructor(engine: Engine, store: Store) {
    this.#engine = engine;
    this.#store = store;
    // Another run, or a trace, takes the table's place.
    store.subscribe((state, before) => {
      if (before.growth && !state.growth) this.cancel();
    });
  }

  /** Adds tokens until there are so many, a text ends, the context is full, or it is cancelled. */
  async step(choice: Choice, total = 1): Promise<void> {
    if (this.#going || !canGrow(this.#store.state)) return;
    const controller = new AbortController();
    this.#going = controller;
    const { signal } = controller;
    let done = 0;
    try {
      for (; done < total && !signal.aborted; done++) {
        const { run } = this.#store.state;
        if (!run) return;
        this.#tell({ busy: { done, total }, problem: undefined });
        const ask = { length: run.ids.length, choice, bos: this.#store.state.bos };
        const answer = await this.#engine.step(ask, signal);
        if (this.#store.state.run?.ids !== run.ids) return;
        this.#take(answer, withColumn(run, answer), 1, spoken(run, answer, total));
        if (answer.end) {
          this.#tell({ said: `${this.#store.state.growth?.said ?? ''} The text ends here.` });
          if (total > 1) break;
        }
      }
    } catch (error) {
      if (this.#store.state.growth) {
        if (isCancelled(error) || signal.aborted)
          this.#tell({ said: `Stopped after ${plural(done, 'token')}.` });
        else this.#tell({ problem: error instanceof Error ? error.message : String(error) });
      }
    } finally {
      if (this.#going === controller) this.#going = undefined;
      if (this.#store.state.growth) this.#tell({ busy: undefined });
    }
  }

  /** Takes the last token that was added back. */
  async back(): Promise<void> {
    const { run, growth, bos } = this.#store.state;
    if (this.#going || !run || !growth || growth.count < 1) return;
    const controller = new AbortController();
    this.#going = controller;
    try {
      const answer = await this.#engine.back({ length: run.ids.length - 1, bos });
      if (this.#store.state.run?.ids !== run.ids) return;
      const text = visibleText(run.pieces.at(-1) ?? '');
      this.#take(answer, withoutColumns(run, answer.ids, answer.pieces), -1, `Took “${text}” back.`);
    } catch (error) {
      if (this.#store.state.growth)
        this.#tell({ problem: error instanceof Error ? error.message : String(error) });
    } finally {
      this.#going = undefined;
    }
  }

  cancel(): void {
    this.#going?.abort();
  }

  #tell(patch: Partial<Growth>): void {
    this.#store.set({ growth: { ...(this.#store.state.growth ?? NONE), ...patch } });
  }

  /** Prompt, address and table follow at once. */
  #take(answer: GrownText, run: RunView, change: 1 | -1, said: string): void {
    const { state } = this.#store;
    const { ids, pieces, prompt } = answer;
    const last = ids.length - 1;
    const { selected, run: before } = state;
    const atEnd = selected !== undefined && selected.pos >= (before?.ids.length ?? 0) - 1;
    const beyond = state.hovered !== undefined && state.hovered.pos > last;
    const paths = change < 0 ? [...state.paths].filter(([, path]) => path.pos <= last) : undefined;
    this.#store.set({
      run,
      text: prompt?.text ?? '',
      askedIds: prompt ? undefined : ids,
      tokens: {
        ids,
        pieces,
        tokens: prompt?.tokens ?? pieces,
        offsets: prompt?.offsets ?? offsetsOf(pieces),
      },
      chat: false,
      ...(state.request && {
        request: { ...state.request, chat: false, prompt: prompt?.text, ids: prompt ? undefined : ids },
      }),
      // The token’s own readings are of other columns: they are read again.
      chosen: undefined,
      ...(atEnd && { selected: { ...selected, pos: last } }),
      ...(beyond && { hovered: undefined }),
      ...(paths && { paths: new Map(paths) }),
      growth: {
        ...(state.growth ?? NONE),
        count: (state.growth?.count ?? 0) + change,
        said,
        problem: undefined,
      },
    });
  }
}

function spoken(run: RunView, { id, logprob, rank, texts, ids }: StepAnswer, total: number): string {
  const text = texts.find(([one]) => one === id)?.[1] ?? run.texts.get(id) ?? '';
  const place = rank === 0 ? 'the output’s first' : `the output’s number ${rank + 1}`;
  const room = run.model.spec.nCtx - ids.length;
  const full = room === 0 ? ` The context of ${run.model.spec.nCtx} tokens is full.` : '';
  return total > 1
    ? `Added “${visibleText(text)}”: ${plural(ids.length, 'token')} now.${full}`
    : `Added “${visibleText(text)}”, ${probabilityOf(logprob)}, ${place}.${full}`;
}

function offsetsOf(pieces: readonly string[]): (readonly [number, number])[] {
  let at = 0;
  return pieces.map((piece) => [at, (at += piece.length)] as const);
}
