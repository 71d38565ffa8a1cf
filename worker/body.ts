/** Request bodies: JSON only, and never more bytes than allowed, whatever the headers promise. */
import type { MiddlewareHandler } from 'hono';
import { HttpProblem, tooLarge } from './problem.ts';

/** Bytes. */
const DRAIN = 64 * 1024 * 1024;

/**
 * Reads a request's body before anything parses it.
 *
 * @param limit bytes.
 * @throws {HttpProblem} 415 when it isn't declared as plain JSON, 413 when it is over the limit, 400 when it isn't
 * UTF-8. What isn't JSON is found by the parser that follows.
 */
export function jsonBody(limit: number): MiddlewareHandler {
  return async (c, next) => {
    const { raw } = c.req;
    checkType(raw.headers);
    const bytes = await readUpTo(raw, limit);
    try {
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
    } catch {
      throw new HttpProblem('invalid-json', 400, 'body: expected UTF-8, got other bytes');
    }
    c.req.raw = new Request(raw.url, { method: raw.method, headers: raw.headers, body: bytes });
    await next();
  };
}

function checkType(headers: Headers): void {
  const type = headers.get('Content-Type');
  const essence = type?.split(';')[0]?.trim().toLowerCase();
  if (essence !== 'application/json') {
    throw new HttpProblem(
      'media-type',
      415,
      `Content-Type: expected application/json, got ${type === null ? 'none' : JSON.stringify(type.slice(0, 60))}`,
      {},
      { Accept: 'application/json' },
    );
  }
  const encoding = headers.get('Content-Encoding');
  if (encoding !== null && encoding.trim().toLowerCase() !== 'identity') {
    throw new HttpProblem(
      'media-type',
      415,
      `Content-Encoding: expected none, got ${JSON.stringify(encoding.slice(0, 60))}`,
      {},
      { 'Accept-Encoding': 'identity' },
    );
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
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
