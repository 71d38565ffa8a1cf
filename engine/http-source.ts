/**
 * Files over HTTP: byte ranges where the server has them, each resumed from the last byte that came when a
 * connection breaks; where a server ignores ranges, the whole file (see `http-whole.ts`).
 */
import { FormatError, NetworkError, NotFoundError, throwIfCancelled } from '../shared/errors.ts';
import { checkRange, MemorySource, type ByteSource, type OnBytes } from '../shared/formats/byte-source.ts';
import type { ModelFiles } from './api.ts';
import {
  backoff,
  drain,
  drop,
  pause,
  request,
  RETRY,
  type Answer,
  type HttpRequest,
  type RetryPolicy,
} from './http-request.ts';
import { openWhole } from './http-whole.ts';

/** The first request reads this much: most headers and every config fit, so that it is the only one for them. */
const FIRST_BYTES = 64 * 1024;

/** A file on a server. */
export interface RemoteFile extends ByteSource {
  /** The server's own mark of this version, ETag or date: another mark, another file. */
  readonly tag: string | undefined;
}

/** A model's files on a server. */
export interface RemoteFiles extends ModelFiles {
  open(file: string, signal?: AbortSignal): Promise<RemoteFile>;
  /** The server that they come from, for {@link keptFiles}. */
  readonly origin: string;
  /** `revision` names these very bytes, for ever. */
  readonly pinned: boolean;
}

/** How to ask a server. */
export interface HttpAccess {
  readonly headers?: Readonly<Record<string, string>>;
  readonly refusal?: HttpRequest['refusal'];
  readonly cache?: HttpRequest['cache'];
  readonly retry?: Partial<RetryPolicy>;
}

/** One file and how to ask for it. */
type Target = Omit<HttpRequest, 'signal'>;

function askRange(target: Target, start: number, end: number, signal?: AbortSignal): Promise<Answer> {
  const headers = { ...target.headers, range: `bytes=${start}-${end - 1}` };
  return request({ ...target, headers, signal });
}

export function tagOf({ headers }: Response): string | undefined {
  return headers.get('x-linked-etag') ?? headers.get('etag') ?? headers.get('last-modified') ?? undefined;
}

/** `bytes 5-99/1234`; undefined where the server doesn't say or another site may not see it. */
function contentRange({ headers }: Response): { start: number; end: number; total: number } | undefined {
  const found = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers.get('content-range') ?? '');
  return found ? { start: Number(found[1]), end: Number(found[2]) + 1, total: Number(found[3]) } : undefined;
}

/** A server that answers 206. */
class RangeSource implements RemoteFile {
  readonly name: string;
  readonly size: number;
  readonly tag: string | undefined;
  readonly #target: Target;
  /** What opening brought. */
  #first: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  constructor(target: Target, size: number, tag: string | undefined) {
    this.name = target.name;
    this.size = size;
    this.tag = tag;
    this.#target = target;
  }

  /** Takes the beginning in from the answer that opened the file. */
  async begin(answer: Answer, signal: AbortSignal | undefined): Promise<void> {
    this.#first = await this.#fetch(0, Math.min(FIRST_BYTES, this.size), signal, undefined, answer);
  }

  async read(
    start: number,
    end: number,
    signal?: AbortSignal,
    onBytes?: OnBytes,
  ): Promise<Uint8Array<ArrayBuffer>> {
    checkRange(this, start, end);
    if (end <= this.#first.byteLength) return this.#first.slice(start, end);
    return this.#fetch(start, end, signal, onBytes);
  }

  /** Bytes [start, end), over as many connections as it takes. */
  async #fetch(
    start: number,
    end: number,
    signal: AbortSignal | undefined,
    onBytes: OnBytes | undefined,
    opened?: Answer,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const { retry } = this.#target;
    const bytes = new Uint8Array(end - start);
    let got = 0;
    for (let tried = 1; ; tried++) {
      const answer = tried === 1 && opened ? opened : await askRange(this.#target, start + got, end, signal);
      this.#checkAnswer(answer, start + got, end);
      const before = got;
      const broken = await drain(answer, { signal, retry }, (piece) => {
        if (got + piece.byteLength > bytes.byteLength) {
          throw new NetworkError(
            `${this.name}: expected ${bytes.byteLength} bytes, got more: the server lies about the length`,
          );
        }
        bytes.set(piece, got);
        got += piece.byteLength;
        onBytes?.(piece.byteLength);
      });
      if (got === bytes.byteLength) return bytes;
      throwIfCancelled(signal);
      if (tried >= retry.resumes) {
        throw new NetworkError(
          `${this.name}: the download broke off (${broken ?? 'it ended early'}): expected ${bytes.byteLength} bytes, got ${got} in ${tried} tries: try again`,
        );
      }
      await pause(backoff(retry, got > before ? 1 : tried), signal);
    }
  }

  /** The answer must be about these bytes of this file. */
  #checkAnswer(answer: Answer, start: number, end: number): void {
    const { response } = answer;
    const fail = (what: string): never => {
      drop(answer);
      throw new NetworkError(`${this.name}: ${what}`);
    };
    if (response.status === 416) {
      fail(`there is nothing from byte ${start} on, though it was said to have ${this.size}: the server lies about the length, or the file was changed: try again`); // prettier-ignore
    }
    if (response.status !== 206) fail('the server stopped giving ranges: try again');
    const range = contentRange(response);
    if (range && (range.start !== start || range.end > end)) {
      fail(`expected bytes [${start}, ${end}), got [${range.start}, ${range.end}): try again`);
    }
    const tag = tagOf(response);
    if (
      (range && range.total !== this.size) ||
      (tag !== undefined && this.tag !== undefined && tag !== this.tag)
    ) {
      fail('the file was changed on the server meanwhile: open the model again');
    }
  }
}

