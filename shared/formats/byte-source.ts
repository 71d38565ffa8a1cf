/** The byte-range port: weight formats are read through it, whatever is behind (HTTP, a file, memory). */
import { FormatError } from '../errors.ts';

/** Told while a read goes on: so many more bytes have arrived. A source that has them all at once need not tell. */
export type OnBytes = (bytes: number) => void;

export interface ByteSource {
  /** For messages: `fable-4m/model.safetensors`. */
  readonly name: string;
  /** Bytes in all. */
  readonly size: number;
  /** Reading again costs no network: memory, a disk, what the device keeps. Missing: it does. */
  readonly local?: boolean;
  /**
   * Bytes [start, end). Gives exactly `end − start` bytes or throws.
   *
   * @param onBytes its calls add up to `end − start` at most.
   * @throws {FormatError} when the range reaches past the end.
   * @throws {NetworkError} when a server fails.
   */
  read(start: number, end: number, signal?: AbortSignal, onBytes?: OnBytes): Promise<Uint8Array<ArrayBuffer>>;
}

/** @throws {FormatError} `name: bytes [a, b) reach past the end (c bytes)` */
export function checkRange(source: { name: string; size: number }, start: number, end: number): void {
  if (!(Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start <= end)) {
    throw new FormatError(`${source.name}: not a byte range: [${start}, ${end})`);
  }
  if (end > source.size) {
    throw new FormatError(
      `${source.name}: bytes [${start}, ${end}) reach past the end (${source.size} bytes): the file is cut off or its header lies. Fetch it again.`,
    );
  }
}

/** Bytes already in memory. */
export class MemorySource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly local = true;
  readonly #bytes: Uint8Array<ArrayBuffer>;

  constructor(name: string, bytes: Uint8Array<ArrayBuffer>) {
    this.name = name;
    this.size = bytes.byteLength;
    this.#bytes = bytes;
  }

  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    checkRange(this, start, end);
    return Promise.resolve(this.#bytes.subarray(start, end));
  }
}
