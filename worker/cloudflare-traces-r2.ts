/**
 * Traces in Cloudflare R2: the object `traces/ID` is the trace itself, what else is known of it stands in its custom
 * metadata. R2 is strongly consistent and takes conditional writes, so of several uploads at once one stores.
 *
 * R2 forgets nothing by itself: expiry is checked here, and a lifecycle rule on the prefix `traces/` with TRACE_DAYS
 * (docs/deploy.md) takes the bytes away. An object `blocked/ID`, whatever is in it, blocks an id.
 */
import { sameHash } from './delete-token.ts';
import type { TraceRecord, TraceState, TraceStore } from './ports.ts';

export class R2Traces implements TraceStore {
  readonly #bucket: R2Bucket;
  readonly #clock: () => number;

  constructor(bucket: R2Bucket, clock: () => number = Date.now) {
    this.#bucket = bucket;
    this.#clock = clock;
  }

  async get(id: string): Promise<TraceState> {
    const [object, blocked] = await Promise.all([this.#bucket.get(objectOf(id)), this.#blocked(id)]);
    // Read even when it isn't given: a stream that nobody reads holds its connection.
    const bytes = object && new Uint8Array(await object.arrayBuffer());
    if (blocked) return 'blocked';
    if (!bytes) return 'absent';
    const about = metadataOf(object);
    return this.#expired(about.expiresAt) ? 'absent' : { bytes, ...about };
  }

  async put(id: string, record: TraceRecord): Promise<'stored' | 'present' | 'blocked'> {
    const [there, blocked] = await Promise.all([this.#bucket.head(objectOf(id)), this.#blocked(id)]);
    if (blocked) return 'blocked';
    if (there && !this.#expired(metadataOf(there).expiresAt)) return 'present';
    const stored = await this.#bucket.put(objectOf(id), record.bytes, {
      // Of an expired one only the one that was seen: equal traces have equal tags, the time tells them apart.
      onlyIf: there ? { uploadedBefore: new Date(there.uploaded.getTime() + 1) } : { etagDoesNotMatch: '*' },
      httpMetadata: { contentType: 'application/vnd.residscope.trace+json' },
      customMetadata: {
        deleteTokenHash: record.deleteTokenHash,
        storedAt: String(record.storedAt),
        ...(record.expiresAt === undefined ? {} : { expiresAt: String(record.expiresAt) }),
      },
    });
    // Null when the condition failed.
    return stored ? 'stored' : 'present';
  }

  async delete(id: string, deleteTokenHash: string): Promise<'deleted' | 'refused' | 'absent' | 'blocked'> {
    const [there, blocked] = await Promise.all([this.#bucket.head(objectOf(id)), this.#blocked(id)]);
    if (!there || this.#expired(metadataOf(there).expiresAt)) return blocked ? 'blocked' : 'absent';
    if (!sameHash(metadataOf(there).deleteTokenHash, deleteTokenHash)) return 'refused';
    await this.#bucket.delete(objectOf(id));
    return 'deleted';
  }

  async #blocked(id: string): Promise<boolean> {
    return (await this.#bucket.head(`blocked/${id}`)) !== null;
  }

  #expired(expiresAt: number | undefined): boolean {
    return expiresAt !== undefined && expiresAt <= this.#clock();
  }
}

function objectOf(id: string): string {
  return `traces/${id}`;
}

/** What is put in by hand, without metadata, is kept and nobody's token deletes it. */
function metadataOf({ customMetadata = {}, uploaded }: R2Object): Omit<TraceRecord, 'bytes'> {
  const { deleteTokenHash = '', storedAt, expiresAt } = customMetadata;
  return {
    deleteTokenHash,
    storedAt: storedAt === undefined ? uploaded.getTime() : Number(storedAt),
    expiresAt: expiresAt === undefined ? undefined : Number(expiresAt),
  };
}
