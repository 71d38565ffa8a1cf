/**
 * A file from a server that ignores ranges: one download of the whole, read while it comes. When the last who waits
 * for its bytes cancels, it stops; when it breaks off, or is wanted again, it is taken up from the last byte where the
 * server can, else from the beginning.
 */
import { CancelledError, FormatError, MemoryError, NetworkError, messageOf } from '../shared/errors.ts';
import { checkRange, type ByteSource, type OnBytes } from '../shared/formats/byte-source.ts';
import { backoff, drain, drop, pause, request, type Answer, type HttpRequest } from './http-request.ts';

/** Held in memory up to here, in bytes. */
const MAX_BYTES = 2 ** 31;

type Target = Omit<HttpRequest, 'signal'>;
type WholeFile = ByteSource & { readonly tag: string | undefined };

class WholeFileSource implements WholeFile {
  readonly name: string;
  readonly size: number;
  readonly tag: string | undefined;
  /** All that was read stays here anyway. */
  readonly local = true;
  readonly #target: Target;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #received = 0;
  #failed: Error | undefined;
  #answer: Answer | undefined;
  #pulling = false;
  readonly #waiting = new Set<() => void>();

  constructor(target: Target, answer: Answer, size: number, tag: string | undefined) {
    this.name = target.name;
    this.size = size;
    this.tag = tag;
    this.#target = target;
    this.#answer = answer;
    try {
      this.#bytes = new Uint8Array(size);
    } catch (cause) {
      drop(answer);
      throw new MemoryError(
        `${this.name}: ${size} bytes don't fit in memory, and the server gives no ranges: pick a smaller model`,
        { cause },
      );
    }
  }

  async read(
    start: number,
    end: number,
    signal?: AbortSignal,
    onBytes?: OnBytes,
  ): Promise<Uint8Array<ArrayBuffer>> {
    checkRange(this, start, end);
    let told = Math.min(end, Math.max(start, this.#received));
    while (this.#received < end) {
      if (signal?.aborted) throw new CancelledError();
      if (this.#failed) {
        const failed = this.#failed;
        this.#failed = undefined; // the next who asks tries again
        throw failed;
      }
      await this.#more(signal);
      const now = Math.min(end, Math.max(start, this.#received));
      onBytes?.(now - told);
      told = now;
    }
    return this.#bytes.subarray(start, end);
  }

  /** Resolves when more has come, the download has failed, or `signal` is aborted. */
  #more(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal?.removeEventListener('abort', wake);
        if (signal?.aborted && this.#waiting.size === 0) this.#hold();
        resolve();
      };
      this.#waiting.add(wake);
      signal?.addEventListener('abort', wake, { once: true });
      void this.#pull();
    });
  }

  /** Nobody waits: the connection ends; the next who waits takes the download up again. */
  #hold(): void {
    if (this.#answer) drop(this.#answer);
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  async #pull(): Promise<void> {
    if (this.#pulling) return;
    this.#pulling = true;
    const { retry } = this.#target;
    let why = '';
    try {
      for (let tried = 0; this.#received < this.size && this.#waiting.size > 0;) {
        const before = this.#received;
        const [answer, skip] = this.#answer ? [this.#answer, 0] : await this.#reopen();
        this.#answer = answer;
        why = (await this.#take(answer, skip)) ?? `ended at ${this.#received} of ${this.size} bytes`;
        this.#answer = undefined;
        if (this.#received >= this.size || this.#waiting.size === 0) break;
        tried += this.#received > before ? 1 : 2; // one that always breaks at the same byte gets fewer
        if (tried >= retry.resumes) throw new NetworkError(why);
        await pause(backoff(retry, this.#received > before ? 1 : tried), undefined);
      }
    } catch (cause) {
      this.#failed = new NetworkError(
        `${this.name}: the download broke off (${messageOf(cause)}): try again`,
        { cause },
      );
    } finally {
      this.#pulling = false;
      this.#wake();
    }
  }

  /** From the last byte where the server can now, else from the beginning. @returns the bytes to skip, too. */
  async #reopen(): Promise<[Answer, number]> {
    const headers = { ...this.#target.headers, range: `bytes=${this.#received}-` };
    const answer = await request({ ...this.#target, headers });
    if (answer.response.status === 200) return [answer, this.#received];
    const range = answer.response.headers.get('content-range') ?? '';
    if (answer.response.status === 206 && range.startsWith(`bytes ${this.#received}-`)) return [answer, 0];
    drop(answer);
    throw new NetworkError(`expected bytes from ${this.#received} on, got "${range}"`);
  }

  /** Takes a body in, past its first `skip` bytes. @returns why it broke off. */
  async #take(answer: Answer, skip: number): Promise<string | undefined> {
    const { retry } = this.#target;
    let left = skip;
    return drain(answer, { signal: undefined, retry }, (piece) => {
      const fresh = piece.subarray(Math.min(left, piece.byteLength));
      left -= piece.byteLength - fresh.byteLength;
      if (this.#received + fresh.byteLength > this.size) throw new NetworkError('longer than it said');
      this.#bytes.set(fresh, this.#received);
      this.#received += fresh.byteLength;
      this.#wake();
    });
  }
}

/** A body of unknown length: read to its end before anything else, because its size must be known. */
async function readAll(
  target: Target,
  answer: Answer,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const broken = await drain(answer, { signal, retry: target.retry }, (piece) => {
    length += piece.byteLength;
    if (length > MAX_BYTES) throw tooBig(target.name, `more than ${MAX_BYTES}`);
    pieces.push(piece);
  });
  if (broken !== undefined) {
    throw new NetworkError(`${target.name}: the download broke off (${broken}): try again`);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}

function tooBig(name: string, length: string): FormatError {
  return new FormatError(
    `${name}: ${length} bytes, and the server gives no ranges: a file of this size needs a server that does`,
  );
}

/** @param answer a 200, whose body is the whole file. */
export async function openWhole(
  target: Target,
  answer: Answer,
  tag: string | undefined,
  signal?: AbortSignal,
): Promise<WholeFile> {
  const { headers } = answer.response;
  // A compressed answer's length is not the file's.
  const length = headers.has('content-encoding') ? null : headers.get('content-length');
  if (length === null) return new ReadSource(target.name, await readAll(target, answer, signal), tag);
  const size = Number(length);
  if (!Number.isSafeInteger(size) || size < 0 || size > MAX_BYTES) {
    drop(answer);
    throw tooBig(target.name, length);
  }
  return new WholeFileSource(target, answer, size, tag);
}

/** A file that was read to its end. */
class ReadSource implements WholeFile {
  readonly name: string;
  readonly size: number;
  readonly local = true;
  readonly tag: string | undefined;
  readonly #bytes: Uint8Array<ArrayBuffer>;

  constructor(name: string, bytes: Uint8Array<ArrayBuffer>, tag: string | undefined) {
    this.name = name;
    this.size = bytes.byteLength;
    this.tag = tag;
    this.#bytes = bytes;
  }

  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    checkRange(this, start, end);
    return Promise.resolve(this.#bytes.subarray(start, end));
  }
}
