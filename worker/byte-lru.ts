/** What an isolate keeps in memory: the most recently used values, bounded in bytes. */

interface Entry<V> {
  readonly value: V;
  readonly bytes: number;
}

export class ByteLru<V> {
  /** Bytes. */
  readonly limit: number;
  /** Oldest first: a Map keeps the order of insertion. */
  readonly #entries = new Map<string, Entry<V>>();
  #bytes = 0;

  /** @param limit bytes; 0 keeps nothing. */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** Bytes of what is kept. */
  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** What is larger than the limit by itself is not kept, and drives nothing out. */
  set(key: string, value: V, bytes: number): void {
    this.delete(key);
    if (bytes > this.limit) return;
    this.#entries.set(key, { value, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.limit) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0;
    this.#entries.delete(key);
  }
}
