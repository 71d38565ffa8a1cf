/** The thread that reads traces: two megabytes of JSON, unpacked and checked, would hold the page up. */
import { FormatError, toErrorMessage, type ErrorMessage } from '../../shared/errors.ts';
import type { TraceData } from '../../shared/trace/data.ts';
import { decodeTrace } from '../../shared/trace/decode.ts';
import { fromLogitlens } from '../../shared/trace/logitlenskit.ts';

export interface Read {
  readonly trace?: TraceData;
  readonly error?: ErrorMessage;
}

/** The part of a worker's global scope that is used: the page's types know a window only. */
interface Scope {
  postMessage(message: Read): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<Blob>) => void): void;
}
const scope = self as unknown as Scope;

async function read(blob: Blob): Promise<TraceData> {
  let json: unknown;
  try {
    json = JSON.parse(await blob.text());
  } catch (cause) {
    throw new FormatError('trace: expected JSON, got text that is none', { cause });
  }
  return decodeTrace(isLogitlens(json) ? fromLogitlens(json) : json);
}

/** logitlenskit's files say their version in `meta`, a trace says its format at once. */
function isLogitlens(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'meta' in json && !('format' in json);
}

scope.addEventListener('message', ({ data }) => {
  read(data).then(
    (trace) => scope.postMessage({ trace }),
    (error: unknown) => scope.postMessage({ error: toErrorMessage(error) }),
  );
});
