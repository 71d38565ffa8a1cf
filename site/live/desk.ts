/**
 * Runs what widgets ask for, one after the other: one engine with one model at a time, however many widgets a page
 * has. The page around the frame may be anyone's: what it asks is checked here.
 */
import { CancelledError, InputError, throwIfCancelled, toErrorMessage } from '../../shared/errors.ts';
import { LIMITS } from '../../shared/limits.ts';
import type { FromLive, LiveAsk, LiveProgress, ToLive } from '../../shared/live-protocol.ts';
import type { Trace } from '../../shared/trace/format.ts';
import { lengthProblem, promptProblem } from '../words/problems.ts';
import { afterEvent, emptyRun } from '../controllers/run-view.ts';
import type { Engine } from '../engine/client.ts';
import type { ModelInfo } from '../engine/protocol.ts';

/** Candidates a cell, at most: a trace grows with them. */
const MOST = 50;
/** UTF-16 code units of a model's name. */
const NAME = 1024;

/** The part of a `MessagePort` that is used. */
export interface LivePort {
  postMessage(message: FromLive): void;
  onmessage: ((event: MessageEvent<unknown>) => void) | null;
}

/** Told a few times a second. */
type Tell = (progress: LiveProgress) => void;

export class LiveDesk {
  readonly #engine: Engine;
  #loaded: { readonly key: string; readonly info: ModelInfo } | undefined;
  #queue: Promise<void> = Promise.resolve();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  serve(port: LivePort): void {
    const running = new Map<number, AbortController>();
    port.onmessage = ({ data }) => {
      const message = messageIn(data);
      if (!message) return;
      const { id } = message;
      if (message.type === 'cancel') {
        running.get(id)?.abort();
        return;
      }
      const controller = new AbortController();
      const { signal } = controller;
      running.set(id, controller);
      const tell: Tell = (progress) => {
        if (!signal.aborted) port.postMessage({ type: 'progress', id, progress });
      };
      this.#queue = this.#queue.then(async () => {
        try {
          throwIfCancelled(signal);
          port.postMessage({ type: 'trace', id, trace: await this.#run(checked(message.ask), tell, signal) });
        } catch (error) {
          const why = signal.aborted ? new CancelledError() : error;
          port.postMessage({ type: 'failed', id, error: toErrorMessage(why) });
        } finally {
          running.delete(id);
        }
      });
    };
  }

  async #run({ model, prompt, bos, k, device }: LiveAsk, tell: Tell, signal: AbortSignal): Promise<Trace> {
    const empty = promptProblem(prompt);
    if (empty) throw new InputError(empty.message);
    const info = await this.#model(model, device, tell, signal);
    const { ids, pieces } = await this.#engine.tokenize(prompt, bos);
    throwIfCancelled(signal);
    const long = lengthProblem(ids.length, info.spec.nCtx, info.id);
    if (long) throw new InputError(long.message);
    if (ids.length === 0) throw new InputError('This prompt has no tokens. Type a few words.');
    const texts = new Map<number, string>();
    const of = info.spec.nLayers + 1;
    let run = emptyRun({ ids, pieces, model: info, lens: undefined });
    for await (const event of this.#engine.run(ids, { k, signal })) {
      throwIfCancelled(signal);
      run = afterEvent(run, event, texts);
      if (event.type === 'weights') tell({ phase: 'loading', ...bytesOf(event) });
      if (event.type === 'readings') tell({ phase: 'running', rows: run.rows.length, of });
    }
    const { traceOfRun } = await import('../controllers/trace-of-run.ts');
    return traceOfRun(run, undefined).source;
  }

  async #model(
    model: string,
    device: LiveAsk['device'],
    tell: Tell,
    signal: AbortSignal,
  ): Promise<ModelInfo> {
    const key = `${device} ${model}`;
    if (this.#loaded?.key === key && this.#engine.alive) return this.#loaded.info;
    this.#loaded = undefined;
    tell({ phase: 'loading', loadedBytes: 0, totalBytes: 0 });
    try {
      const info = await this.#engine.load(model, {
        device,
        signal,
        onProgress: (weights) => tell({ phase: 'loading', ...bytesOf(weights) }),
      });
      this.#loaded = { key, info };
      return info;
    } catch (error) {
      // Code that did not come stays missing for the life of a thread: the next try gets a new one.
      if (toErrorMessage(error).kind === 'internal') this.#engine.dispose();
      throw error;
    }
  }
}

function bytesOf({ loadedBytes, totalBytes }: { readonly loadedBytes: number; readonly totalBytes: number }) {
  return { loadedBytes, totalBytes };
}

/** A message of the protocol; undefined for anything else, which nobody answers. */
function messageIn(data: unknown): ToLive | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { type, id, ask } = data as Record<string, unknown>;
  if (typeof id !== 'number' || !Number.isSafeInteger(id)) return undefined;
  if (type === 'cancel') return { type, id };
  return type === 'run' ? { type, id, ask: ask as LiveAsk } : undefined;
}

/** @throws {InputError} `live: place: expected …, got …` */
function checked(ask: unknown): LiveAsk {
  const given = (typeof ask === 'object' && ask !== null ? ask : {}) as Record<string, unknown>;
  const { model, prompt, bos = 'auto', k = 10, device = 'auto' } = given;
  const wrong = (place: string, expected: string, got: unknown): never => {
    throw new InputError(`live: ${place}: expected ${expected}, got ${typeof got}`);
  };
  if (typeof model !== 'string' || model === '' || model.length > NAME)
    return wrong('model', `a name of 1 to ${NAME} characters`, model);
  if (typeof prompt !== 'string' || prompt.length > LIMITS.textBytes)
    return wrong('prompt', `a text of at most ${LIMITS.textBytes} bytes`, prompt);
  if (bos !== 'auto' && typeof bos !== 'boolean') return wrong('bos', 'auto, true or false', bos);
  if (typeof k !== 'number' || !Number.isInteger(k) || k < 1 || k > MOST)
    return wrong('k', `a whole number from 1 to ${MOST}`, k);
  if (device !== 'auto' && device !== 'wasm' && device !== 'webgpu')
    return wrong('device', 'auto, wasm or webgpu', device);
  return { model, prompt, bos, k, device };
}
