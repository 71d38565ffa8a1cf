/**
 * Reads a header front to back through the byte-range port, a page at a time, since nothing says beforehand how long
 * it is. Every length is checked against the file's size before anything is read or allocated.
 */
import { FormatError, UnsupportedError } from '../../errors.ts';
import type { ByteSource } from '../byte-source.ts';

/** Bytes of the first page; each next one is twice as long, up to the last number. */
const PAGE_BYTES = 512 * 1024;
const MAX_PAGE_BYTES = 8 * 1024 * 1024;

export class Cursor {
  readonly place: string;
  readonly #source: ByteSource;
  readonly #limit: number;
  readonly #signal: AbortSignal | undefined;
  // A byte order mark is part of a token, not a mark here.
  readonly #text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #page = new Uint8Array(0);
  #view = new DataView(this.#page.buffer);
  /** Where the page begins in the file, and the next byte to read in the page. */
  #start = 0;
  #at = 0;
  #pageBytes = PAGE_BYTES;

  /** @param limit bytes that the header may have. */
  constructor(source: ByteSource, limit: number, signal: AbortSignal | undefined) {
    this.place = source.name;
    this.#source = source;
    this.#limit = limit;
    this.#signal = signal;
  }

  /** Bytes from the beginning of the file. */
  get position(): number {
    return this.#start + this.#at;
  }

  /** Bytes of the file behind the position. */
  get left(): number {
    return this.#source.size - this.position;
  }

  /** Whether the page holds the next `bytes`: then reading them needs no {@link need}. */
  has(bytes: number): boolean {
    return this.#at + bytes <= this.#page.byteLength;
  }

  /**
   * Brings the next `bytes` into the page.
   *
   * @param what for messages: `key 3`.
   * @throws {FormatError} when the file ends before them.
   */
  async need(bytes: number, what: string): Promise<void> {
    if (this.has(bytes)) return;
    if (bytes > this.left) {
      throw new FormatError(
        `${this.place}: ${what}: expected ${bytes} bytes at ${this.position}, got ${this.left}: the file is cut off or its header lies. Fetch it again.`,
      );
    }
    if (this.position + bytes > this.#limit) {
      throw new UnsupportedError(
        `${this.place}: ${what}: a header of more than ${this.#limit} bytes is not read here: no known model has one`,
      );
    }
    const kept = this.#page.subarray(this.#at);
    const from = this.position + kept.byteLength;
    const to = Math.min(this.#source.size, Math.max(this.position + bytes, from + this.#pageBytes));
    this.#pageBytes = Math.min(MAX_PAGE_BYTES, this.#pageBytes * 2);
    const fresh = await this.#source.read(from, to, this.#signal);
    const page = new Uint8Array(kept.byteLength + fresh.byteLength);
    page.set(kept);
    page.set(fresh, kept.byteLength);
    this.#start = this.position;
    this.#at = 0;
    this.#page = page;
    this.#view = new DataView(page.buffer);
  }

  // What follows reads from the page: need() comes first.

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#advance(8), true);
  }

  /** The next `bytes` as a view that is good until the next {@link need}. */
  view(bytes: number): DataView {
    return new DataView(this.#page.buffer, this.#advance(bytes), bytes);
  }

  /** A string of `bytes` bytes. @throws {FormatError} when it isn't UTF-8. */
  string(bytes: number, what: string): string {
    const at = this.#advance(bytes);
    try {
      return this.#text.decode(this.#page.subarray(at, at + bytes));
    } catch (cause) {
      throw new FormatError(`${this.place}: ${what}: not UTF-8 text at ${this.position - bytes}`, { cause });
    }
  }

  #advance(bytes: number): number {
    const at = this.#at;
    this.#at += bytes;
    return at;
  }
}
