/** What every store of traces must do, whatever it stands on. */
import { describe, expect, it } from 'vitest';
import type { TraceRecord, TraceStore } from '../../worker/ports.ts';

export interface StoreUnderTest {
  readonly store: TraceStore;
  /** Sets the store's clock, milliseconds since 1970. */
  setClock(now: number): Promise<void>;
  /** What an operator does by the platform's own tool. */
  block(id: string): Promise<void>;
  /** Lets the n-th next write throw, 1 is the next; 0: none does. */
  failWrite(n: number): Promise<void>;
  /** Entries of any kind that the platform holds. */
  entries(): Promise<number>;
  /** Whether of several writes at once only one wins. */
  readonly atomic: boolean;
}

const HASH = 'cd'.repeat(32);
const OTHER = 'ce'.repeat(32);

let count = 0;
function freshId(): string {
  return (count++).toString(16).padStart(64, '0');
}

function record(size: number, expiresAt?: number, deleteTokenHash = HASH): TraceRecord {
  const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8)) & 255);
  return { bytes, deleteTokenHash, storedAt: Date.now(), expiresAt };
}

export function traceStoreCases(underTest: () => StoreUnderTest): void {
  const store = (): TraceStore => underTest().store;

  // Below, at and over what one value of Deno KV holds, and the largest.
  it.each([1, 61_439, 61_440, 61_441, 65_536, 2 * 1024 * 1024])(
    'gives %i bytes back as they were',
    async (size) => {
      const id = freshId();
      expect(await store().get(id)).toBe('absent');
      const kept = record(size, Date.now() + 86_400_000);
      expect(await store().put(id, kept)).toBe('stored');
      const got = await store().get(id);
      if (typeof got === 'string') throw new Error(`expected a record, got ${got}`);
      expect(Buffer.compare(got.bytes, kept.bytes)).toBe(0);
      expect({ ...got, bytes: undefined }).toEqual({ ...kept, bytes: undefined });
    },
  );

  it('keeps a trace for ever when it has no expiry', async () => {
    const id = freshId();
    await store().put(id, record(10));
    await underTest().setClock(Date.now() + 1000 * 86_400_000);
    expect(await store().get(id)).toMatchObject({ deleteTokenHash: HASH });
    await underTest().setClock(Date.now());
  });

  it('never replaces what is there', async () => {
    const id = freshId();
    await store().put(id, record(10));
    expect(await store().put(id, record(10, undefined, OTHER))).toBe('present');
    expect(await store().get(id)).toMatchObject({ deleteTokenHash: HASH });
  });

  it('holds nothing past its expiry, and takes it again then', async () => {
    const id = freshId();
    const expiresAt = Date.now() + 3_600_000;
    await store().put(id, record(100_000, expiresAt));
    await underTest().setClock(expiresAt - 1);
    expect(await store().get(id)).toMatchObject({ expiresAt });
    await underTest().setClock(expiresAt);
    expect(await store().get(id)).toBe('absent');
    expect(await store().delete(id, HASH)).toBe('absent');
    expect(await store().put(id, record(100_000, expiresAt + 7_200_000, OTHER))).toBe('stored');
    expect(await store().get(id)).toMatchObject({ deleteTokenHash: OTHER });
    await underTest().setClock(Date.now());
  });

  it('deletes with the token only, and wholly', async () => {
    const id = freshId();
    const before = await underTest().entries();
    await store().put(id, record(200_000));
    for (const wrong of [OTHER, '', HASH.slice(1), `${HASH}0`])
      expect(await store().delete(id, wrong)).toBe('refused');
    expect(await store().get(id)).toMatchObject({ deleteTokenHash: HASH });
    expect(await store().delete(id, HASH)).toBe('deleted');
    expect(await store().get(id)).toBe('absent');
    expect(await store().delete(id, HASH)).toBe('absent');
    expect(await underTest().entries()).toBe(before);
    expect(await store().put(id, record(10))).toBe('stored');
  });

  it('gives nothing of a blocked id and takes nothing, but its owner may delete', async () => {
    const [kept, empty] = [freshId(), freshId()];
    await store().put(kept, record(100));
    for (const id of [kept, empty]) await underTest().block(id);
    expect([await store().get(kept), await store().get(empty)]).toEqual(['blocked', 'blocked']);
    expect(await store().put(empty, record(10))).toBe('blocked');
    expect(await store().delete(empty, HASH)).toBe('blocked');
    expect(await store().delete(kept, OTHER)).toBe('refused');
    expect(await store().delete(kept, HASH)).toBe('deleted');
    expect(await store().put(kept, record(100))).toBe('blocked');
  });

  it('of uploads at once stores one', async ({ skip }) => {
    skip(!underTest().atomic, 'the platform has no conditional writes');
    const before = await underTest().entries();
    const id = freshId();
    const expiresAt = Date.now() + 60_000;
    for (const now of [Date.now(), expiresAt]) {
      await underTest().setClock(now);
      const hashes = Array.from({ length: 5 }, (_, i) => `${(now + i) % 10}`.repeat(64));
      const outcomes = await Promise.all(
        hashes.map((hash) =>
          store().put(id, record(150_000, now === expiresAt ? undefined : expiresAt, hash)),
        ),
      );
      expect([...outcomes].sort()).toEqual(['present', 'present', 'present', 'present', 'stored']);
      expect(await store().get(id)).toMatchObject({ deleteTokenHash: hashes[outcomes.indexOf('stored')] });
    }
    await underTest().setClock(Date.now());
    await store().delete(id, ((await store().get(id)) as TraceRecord).deleteTokenHash);
    expect(await underTest().entries()).toBe(before);
  });

  describe('that fails half-way', () => {
    it.each([1, 2, 3, 4, 5])('at write %i shows nothing, and a second try works', async (n) => {
      const id = freshId();
      await underTest().failWrite(n);
      const outcome = await store()
        .put(id, record(150_000))
        .catch(() => 'failed');
      await underTest().failWrite(0);
      if (outcome === 'failed') {
        expect(await store().get(id)).toBe('absent');
        expect(await store().put(id, record(150_000))).toBe('stored');
      } else expect(n).toBeGreaterThan(1); // it needs fewer writes than n
      expect(await store().get(id)).toMatchObject({ deleteTokenHash: HASH });
    });

    it.each([1, 2, 3, 4, 5, 6, 7])('at write %i over an expired trace, too', async (n) => {
      const id = freshId();
      const expiresAt = Date.now() + 3_600_000;
      await store().put(id, record(150_000, expiresAt, OTHER));
      await underTest().setClock(expiresAt);
      await underTest().failWrite(n);
      const outcome = await store()
        .put(id, record(150_000))
        .catch(() => 'failed');
      await underTest().failWrite(0);
      if (outcome === 'failed') {
        expect(await store().get(id)).toBe('absent');
        expect(await store().put(id, record(150_000))).toBe('stored');
      } else expect(outcome).toBe('stored');
      expect(await store().get(id)).toMatchObject({ deleteTokenHash: HASH });
      await underTest().setClock(Date.now());
    });

    it('leaves nothing for good', async () => {
      /** What an upload two hours later sweeps away. */
      const later = async (): Promise<void> => {
        await underTest().setClock(Date.now() + 2 * 3_600_000);
        const next = freshId();
        await store().put(next, record(10));
        await store().delete(next, HASH);
        await underTest().setClock(Date.now());
      };
      await later(); // the cases before this one
      const before = await underTest().entries();
      const id = freshId();
      await underTest().failWrite(3);
      await store()
        .put(id, record(150_000))
        .catch(() => 'failed');
      await underTest().failWrite(0);
      await later();
      // Where three writes are more than it takes, it was stored.
      await store().delete(id, HASH);
      expect(await underTest().entries()).toBe(before);
    });
  });
}
