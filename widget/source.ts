/** Where a trace comes from: this widget's server by its id, any address, or the element's own content. */
import { FormatError, InputError, messageOf, NetworkError, NotFoundError } from '../shared/errors.ts';
import type { TraceData } from '../shared/trace/data.ts';
import { parseTrace } from '../shared/trace/decode.ts';
import { TRACE_MEDIA_TYPE } from '../shared/trace/format.ts';

/** Bytes of a trace; a server stores a quarter of it. */
const MOST = 8 * 1024 * 1024;
/** What may be in a `trace` attribute: no script's address, no local file. */
const SCHEMES = ['https:', 'http:', 'data:', 'blob:'];

const ID = /^[0-9a-f]{64}$/;

/** The id, where the attribute is one. */
export function traceId(text: string): string | undefined {
  return ID.test(text) ? text : undefined;
}

/**
 * @param host where ids live, with a slash at its end. @param base the page's own address.
 * @throws {InputError} when the text is no address, or an id and there is no host.
 */
export function traceAddress(text: string, host: URL | undefined, base: string): URL {
  const id = traceId(text);
  if (id !== undefined) {
    if (host) return new URL(`v1/traces/${id}`, host);
    throw new InputError(
      `trace: expected an address, got an id: say with host="https://…/" whose it is, or give https://…/v1/traces/ID`,
    );
  }
  const address = URL.canParse(text, base) ? new URL(text, base) : undefined;
  if (address && SCHEMES.includes(address.protocol)) return address;
  throw new InputError(
    `trace: expected an id of 64 hex digits or an https:// address, got ${JSON.stringify(text.slice(0, 80))}`,
  );
}

/**
 * The one request of a widget that isn't live.
 *
 * @throws {NetworkError | NotFoundError | FormatError} in words for a reader.
 */
export async function fetchTrace(address: URL, signal: AbortSignal): Promise<TraceData> {
  const where = address.protocol.startsWith('http') ? address.host : 'the address';
  let answer: Response;
  try {
    answer = await fetch(address, {
      signal,
      credentials: 'omit',
      headers: { accept: `${TRACE_MEDIA_TYPE}, application/json` },
    });
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new NetworkError(
      `trace: ${where} can’t be reached, or lets no other page read it (CORS), or this page’s policy forbids it (connect-src)`,
      { cause },
    );
  }
  if (answer.status === 404 || answer.status === 410) {
    throw new NotFoundError(`trace: ${where} has no such trace, or no longer`);
  }
  if (!answer.ok) throw new NetworkError(`trace: ${where} answered with status ${answer.status}`);
  return parseTrace(await textOf(answer, where, signal), MOST);
}

/** The body, given up as soon as it is too large. */
async function textOf(answer: Response, where: string, signal: AbortSignal): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let [text, bytes] = ['', 0];
  const reader = answer.body?.getReader();
  try {
    for (;;) {
      const next = await reader?.read();
      if (!next || next.done) return text + decoder.decode();
      bytes += next.value.length;
      if (bytes > MOST)
        throw new FormatError(`trace: expected at most ${MOST} bytes, got more from ${where}`);
      text += decoder.decode(next.value, { stream: true });
    }
  } catch (cause) {
    if (signal.aborted || cause instanceof FormatError) throw cause;
    if (cause instanceof TypeError && bytes > 0 && /decod|encod/i.test(messageOf(cause))) {
      throw new FormatError('trace: expected UTF-8, got bytes that are none', { cause });
    }
    throw new NetworkError(`trace: ${where} broke off`, { cause });
  } finally {
    await reader?.cancel().catch(() => undefined);
  }
}

/** A trace that stands in the element, `<script type="application/vnd.residscope.trace+json">`. @throws {FormatError} */
export function inlineTrace(element: Element): TraceData | undefined {
  const script = element.querySelector(`script[type="${TRACE_MEDIA_TYPE}"]`);
  return script ? parseTrace(script.textContent, MOST) : undefined;
}
