/**
 * Models over HTTP: byte ranges where the server has them; where it ignores ranges, the whole file comes once and
 * each range is given out as soon as it has arrived.
 */
import { CancelledError, FormatError, messageOf, NetworkError, NotFoundError } from '../shared/errors.ts';
import { checkRange, type ByteSource } from '../shared/formats/byte-source.ts';
import type { ModelFiles } from './api.ts';

/** The first request reads this much: most headers and every config fit, so that it is the only one for them. */
const FIRST_BYTES = 64 * 1024;

/** A whole file is held in memory when a server gives no ranges, up to here. */
const WHOLE_FILE_BYTES = 2 ** 31;

/** Models that are served beside the page. */
const EMBEDDED: readonly string[] = ['fable-4m'];

/** Any fetch, with failures as our own errors. */
async function request(name: string, url: URL, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    if (init.signal?.aborted) throw new CancelledError('cancelled', { cause: error });
    throw new NetworkError(
      `${name}: no answer (${messageOf(error)}): check the connection; another site must also allow this page (CORS)`,
      { cause: error },
    );
  }
  if (response.status === 404) throw new NotFoundError(`${name}: not there (HTTP 404)`);
  if (!response.ok) throw new NetworkError(`${name}: the server answered HTTP ${response.status}: try again`);
  return response;
}

/** A server that answers 206. */
class RangeSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #url: URL;
  readonly #first: Uint8Array<ArrayBuffer>;

  constructor(name: string, url: URL, size: number, first: Uint8Array<ArrayBuffer>) {
    this.name = name;
    this.#url = url;
    this.size = size;
    this.#first = first;
  }

  async read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    checkRange(this, start, end);
    if (end <= this.#first.byteLength) return this.#first.slice(start, end);
    const response = await request(this.name, this.#url, {
      headers: { range: `bytes=${start}-${end - 1}` },
      ...(signal && { signal }),
    });
    if (response.status !== 206)
      throw new NetworkError(`${this.name}: the server stopped giving ranges: try again`);
    const bytes = await bodyBytes(this.name, response, signal);
    if (bytes.byteLength !== end - start) {
      throw new NetworkError(
        `${this.name}: expected ${end - start} bytes, got ${bytes.byteLength}: try again`,
      );
    }
    return bytes;
  }
}

async function bodyBytes(
  name: string,
  response: Response,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    if (signal?.aborted) throw new CancelledError('cancelled', { cause: error });
    throw new NetworkError(`${name}: the download broke off (${messageOf(error)}): try again`, {
      cause: error,
    });
  }
}

/** A server that sends the whole file: one download, read while it comes. */
class WholeFileSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #received = 0;
  #failed: Error | undefined;
  readonly #waiting = new Set<() => void>();

  constructor(name: string, size: number, body: ReadableStream<Uint8Array>) {
    this.name = name;
    this.size = size;
    this.#bytes = new Uint8Array(size);
    void this.#receive(body.getReader());
  }

  async #receive(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        if (this.#received + value.byteLength > this.size) throw new Error('longer than it said');
        this.#bytes.set(value, this.#received);
        this.#received += value.byteLength;
        this.#wake();
      }
      if (this.#received < this.size) throw new Error(`ended at ${this.#received} of ${this.size} bytes`);
    } catch (error) {
      this.#failed = new NetworkError(
        `${this.name}: the download broke off (${messageOf(error)}): try again`,
        {
          cause: error,
        },
      );
      this.#wake();
    }
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  async read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    checkRange(this, start, end);
    while (this.#received < end) {
      if (this.#failed) throw this.#failed;
      if (signal?.aborted) throw new CancelledError();
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        this.#waiting.add(wake);
        signal?.addEventListener('abort', wake, { once: true });
      });
    }
    return this.#bytes.subarray(start, end);
  }
}

/** `bytes 0-99/1234` → 1234 */
function totalOf(name: string, response: Response): number {
  const total = /^bytes \d+-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1];
  if (total === undefined) throw new NetworkError(`${name}: the server sent a range without saying of what`);
  return Number(total);
}

async function openHttp(name: string, url: URL, signal?: AbortSignal): Promise<ByteSource> {
  const response = await request(name, url, {
    headers: { range: `bytes=0-${FIRST_BYTES - 1}` },
    ...(signal && { signal }),
  });
  if (response.headers.get('content-type')?.startsWith('text/html')) {
    throw new NotFoundError(`${name}: the server answered with a web page, not with the file`);
  }
  if (response.status === 206) {
    const size = totalOf(name, response);
    return new RangeSource(name, url, size, await bodyBytes(name, response, signal));
  }
  // A compressed answer's length is not the file's: then it is read to its end before anything else.
  const length = response.headers.has('content-encoding') ? null : response.headers.get('content-length');
  if (length === null || !response.body) {
    const bytes = await bodyBytes(name, response, signal);
    return new WholeFileSource(name, bytes.byteLength, new Blob([bytes]).stream());
  }
  const size = Number(length);
  if (!Number.isSafeInteger(size) || size > WHOLE_FILE_BYTES) {
    throw new FormatError(
      `${name}: ${length} bytes, and the server gives no ranges: a file of this size needs a server that does`,
    );
  }
  return new WholeFileSource(name, size, response.body);
}

/** A model's files under one address. */
export function httpFiles(id: string, folder: URL): ModelFiles {
  return { id, open: (file, signal) => openHttp(`${id}/${file}`, new URL(file, folder), signal) };
}

/** @throws {NotFoundError} naming what does open. */
export function resolveWeb(source: string, models: URL): ModelFiles {
  if (EMBEDDED.includes(source)) return httpFiles(source, new URL(`${source}/`, models));
  if (/^https?:\/\//.test(source) && URL.canParse(source)) {
    return httpFiles(source, new URL(source.endsWith('/') ? source : `${source}/`));
  }
  throw new NotFoundError(
    `model "${source}": not a model that opens here: pick ${EMBEDDED.join(', ')}, or give the https:// address of a folder with a model's files`,
  );
}
