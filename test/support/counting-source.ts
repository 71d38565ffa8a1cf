/** A source in memory that counts what is read of it, and heeds the signal. */
import { MemorySource, type ByteSource } from '../../shared/formats/byte-source.ts';

export class CountingSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #inner: MemorySource;
  bytes = 0;

  constructor(name: string, bytes: Uint8Array<ArrayBuffer>) {
    this.name = name;
    this.size = bytes.length;
    this.#inner = new MemorySource(name, bytes);
  }

  read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    signal?.throwIfAborted();
    this.bytes += end - start;
    return this.#inner.read(start, end);
  }
}
