/** The pieces of one model on this device: finds, reads, checks and writes them. */
import { messageOf } from '../shared/errors.ts';
import { sha256 } from '../shared/sha256.ts';
import {
  bytesKey,
  fileKey,
  listKey,
  markUsed,
  parseBytesKey,
  readEntry,
  writeEntry,
  type KeptCache,
  type KeptStorage,
} from './kept-storage.ts';

/** Pieces that may wait to be written; each is held in memory. */
const WRITES = 2;

const HASH = 'x-sha256';

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** What is known of a file without asking: its size and its server's mark, or that it isn't there. */
export type Known = { readonly size: number; readonly tag: string | undefined } | 'missing';

export class Keeper {
  readonly #cache: KeptCache;
  readonly #spans = new Map<string, Span[]>();
  readonly #writes = new Set<Promise<void>>();
  /** Why nothing is kept any more; undefined while all is well. */
  note: string | undefined;

  private constructor(cache: KeptCache) {
    this.#cache = cache;
  }

  static async open(storage: KeptStorage, name: string): Promise<Keeper> {
    const cache = await storage.open(name);
    const keeper = new Keeper(cache);
    for (const { url } of await cache.keys()) {
      const range = parseBytesKey(url);
      if (range) keeper.#spansOf(range.file).push(range);
    }
    await keeper.#try(() => markUsed(cache));
    return keeper;
  }

  #spansOf(file: string): Span[] {
    const spans = this.#spans.get(file) ?? [];
    this.#spans.set(file, spans);
    return spans;
  }

  /** Writes; a full device ends all keeping, and the reader is told. */
  async #try(write: () => Promise<void>): Promise<boolean> {
    if (this.note !== undefined) return false;
    try {
      await write();
      return true;
    } catch (error) {
      const full = error instanceof Error && error.name === 'QuotaExceededError';
      this.note = full
        ? 'This device has no room to keep the model: it is downloaded again next time. Delete other models, or free disk space.'
        : `This browser does not keep the model (${messageOf(error)}): it is downloaded again next time.`;
      return false;
    }
  }

  async known(file: string): Promise<Known | undefined> {
    const entry = await readEntry(this.#cache, fileKey(file));
    if (entry?.['missing'] === true) return 'missing';
    const { size, tag } = entry ?? {};
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return undefined;
    return { size, tag: typeof tag === 'string' ? tag : undefined };
  }

  async remember(file: string, known: Known): Promise<void> {
    await this.#try(() =>
      writeEntry(this.#cache, fileKey(file), known === 'missing' ? { missing: true } : known),
    );
  }

  async list(): Promise<readonly string[] | undefined> {
    const files = (await readEntry(this.#cache, listKey))?.['files'];
    return Array.isArray(files) ? files.filter((name) => typeof name === 'string') : undefined;
  }

  async rememberList(files: readonly string[]): Promise<void> {
    await this.#try(() => writeEntry(this.#cache, listKey, { files }));
  }

  /** The file is another one now. */
  async forget(file: string): Promise<void> {
    for (const { start, end } of this.#spansOf(file)) await this.#cache.delete(bytesKey(file, start, end));
    this.#spans.delete(file);
    await this.#cache.delete(fileKey(file));
  }

  /** The kept piece that holds byte `at`, and where the next one begins. */
  find(file: string, at: number): { span: Span | undefined; next: number } {
    let span: Span | undefined;
    let next = Infinity;
    for (const s of this.#spansOf(file)) {
      if (s.start <= at && at < s.end && (!span || s.end > span.end)) span = s;
      if (s.start > at) next = Math.min(next, s.start);
    }
    return { span, next };
  }

  /** A piece; undefined when it has gone or is damaged: then it is struck off. */
  async read(file: string, span: Span): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const key = bytesKey(file, span.start, span.end);
    try {
      const response = await this.#cache.match(key);
      const bytes = response && new Uint8Array(await response.arrayBuffer());
      if (
        bytes?.byteLength === span.end - span.start &&
        (await sha256(bytes)) === response?.headers.get(HASH)
      ) {
        return bytes;
      }
    } catch {
      // As good as gone.
    }
    this.#spans.set(
      file,
      this.#spansOf(file).filter((s) => s !== span),
    );
    await this.#cache.delete(key).catch(() => false);
    return undefined;
  }

  /** Keeps a piece, while the caller goes on; waits only when too many wait already. */
  async write(file: string, start: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.note !== undefined || bytes.byteLength === 0) return;
    const span = { start, end: start + bytes.byteLength };
    const writing = this.#try(async () => {
      const headers = { [HASH]: await sha256(bytes), 'content-type': 'application/octet-stream' };
      await this.#cache.put(bytesKey(file, span.start, span.end), new Response(bytes, { headers }));
      this.#spansOf(file).push(span);
    }).then(() => undefined);
    this.#writes.add(writing);
    void writing.finally(() => this.#writes.delete(writing));
    if (this.#writes.size > WRITES) await Promise.race(this.#writes);
  }
}