/** Bytes in all of a file whose first range came without saying so. */
async function sizeByHead(target: Target, signal?: AbortSignal): Promise<number> {
  const answer = await request({ ...target, method: 'HEAD', signal });
  drop(answer);
  const length = answer.response.headers.get('content-length');
  if (answer.response.status !== 200 || length === null || !/^\d+$/.test(length)) {
    throw new NetworkError(
      `${target.name}: the server sent a range without saying of what: it must send Content-Range, and allow other sites to see it (Access-Control-Expose-Headers)`,
    );
  }
  return Number(length);
}

/** @throws {NotFoundError}, {@link NetworkError}, {@link FormatError} for a file that can't be held. */
export async function openHttp(
  name: string,
  url: URL,
  access: HttpAccess = {},
  signal?: AbortSignal,
): Promise<RemoteFile> {
  const target: Target = {
    name,
    url,
    retry: { ...RETRY, ...access.retry },
    ...(access.headers && { headers: access.headers }),
    refusal: access.refusal,
    cache: access.cache,
  };
  const answer = await askRange(target, 0, FIRST_BYTES, signal);
  const { response } = answer;
  const tag = tagOf(response);
  if (response.headers.get('content-type')?.startsWith('text/html')) {
    drop(answer);
    throw new NotFoundError(`${name}: the server answered with a web page, not with the file`);
  }
  if (response.status === 416) {
    drop(answer); // an empty file has no first byte
    return Object.assign(new MemorySource(name, new Uint8Array(0)), { tag });
  }
  if (response.status !== 206) return openWhole(target, answer, tag, signal);
  const size = contentRange(response)?.total ?? (await sizeByHead(target, signal));
  if (!Number.isSafeInteger(size)) {
    drop(answer);
    throw new FormatError(`${name}: ${size} bytes: no file has that many`);
  }
  const source = new RangeSource(target, size, tag);
  await source.begin(answer, signal);
  return source;
}

/** A model's files under one address. `folder` ends with a slash. */
export function httpFiles(id: string, folder: URL, access: HttpAccess = {}): RemoteFiles {
  return {
    id,
    origin: folder.origin,
    pinned: false,
    open: (file, signal) => openHttp(`${id}/${file}`, new URL(file, folder), access, signal),
  };
}

/** The files at an address: of a folder, or of one `.gguf` file. @returns undefined for what is no address. */
export function addressFiles(source: string, access: HttpAccess = {}): RemoteFiles | undefined {
  if (!/^https?:\/\//.test(source) || !URL.canParse(source)) return undefined;
  const url = new URL(source);
  if (/\.gguf$/i.test(url.pathname)) {
    const file = url.pathname.slice(url.pathname.lastIndexOf('/') + 1);
    const open: RemoteFiles['open'] = (_, signal) => openHttp(source, url, access, signal);
    return { id: source, origin: url.origin, pinned: false, gguf: decodeURIComponent(file), open };
  }
  return httpFiles(source, new URL(source.endsWith('/') ? source : `${source}/`), access);
}
