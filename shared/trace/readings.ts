/**
 * Checks of the numbers inside a trace's tables: ids in the vocabulary, probabilities that can be probabilities,
 * best first, ranks that exist. Axes: `row`, `pos`, `k`.
 */
import { refuse } from './check.ts';

/** Rounding of f32 sums over a vocabulary; more than that is no distribution. */
const SLACK = 1e-3;

/** The text of every id that may occur. */
export type Texts = ReadonlyMap<number, string>;

/** `place[row, pos]`, from an index and the lengths of the axes behind the first. */
export function cellPlace(place: string, index: number, ...inner: readonly number[]): string {
  const coordinates: number[] = [];
  let rest = index;
  for (const n of [...inner].reverse()) {
    coordinates.unshift(rest % n);
    rest = Math.floor(rest / n);
  }
  return `${place}[${[rest, ...coordinates].join(', ')}]`;
}

/** @param ids i32[…]; −1 stands for none. Every other one needs a text. */
export function assertIds(ids: Int32Array, texts: Texts, place: string, inner: readonly number[]): void {
  ids.forEach((id, i) => {
    if (id !== -1 && !texts.has(id)) {
      refuse(cellPlace(place, i, ...inner), 'an id that tokens.ids lists, or −1', id);
    }
  });
}

/** @param values f32[row, pos]: finite, from 0 to `max`, in nats. */
export function assertNats(values: Float32Array, max: number, place: string, positions: number): void {
  values.forEach((x, i) => {
    if (!(x >= 0 && x <= max && x < Infinity)) {
      const range = max === Infinity ? 'a finite number of nats ≥ 0' : `nats from 0 to ${max.toFixed(4)}`;
      refuse(cellPlace(place, i, positions), range, x);
    }
  });
}

/**
 * Every cell: ids known and different, −1 only at its end, log-probabilities finite, ≤ 0, never rising, NaN
 * exactly where there is no id, and together no more than 1.
 *
 * @param ids i32[cell, k]
 * @param logprobs f32[cell, k]
 * @param inner the lengths of the axes behind the first, k last.
 */
export function assertTopK(
  ids: Int32Array,
  logprobs: Float32Array,
  k: number,
  places: { readonly ids: string; readonly logprobs: string },
  inner: readonly number[],
): void {
  const seen = new Set<number>();
  for (let start = 0; start < ids.length; start += k) {
    seen.clear();
    let sum = 0;
    for (let j = start; j < start + k; j++) {
      const id = ids[j] ?? -1;
      const logprob = logprobs[j] ?? Number.NaN;
      const previous = j > start ? (ids[j - 1] ?? -1) : id;
      if (id !== -1 && previous === -1) {
        refuse(cellPlace(places.ids, j, ...inner), '−1, as in the place before', id);
      }
      if (seen.has(id)) refuse(cellPlace(places.ids, j, ...inner), 'an id once a cell', id);
      assertLogprob(logprob, id, () => cellPlace(places.logprobs, j, ...inner));
      if (id === -1) continue;
      seen.add(id);
      if (j > start && logprob > (logprobs[j - 1] ?? 0)) {
        const before = logprobs[j - 1];
        refuse(cellPlace(places.logprobs, j, ...inner), `at most the one before, ${String(before)}`, logprob);
      }
      sum += Math.exp(logprob);
    }
    if (sum > 1 + SLACK) {
      refuse(
        cellPlace(places.logprobs, start, ...inner),
        'probabilities of a cell that sum to at most 1',
        sum,
      );
    }
  }
}

/** @param ids i32[pos] @param logprobs f32[row, pos] @param ranks i32[row, pos] */
export function assertTarget(
  ids: Int32Array,
  logprobs: Float32Array,
  ranks: Int32Array,
  vocab: number,
  place: string,
): void {
  const positions = ids.length;
  for (let i = 0; i < logprobs.length; i++) {
    const id = ids[i % positions] ?? -1;
    const rank = ranks[i] ?? -1;
    assertLogprob(logprobs[i] ?? Number.NaN, id, () => cellPlace(`${place}.logprobs`, i, positions));
    if (id === -1 ? rank !== -1 : rank < 0 || rank >= vocab) {
      const expected = id === -1 ? '−1, as there is no id' : `a rank from 0 to ${vocab - 1}`;
      refuse(cellPlace(`${place}.ranks`, i, positions), expected, rank);
    }
  }
}

function assertLogprob(logprob: number, id: number, place: () => string): void {
  if (id === -1) {
    if (!Number.isNaN(logprob)) refuse(place(), 'NaN, as there is no id', logprob);
  } else if (!(logprob <= 0 && logprob > -Infinity)) {
    refuse(place(), 'a finite log-probability ≤ 0', logprob);
  }
}
