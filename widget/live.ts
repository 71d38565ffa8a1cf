/**
 * The engine behind "Run live": a hidden frame of the widget's server, one for all widgets of a page, made with the
 * first run. The host page's policy need only let it frame that server; scripts, wasm, workers and downloads are the
 * frame's own.
 */
import { CancelledError, fromErrorMessage, NetworkError } from '../shared/errors.ts';
import {
  LIVE_CONNECT,
  LIVE_VERSION,
  type FromLive,
  type LiveAsk,
  type LiveProgress,
  type ToLive,
} from '../shared/live-protocol.ts';
import { make } from './dom.ts';

export interface LiveRun {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: LiveProgress) => void;
}

/** Milliseconds in which a frame that has loaded says that it is ready, and in which any frame must load. */
const READY = 10_000;
const LOAD = 60_000;

const engines = new Map<string, Promise<LiveEngine>>();

/** @throws {NetworkError} when the server's frame can't be had here. */
export async function liveEngine(host: URL, signal: AbortSignal): Promise<LiveEngine> {
  const known = engines.get(host.href) ?? LiveEngine.start(host);
  engines.set(host.href, known);
  // The next try starts anew.
  known.catch(() => engines.delete(host.href));
  return unless(signal, known);
}

/** The promise's value, unless the signal comes first. */
function unless<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new CancelledError());
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

interface Open {
  readonly run: LiveRun;
  resolve(trace: unknown): void;
  reject(error: Error): void;
}

export class LiveEngine {
  readonly #port: MessagePort;
  readonly #open = new Map<number, Open>();
  #next = 1;

  private constructor(port: MessagePort) {
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<FromLive>) => this.#receive(data);
  }

  /** Puts the frame into the page and waits until it answers. */
  static async start(host: URL): Promise<LiveEngine> {
    const frame = make('iframe', {
      src: new URL('live/', host).href,
      title: 'Residscope’s engine',
      'aria-hidden': 'true',
      tabindex: '-1',
      // A page with threads may hand them on; without, the engine has one.
      allow: 'cross-origin-isolated',
    });
    // By the object model, which no style policy forbids. Not display: none, which some browsers put to sleep.
    frame.style.cssText =
      'position:fixed!important;width:1px!important;height:1px!important;left:-9px!important;top:0!important;border:0!important;opacity:0!important;pointer-events:none!important';
    try {
      return await new Promise((resolve, reject) => {
        const refused = (why: string): void =>
          reject(new NetworkError(`live: the engine of ${host.host} can’t be used here: ${why}`));
        const policy = (event: SecurityPolicyViolationEvent): void => {
          if (
            event.blockedURI.startsWith(host.origin) &&
            /^(?:frame|child|default)-src/.test(event.violatedDirective)
          )
            refused(`this page’s content policy forbids it (add ${host.origin} to frame-src)`);
        };
        document.addEventListener('securitypolicyviolation', policy);
        const slow = setTimeout(() => refused('it can’t be reached'), LOAD);
        frame.addEventListener('load', () => {
          clearTimeout(slow);
          const { port1, port2 } = new MessageChannel();
          const silent = setTimeout(() => refused('it can’t be reached, or its frame was refused'), READY);
          port1.onmessage = ({ data }: MessageEvent<FromLive>) => {
            clearTimeout(silent);
            document.removeEventListener('securitypolicyviolation', policy);
            if (data.type === 'ready' && data.version === LIVE_VERSION) resolve(new LiveEngine(port1));
            else refused('it is of another version: load the page again');
          };
          frame.contentWindow?.postMessage({ type: LIVE_CONNECT, version: LIVE_VERSION }, host.origin, [
            port2,
          ]);
        });
        document.body.append(frame);
      });
    } catch (error) {
      frame.remove();
      throw error;
    }
  }

  /** @returns a trace, as anyone might have written it. @throws {ResidscopeError} in the engine's words. */
  run(ask: LiveAsk, run: LiveRun): Promise<unknown> {
    const id = this.#next++;
    const done = new Promise((resolve, reject) => this.#open.set(id, { run, resolve, reject }));
    this.#post({ type: 'run', id, ask });
    const abort = (): void => this.#post({ type: 'cancel', id });
    run.signal.addEventListener('abort', abort, { once: true });
    return unless(run.signal, done).finally(() => {
      run.signal.removeEventListener('abort', abort);
      this.#open.delete(id);
    });
  }

  #post(message: ToLive): void {
    this.#port.postMessage(message);
  }

  #receive(message: FromLive): void {
    if (message.type === 'ready') return;
    const call = this.#open.get(message.id);
    if (message.type === 'progress') call?.run.onProgress(message.progress);
    else if (message.type === 'trace') call?.resolve(message.trace);
    else call?.reject(fromErrorMessage(message.error));
  }
}
