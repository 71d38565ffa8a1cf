/** Live runs of one widget: the panel that offers them, what a run takes, the one that is under way. */
import { InputError, toErrorMessage, type ErrorMessage } from '../shared/errors.ts';
import type { TraceData } from '../shared/trace/data.ts';
import { decodeTrace } from '../shared/trace/decode.ts';
import type { LiveAsk } from '../shared/live-protocol.ts';
import { liveEngine } from './live.ts';
import { LivePanel } from './live-panel.ts';

/** Candidates a cell, of a live run. */
const CANDIDATES = 10;

/** The widget around it. */
export interface LiveHome {
  /** The server that has the engine, if there is one. */
  host(): URL | undefined;
  /** What a run takes besides the prompt. @throws {InputError} when an attribute says what can't be done. */
  ask(): Omit<LiveAsk, 'prompt' | 'k'>;
  place(panel: HTMLElement): void;
  started(): void;
  ran(trace: TraceData, prompt: string): void;
  /** @param error undefined: cancelled. */
  stopped(error: ErrorMessage | undefined): void;
}

export class LiveSession {
  readonly #home: LiveHome;
  #panel: LivePanel | undefined;
  #running: AbortController | undefined;

  constructor(home: LiveHome) {
    this.#home = home;
  }

  get offered(): boolean {
    return this.#panel !== undefined;
  }

  get running(): boolean {
    return this.#running !== undefined;
  }

  /**
   * The way to a live run, where there is a server that has the engine.
   *
   * @param prompt to start from. @param afresh whether it takes the place of what a reader may have typed.
   * @returns whether there is one.
   */
  offer(model: string, prompt: string, afresh: boolean): boolean {
    if (this.#panel) {
      this.#panel.model = model;
      if (afresh) this.#panel.prompt = prompt;
    } else if (this.#home.host() && model !== '') {
      this.#panel = new LivePanel(model, prompt, {
        // What goes wrong is said in the panel and told to the page.
        run: () => void this.run().catch(() => undefined),
        cancel: () => this.cancel(),
      });
      this.#home.place(this.#panel.element);
    }
    return this.offered;
  }

  cancel(): void {
    this.#running?.abort();
  }

  /** @throws {ResidscopeError} when it can't be run; the panel says so too. */
  async run(prompt?: string): Promise<void> {
    const panel = this.#panel;
    const host = this.#home.host();
    if (!panel || !host) throw new InputError('live: expected a host with an engine and a model, got none');
    this.cancel();
    const running = new AbortController();
    const { signal } = running;
    this.#running = running;
    if (prompt !== undefined) panel.prompt = prompt;
    const text = panel.prompt;
    this.#home.started();
    panel.running();
    try {
      const ask = { ...this.#home.ask(), prompt: text, k: CANDIDATES };
      const engine = await liveEngine(host, signal);
      const trace = decodeTrace(
        await engine.run(ask, { signal, onProgress: (step) => panel.progress(step) }),
      );
      signal.throwIfAborted();
      this.#running = undefined;
      panel.ended(ranOn(trace));
      this.#home.ran(trace, text);
    } catch (error) {
      // A later run has taken its place.
      if (this.#running !== running && this.#running !== undefined) return;
      this.#running = undefined;
      const message = toErrorMessage(error);
      const cancelled = signal.aborted || message.kind === 'cancelled';
      if (cancelled) panel.ended('Cancelled.');
      else panel.ended('', message.message);
      this.#home.stopped(cancelled ? undefined : message);
      if (!cancelled) throw error;
    }
  }
}

/** `Ran in your browser in 0.3 s: wasm, 1 thread` */
function ranOn({ device, timings }: TraceData): string {
  const seconds = (timings?.['done'] ?? 0) / 1000;
  const where = [device?.name, device?.detail].filter((text) => text !== undefined && text !== '').join(', ');
  return `Ran in your browser in ${seconds.toFixed(seconds < 10 ? 1 : 0)} s: ${where}`;
}
