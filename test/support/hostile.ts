/**
 * Hostile input as fast-check makes it: the same in every run unless FUZZ_SEED says otherwise; a failing case is shrunk
 * and printed with the seed and the path that bring it back, as `{ seed, path }` beside `numRuns`.
 */
import { getHeapStatistics } from 'node:v8';
import fc from 'fast-check';

/** Of each kind of input. */
export const CASES = { numRuns: 10_000 } as const;

/** What sizes, counts and offsets lie with. */
export const LYING_NUMBERS = [
  ...[0n, 1n, 2n, 7n, 255n, 2n ** 31n],
  ...[2n ** 32n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n],
] as const;

type Bytes = Uint8Array<ArrayBuffer>;
type Edit = (bytes: Bytes) => Bytes;

function spliced(bytes: Bytes, at: number, gone: number, put: Uint8Array): Bytes {
  const tail = bytes.subarray(at + gone);
  const out = new Uint8Array(at + put.length + tail.length);
  out.set(bytes.subarray(0, at));
  out.set(put, at);
  out.set(tail, at + put.length);
  return out;
}

/** Changes that leave bytes alone which an earlier one has cut off. */
function edits(length: number, headerBytes: number): fc.Arbitrary<Edit> {
  const at = fc.oneof(
    { weight: 4, arbitrary: fc.nat(Math.min(headerBytes, length) - 1) },
    { weight: 1, arbitrary: fc.nat(length - 1) },
  );
  const number = fc.constantFrom(...LYING_NUMBERS);
  const stretch = fc.integer({ min: 1, max: 24 });
  const inside =
    (i: number, size: number, change: Edit): Edit =>
    (bytes) =>
      i + size <= bytes.length ? change(bytes) : bytes;
  const view = ({ buffer }: Bytes): DataView => new DataView(buffer);
  return fc.oneof(
    {
      weight: 3,
      arbitrary: fc.tuple(at, fc.nat(255)).map(([i, x]) => inside(i, 1, (b) => b.fill(x, i, i + 1))),
    },
    fc.tuple(at, number).map(([i, x]) => inside(i, 8, (b) => (view(b).setBigUint64(i, x, true), b))),
    fc
      .tuple(at, number)
      .map(([i, x]) => inside(i, 4, (b) => (view(b).setUint32(i, Number(x & 0xffffffffn), true), b))),
    fc.tuple(at, stretch).map(([i, n]) => inside(i, n, (b) => spliced(b, i, n, new Uint8Array(0)))),
    fc.tuple(at, stretch).map(([i, n]) => inside(i, n, (b) => spliced(b, i, 0, b.slice(i, i + n)))),
    fc.tuple(at, at, stretch).map(([i, from, n]) => inside(i, n, (b) => b.copyWithin(i, from, from + n))),
    at.map((i) => inside(i, 0, (b) => b.slice(0, i))),
  );
}

/** A good file with up to three changes: bytes, numbers, stretches gone, doubled or moved, the end cut off. */
export function damaged(good: Bytes, headerBytes: number): fc.Arbitrary<Bytes> {
  return fc
    .array(edits(good.length, headerBytes), { minLength: 1, maxLength: 3 })
    .map((changes) => changes.reduce((bytes, change) => change(bytes), good.slice()));
}

/** Bytes of buffers that a task asked for and that are not collected yet: a lie of 2³¹ shows here. */
export async function bufferBytes(task: () => Promise<void>): Promise<number> {
  const before = getHeapStatistics().external_memory;
  await task();
  return getHeapStatistics().external_memory - before;
}
