/**
 * A whole trace inside an address: `gz:` and its JSON, gzipped (RFC 1952), in base64url without padding (RFC 4648 §5).
 * It stands in the fragment, which no server sees. For pages whose host stores nothing.
 */
import { CancelledError, FormatError } from '../../shared/errors.ts';
import { LIMITS } from '../../shared/limits.ts';
import { PACKED } from './trace-source.ts';

/** Characters of the longest packed trace: browsers take more, programs that pass links on cut them earlier. */
export const PACKED_CHARACTERS = 32_000;

/** The name in an address of a trace, given as JSON; it may be longer than {@link PACKED_CHARACTERS}, and is no good then. */
export async function packTrace(json: string): Promise<string> {
  const zipped = new Blob([json]).stream().pipeThrough(new CompressionStream('gzip'));
  const bytes = new Uint8Array(await new Response(zipped).arrayBuffer());
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return `${PACKED}${btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')}`;
}

/**
 * The JSON in a packed trace, unread. Unpacking ends at the size of the largest trace, whatever was packed.
 * @throws {FormatError} when it is too long, cut off, changed, or unpacks to more than a trace may have.
 */
export async function unpackTrace(name: string, signal: AbortSignal): Promise<Blob> {
  const text = name.slice(PACKED.length);
  if (name.length > PACKED_CHARACTERS) {
    throw new FormatError(
      `the trace in the address: expected at most ${PACKED_CHARACTERS} characters, got ${name.length}`,
    );
  }
  if (!/^[\w-]+$/.test(text) || text.length % 4 === 1) throw damaged('expected base64url');
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  for (;;) {
    const part = await reader.read().catch((cause: unknown) => {
      throw damaged('expected gzip', cause);
    });
    if (signal.aborted) {
      await reader.cancel();
      throw new CancelledError();
    }
    if (part.done) return new Blob(parts);
    size += part.value.length;
    if (size > LIMITS.traceBytes) {
      await reader.cancel();
      throw new FormatError(
        `the trace in the address: expected at most ${LIMITS.traceBytes} bytes unpacked, got more`,
      );
    }
    parts.push(part.value);
  }
}

function damaged(expected: string, cause?: unknown): FormatError {
  return new FormatError(
    `the trace in the address: ${expected}, got something else. The link was cut off or changed on its way.`,
    { cause },
  );
}
