/** Reads a trace from wherever it is, and makes of it what the page shows. */
import {
  CancelledError,
  FormatError,
  fromErrorMessage,
  NetworkError,
  NotFoundError,
  ResidscopeError,
  toErrorMessage,
} from '../../shared/errors.ts';
import { LIMITS } from '../../shared/limits.ts';
import type { TraceData } from '../../shared/trace/data.ts';
import { siteAddress } from '../place.ts';
import { problemOf, type Problem, type WayOut } from '../words/problems.ts';
import { unpackTrace } from './packed-trace.ts';
import { isTraceId, PACKED, type TraceSource } from './trace-source.ts';
import type { Read } from './trace-thread.ts';
import { runOfTrace } from './trace-view.ts';
import { DEFAULT_MODEL, LOCAL, type ViewState } from './view-state.ts';

/** Bytes of a file from the reader's own disk: far more than any table that can be shown. */
const FILE_BYTES = 64e6;

/** @throws {ResidscopeError} that names the place and what was expected there. */
export async function readTrace({ name, file }: TraceSource, signal: AbortSignal): Promise<TraceData> {
  const blob = file ?? (await fetchTrace(name, signal));
  if (blob.size > FILE_BYTES) {
    throw new FormatError(
      `trace: expected at most ${FILE_BYTES / 1e6} MB, got ${(blob.size / 1e6).toFixed(1)}`,
    );
  }
  const worker = new Worker(new URL('./trace-thread.ts', import.meta.url), {
    type: 'module',
    name: 'residscope-trace',
  });
  try {
    return await new Promise<TraceData>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new CancelledError()), { once: true });
      worker.addEventListener('error', () =>
        reject(new NetworkError('trace: the code that reads it did not load')),
      );
      worker.addEventListener('message', ({ data }: MessageEvent<Read>) => {
        if (data.trace) resolve(data.trace);
        else reject(data.error ? fromErrorMessage(data.error) : new FormatError('trace: nothing came'));
      });
      worker.postMessage(blob);
    });
  } finally {
    worker.terminate();
  }
}

async function fetchTrace(name: string, signal: AbortSignal): Promise<Blob> {
  if (name.startsWith(LOCAL)) {
    const file = name.slice(LOCAL.length);
    throw new NotFoundError(
      `“${file}” was opened from a disk and never left that device, so an address can’t bring it back. Open it again.`,
    );
  }
  if (name.startsWith(PACKED)) return unpackTrace(name, signal);
  const address = isTraceId(name) ? new URL(`v1/traces/${name}`, siteAddress()).href : name;
  let answer: Response;
  try {
    answer = await fetch(address, {
      signal,
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      headers: { accept: 'application/vnd.residscope.trace+json, application/json;q=0.9' },
    });
  } catch (cause) {
    if (signal.aborted) throw new CancelledError();
    throw new NetworkError(
      `${address}: no answer. The server is out of reach, or does not let other pages read it (CORS).`,
      { cause },
    );
  }
  if (answer.status === 404 || answer.status === 410) {
    throw new NotFoundError(
      isTraceId(name)
        ? 'No trace is stored here under this name. It may have been deleted, or its time is over.'
        : `${address}: there is no such file.`,
    );
  }
  if (!answer.ok) throw new NetworkError(`${address}: answered ${answer.status}`);
  return readUpTo(answer, LIMITS.traceBytes, address);
}

/** A body that is larger than any stored trace is not read to its end. */
async function readUpTo(answer: Response, most: number, address: string): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const reader = answer.body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    size += part.value.length;
    if (size > most) {
      await reader?.cancel();
      throw new FormatError(`${address}: expected a trace of at most ${most} bytes, got more`);
    }
    parts.push(part.value);
  }
  return new Blob(parts);
}

/** The state that shows a trace, and from which Run runs its prompt on its model. */
export function viewOfTrace(
  trace: TraceData,
  name: string,
  { selected, pins }: Pick<ViewState, 'selected' | 'pins'>,
): Partial<ViewState> {
  const run = runOfTrace(trace, name);
  const ids = [...trace.ids];
  const local = trace.source.prompt.idSpace === 'local';
  const { pieces } = trace;
  return {
    run,
    model: modelOf(trace) ?? DEFAULT_MODEL,
    bos: local ? 'auto' : trace.bos,
    text: pieces.slice(trace.bos ? 1 : 0).join(''),
    // The very tokens of the trace run again, however the text would be cut.
    askedIds: local ? undefined : ids,
    tokens: { ids, tokens: pieces, offsets: pieces.map(() => [0, 0] as const), pieces },
    selected:
      selected && selected.pos < ids.length && selected.layer < trace.model.layers ? selected : undefined,
    pins: local ? [] : pins.filter((id) => id < trace.model.vocab),
  };
}

/** The string by which a trace's model is loaded, at the commit that the trace names; undefined for none. */
export function modelOf({ model: { id, revision } }: TraceData): string | undefined {
  if (id === 'unknown' || id.startsWith(LOCAL)) return undefined;
  const onHub = /^[\w.-]+\/[\w.-]+$/.test(id);
  return onHub && revision !== undefined ? `${id}@${revision}` : id;
}

export function traceProblem(error: unknown): Problem {
  const { kind } = toErrorMessage(error);
  const ways: WayOut[] = kind === 'network' ? ['reopen', 'trace', 'example'] : ['trace', 'example'];
  const told = error instanceof ResidscopeError ? error : new ResidscopeError('internal', String(error));
  return {
    ...problemOf(told, { model: DEFAULT_MODEL, device: 'auto' }),
    title: kind === 'not-found' ? 'This trace is not here' : 'This trace can’t be opened',
    ways,
  };
}
