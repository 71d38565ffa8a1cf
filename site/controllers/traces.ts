/** Opening a trace: the table without a model. What reads it comes with the first one that is opened. */
import { NetworkError, throwIfCancelled } from '../../shared/errors.ts';
import { isCancelled } from '../words/problems.ts';
import type * as Reading from './trace-reading.ts';
import type { Store } from './store.ts';
import type { TraceSource } from './trace-source.ts';

export class Traces {
  readonly #store: Store;
  #opening: AbortController | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Shows a trace in place of whatever was shown. What is wrong with it becomes the page's problem. */
  async open(source: TraceSource): Promise<void> {
    this.#opening?.abort();
    const controller = new AbortController();
    this.#opening = controller;
    const { signal } = controller;
    const blank = { run: undefined, info: undefined, weights: undefined, note: undefined, tokens: undefined };
    this.#store.set({
      ...blank,
      ...{ phase: 'loading', trace: source.name, request: undefined, problem: undefined },
      ...{
        growth: undefined,
        hovered: undefined,
        cancelled: false,
        text: '',
        askedIds: undefined,
        chat: false,
        files: undefined,
      },
      paths: new Map(),
    });
    let reading: typeof Reading | undefined;
    try {
      reading = await import('./trace-reading.ts').catch((cause: unknown) => {
        throw new NetworkError(
          'The code that reads traces did not load: check the connection, then reload.',
          {
            cause,
          },
        );
      });
      const trace = await reading.readTrace(source, signal);
      throwIfCancelled(signal);
      const { selected, pins } = this.#store.state;
      this.#store.set({ phase: 'done', ...reading.viewOfTrace(trace, source.name, { selected, pins }) });
    } catch (error) {
      if (this.#opening !== controller) return;
      if (isCancelled(error)) this.#store.set({ phase: 'done', cancelled: true });
      else if (reading) this.#store.set({ phase: 'error', problem: reading.traceProblem(error) });
      else this.#store.set({ phase: 'error', problem: notLoaded(error) });
    }
  }

  cancel(): void {
    this.#opening?.abort();
  }

  /** A run takes the page over: what still comes is of no use. */
  leave(): void {
    this.#opening?.abort();
    this.#opening = undefined;
  }
}

function notLoaded(error: unknown): {
  readonly kind: 'network';
  readonly title: string;
  readonly message: string;
  readonly ways: readonly [];
} {
  return {
    kind: 'network',
    title: 'This trace can’t be opened',
    message: error instanceof Error ? error.message : String(error),
    ways: [],
  };
}
