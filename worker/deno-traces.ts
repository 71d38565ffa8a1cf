/**
 * Traces in Deno KV, whose values hold 64 KiB at most: the bytes are cut into chunks under a random name, and one head
 * record makes them a trace. Chunks are written first, the head last, in one atomic step: what breaks off half-way is
 * never seen.
 *
 * `['trace', ID]` is the head; `['trace chunk', NAME, i]` are its chunks; `['trace orphans', NAME]` names chunks that no
 * head points to (an upload under way, a deletion or a replacement not finished), for the sweep that every upload begins with.
 * `['blocked', ID]` blocks an id.
 */
import { sameHash } from './delete-token.ts';
import type { TraceRecord, TraceState, TraceStore } from './ports.ts';

/** Bytes of a chunk: what a value may hold, with room for how it is packed. */
const CHUNK = 60 * 1024;
/** Milliseconds after which an upload isn't under way any more. */
const ABANDONED = 3600 * 1000;
/** Orphans that one upload clears away. */
const SWEEP = 10;
/** Keys that one transaction deletes. */
const BATCH = 100;

interface Head extends Omit<TraceRecord, 'bytes'> {
  /** Random name of its chunks. */
  readonly name: string;
  readonly chunks: number;
  /** Bytes. */
  readonly size: number;
}

interface Orphans {
  readonly since: number;
  readonly chunks: number;
}

export class DenoTraces implements TraceStore {
  readonly #kv: Deno.Kv;
  readonly #clock: () => number;

  constructor(kv: Deno.Kv, clock: () => number = Date.now) {
    this.#kv = kv;
    this.#clock = clock;
  }

  async get(id: string): Promise<TraceState> {
    const { head, blocked } = await this.#look(id);
    if (blocked) return 'blocked';
    if (head.value === null || this.#expired(head.value)) return 'absent';
    const { name, chunks, size, ...about } = head.value;
    const bytes = new Uint8Array(size);
    let at = 0;
    const entries = this.#kv.list<Uint8Array>({ prefix: ['trace chunk', name] }, { batchSize: 16 });
    for await (const { value } of entries) {
      if (at + value.byteLength > size) break;
      bytes.set(value, at);
      at += value.byteLength;
    }
    if (at === size) return { bytes, ...about };
    // Deleted while it was read, or else something is wrong.
    if ((await this.#kv.get(head.key)).versionstamp !== head.versionstamp) return 'absent';
    throw new Error(`traces: expected ${size} bytes in ${chunks} chunks, got ${at}`);
  }

  async put(id: string, record: TraceRecord): Promise<'stored' | 'present' | 'blocked'> {
    await this.#sweep();
    const { head, blocked } = await this.#look(id);
    if (blocked) return 'blocked';
    if (head.value !== null && !this.#expired(head.value)) return 'present';

    const { bytes, ...about } = record;
    const name = crypto.randomUUID();
    const chunks = Math.ceil(bytes.byteLength / CHUNK);
    // Chunks outlive their head a little, so that a reader who has just seen it finds them.
    const [headLife, chunkLife] = [0, ABANDONED].map((more) =>
      record.expiresAt === undefined
        ? {}
        : { expireIn: Math.max(1, record.expiresAt - this.#clock()) + more },
    );
    await this.#kv.set(['trace orphans', name], { since: this.#clock(), chunks } satisfies Orphans);
    for (let i = 0; i < chunks; i++) {
      await this.#kv.set(['trace chunk', name, i], bytes.slice(i * CHUNK, (i + 1) * CHUNK), chunkLife);
    }
    const value: Head = { ...about, name, chunks, size: bytes.byteLength };
    const step = this.#kv.atomic().check(head).set(head.key, value, headLife).delete(['trace orphans', name]);
    // An expired trace that the platform still holds: with its head its chunks lose their name.
    const old = head.value;
    if (old) step.set(['trace orphans', old.name], { since: 0, chunks: old.chunks } satisfies Orphans);
    const { ok } = await step.commit();
    const left = ok ? old : value;
    if (left) await this.#tidy(left);
    return ok ? 'stored' : 'present';
  }

  async delete(id: string, deleteTokenHash: string): Promise<'deleted' | 'refused' | 'absent' | 'blocked'> {
    const { head, blocked } = await this.#look(id);
    if (head.value === null || this.#expired(head.value)) return blocked ? 'blocked' : 'absent';
    if (!sameHash(head.value.deleteTokenHash, deleteTokenHash)) return 'refused';
    const { name, chunks } = head.value;
    const { ok } = await this.#kv
      .atomic()
      .check(head)
      .delete(head.key)
      .set(['trace orphans', name], { since: 0, chunks } satisfies Orphans)
      .commit();
    if (!ok) return 'absent';
    await this.#tidy(head.value);
    return 'deleted';
  }

  async #look(id: string): Promise<{ head: Deno.KvEntryMaybe<Head>; blocked: boolean }> {
    const [head, blocked] = await this.#kv.getMany<[Head, unknown]>([
      ['trace', id],
      ['blocked', id],
    ]);
    return { head, blocked: blocked.versionstamp !== null };
  }

  /** Takes away what uploads and deletions that broke off have left. */
  async #sweep(): Promise<void> {
    const left = this.#kv.list<Orphans>({ prefix: ['trace orphans'] }, { limit: SWEEP });
    for await (const { key, value } of left) {
      const [, name] = key;
      if (typeof name === 'string' && value.since + ABANDONED < this.#clock()) {
        await this.#clear(name, value.chunks);
      }
    }
  }

  /** Clears what is done with. A failure changes no answer: the sweep comes to it another time. */
  async #tidy({ name, chunks }: Head): Promise<void> {
    await this.#clear(name, chunks).catch(() => undefined);
  }

  /** Chunks first, their name last: what breaks off is swept another time. */
  async #clear(name: string, chunks: number): Promise<void> {
    for (let from = 0; from < chunks; from += BATCH) {
      const batch = this.#kv.atomic();
      for (let i = from; i < Math.min(from + BATCH, chunks); i++) batch.delete(['trace chunk', name, i]);
      await batch.commit();
    }
    await this.#kv.delete(['trace orphans', name]);
  }

  #expired({ expiresAt }: Head): boolean {
    return expiresAt !== undefined && expiresAt <= this.#clock();
  }
}
