/** Request bodies: JSON, packed or not, and never more bytes than allowed, whatever the headers promise. */
import type { MiddlewareHandler } from 'hono';
import { HttpProblem, tooLarge } from './problem.ts';

/** Bytes. */
const DRAIN = 64 * 1024 * 1024;

export interface BodyRules {
  /** Bytes, as sent and unpacked. */
  readonly limit: number;
  /** Media types without parameters. Default: `application/json`. */
  readonly types?: readonly string[];
  /** Whether `Content-Encoding: gzip` is taken. Default: no. */
  readonly gzip?: boolean;
}

/**
 * A request's body as text, never more of it than allowed, unpacked.
 *
 * @throws {HttpProblem} 415 when it isn't declared as one of the types or packings, 413 when it is over the limit, 400
 * when it doesn't unpack or isn't UTF-8.
 */
export async function readBody(request: Request, rules: BodyRules): Promise<string> {
  const packed = checkType(request.headers, rules);
  const sent = await readUpTo(request, rules.limit);
  const bytes = packed ? await unpack(sent, rules.limit) : sent;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw new HttpProblem('invalid-json', 400, 'body: expected UTF-8, got other bytes');
  }
}

/**
 * Reads a request's JSON before anything parses it, as {@link readBody} does. What isn't JSON is found by the parser
 * that follows.
 *
 * @param limit bytes.
 */
export function jsonBody(limit: number): MiddlewareHandler {
  return async (c, next) => {
    // Where the parser looks first: a request made anew would cost more than a warm answer.
    const text = await readBody(c.req.raw, { limit });
    Object.assign(c.req.bodyCache, { text: Promise.resolve(text) });
    await next();
  };
}

/** Whether the body is packed. @throws {HttpProblem} 415 */
function checkType(headers: Headers, { types = ['application/json'], gzip = false }: BodyRules): boolean {
  const type = headers.get('Content-Type');
  const essence = type?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (!types.includes(essence)) {
    throw new HttpProblem(
      'media-type',
      415,
      `Content-Type: expected ${types.join(' or ')}, got ${type === null ? 'none' : JSON.stringify(type.slice(0, 60))}`,
      {},
      { Accept: types.join(', ') },
    );
  }
  const encoding = headers.get('Content-Encoding')?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity') return false;
  if (gzip && encoding === 'gzip') return true;
  throw new HttpProblem(
    'media-type',
    415,
    `Content-Encoding: expected none${gzip ? ' or gzip' : ''}, got ${JSON.stringify(encoding.slice(0, 60))}`,
    {},
    { 'Accept-Encoding': gzip ? 'gzip, identity' : 'identity' },
  );
}

/** @throws {HttpProblem} 413 as soon as more than `limit` bytes come out; 400 when it isn't gzip to its end. */
async function unpack(packed: Uint8Array<ArrayBuffer>, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (true) {
    const { done, value } = await reader.read().catch(() => {
      throw new HttpProblem('invalid-encoding', 400, 'body: expected gzip, as its Content-Encoding says');
    });
    if (done) return joined(chunks, size);
    size += value.byteLength;
    if (size > limit) {
      await reader.cancel();
      throw tooLarge('body', limit, 'bytes');
    }
    chunks.push(value);
  }
}

/**
 * A sender hears the refusal only once its body is read (before that, its connection is reset), so the rest is read and
 * dropped; what goes on beyond {@link DRAIN} is cut.
 *
 * @throws {HttpProblem} 413
 */
async function readUpTo(request: Request, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  // The declared length isn't trusted: bytes are counted.
  const stream: ReadableStream<Uint8Array> | null = request.body;
  const reader = stream?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size <= limit) {
      chunks.push(value);
    } else {
      chunks.length = 0;
      if (size > DRAIN) {
        await reader.cancel();
        break;
      }
    }
  }
  if (size > limit) throw tooLarge('body', limit, 'bytes');
  return joined(chunks, size);
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
