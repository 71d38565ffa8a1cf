/** What names a trace: the id of a stored one, an address, the trace itself, or a file of the reader's own disk. */
import { LOCAL } from './view-state.ts';

export interface TraceSource {
  /** An id, an `https://` address, `gz:` and the packed trace, or `file:NAME`. As the address's fragment has it. */
  readonly name: string;
  /** Of a file that was dropped or picked. */
  readonly file?: Blob | undefined;
}

/** What a name begins with that holds the trace itself; packed-trace.ts reads it. */
export const PACKED = 'gz:';

/** The id of a stored trace: 64 lower-case hex digits. */
export function isTraceId(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

/** `/t/ID` → ID. */
export function traceOfPath(path: string): string | undefined {
  return /^\/t\/([0-9a-f]{64})\/?$/.exec(path)?.[1];
}

/** A trace named in a fragment; undefined when it can't be one. */
export function namedTrace(name: string | null): string | undefined {
  // One that is too long is told so, not passed over.
  if (name?.startsWith(PACKED)) return name;
  if (name === null || name.length > 2048) return undefined;
  return isTraceId(name) || /^https?:\/\//.test(name) || name.startsWith(LOCAL) ? name : undefined;
}

/** One dropped file that looks like a trace; models are folders or end in `.gguf`. */
export function looksLikeTrace(files: readonly { readonly path: string }[]): boolean {
  return files.length === 1 && /^[^/]+\.json$/i.test(files[0]?.path ?? '');
}

/** One dropped file of tensors and nothing beside it: a model's would come with its `config.json`. */
export function looksLikeLens(files: readonly { readonly path: string }[]): boolean {
  return files.length === 1 && /^[^/]+\.safetensors$/i.test(files[0]?.path ?? '');
}
