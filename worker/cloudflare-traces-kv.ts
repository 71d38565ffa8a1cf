/**
 * Traces in Cloudflare KV, for accounts without R2: the key `trace:ID` holds the trace, its metadata the rest. A key
 * `blocked:ID`, whatever its value, blocks an id.
 *
 * KV has no conditional writes and takes up to a minute to tell all data centres. So of identical uploads at the same
 * moment each may be answered as the first, and only the last one's token deletes; and what was deleted or blocked can
 * be read elsewhere for a minute. R2 has neither gap.
 */
import { sameHash } from './delete-token.ts';
import type { TraceRecord, TraceState, TraceStore } from './ports.ts';

type Metadata = Omit<TraceRecord, 'bytes'>;

/** Seconds: KV refuses less. */
const SHORTEST = 60;

export class KvTraces implements TraceStore {
  readonly #kv: KVNamespace;
  readonly #clock: () => number;

  constructor(kv: KVNamespace, clock: () => number = Date.now) {
    this.#kv = kv;
    this.#clock = clock;
  }

  async get(id: string): Promise<TraceState> {
    const [{ value, metadata }, blocked] = await Promise.all([
      this.#kv.getWithMetadata<Metadata>(`trace:${id}`, 'arrayBuffer'),
      this.#blocked(id),
    ]);
    if (blocked) return 'blocked';
    if (value === null || !this.#alive(metadata)) return 'absent';
    return { bytes: new Uint8Array(value), ...recordOf(metadata) };
  }

  async put(id: string, record: TraceRecord): Promise<'stored' | 'present' | 'blocked'> {
    const state = await this.#state(id);
    if (state === 'blocked') return 'blocked';
    if (state !== undefined) return 'present';
    const { bytes, ...metadata } = record;
    const seconds = Math.ceil(((record.expiresAt ?? 0) - this.#clock()) / 1000);
    await this.#kv.put(`trace:${id}`, bytes, {
      metadata,
      ...(record.expiresAt === undefined ? {} : { expirationTtl: Math.max(seconds, SHORTEST) }),
    });
    return 'stored';
  }

  async delete(id: string, deleteTokenHash: string): Promise<'deleted' | 'refused' | 'absent' | 'blocked'> {
    const [metadata, blocked] = await Promise.all([this.#metadata(id), this.#blocked(id)]);
    if (!this.#alive(metadata)) return blocked ? 'blocked' : 'absent';
    if (!sameHash(metadata.deleteTokenHash, deleteTokenHash)) return 'refused';
    await this.#kv.delete(`trace:${id}`);
    return 'deleted';
  }

  /** Undefined when there is nothing, or nothing any more. */
  async #state(id: string): Promise<Metadata | 'blocked' | undefined> {
    const [metadata, blocked] = await Promise.all([this.#metadata(id), this.#blocked(id)]);
    if (blocked) return 'blocked';
    return this.#alive(metadata) ? metadata : undefined;
  }

  /** KV gives no metadata without the value. */
  async #metadata(id: string): Promise<Metadata | null> {
    return (await this.#kv.getWithMetadata<Metadata>(`trace:${id}`, 'arrayBuffer')).metadata;
  }

  async #blocked(id: string): Promise<boolean> {
    return (await this.#kv.get(`blocked:${id}`, 'arrayBuffer')) !== null;
  }

  #alive(metadata: Metadata | null): metadata is Metadata {
    return metadata !== null && (metadata.expiresAt === undefined || metadata.expiresAt > this.#clock());
  }
}

function recordOf({ deleteTokenHash, storedAt, expiresAt }: Metadata): Metadata {
  return { deleteTokenHash, storedAt, expiresAt };
}
