/** What a trace knows of one token through the layers: exactly where it is listed, nothing elsewhere. Pure. */
import type { TraceData } from '../shared/trace/data.ts';

/** A token that a reader follows: what the model says after `pos`, of `id`. */
export interface Pin {
  readonly pos: number;
  readonly id: number;
  /** Which of the series colours, 0 to 5. */
  readonly colour: number;
}

/**
 * Probability of a token in every row, bottom up: from a target of the trace where one is that token, else from the
 * candidates listed; NaN in rows that don't list it.
 */
export function trajectory({ lens, ids }: TraceData, pos: number, id: number): Float64Array {
  const { rows, k, topIds, topLogprobs, targets } = lens;
  const target = targets.find((each) => each.ids[pos] === id);
  return Float64Array.from(rows, (_, r) => {
    const cell = r * ids.length + pos;
    if (target) return Math.exp(target.logprobs[cell] ?? Number.NaN);
    for (let i = cell * k; i < (cell + 1) * k; i++) {
      if (topIds[i] === id) return Math.exp(topLogprobs[i] ?? Number.NaN);
    }
    return Number.NaN;
  });
}

export interface Candidate {
  readonly id: number;
  /** 0 to 1. */
  readonly p: number;
}

/** A cell's likeliest tokens, best first. @param row index of the lens's rows. */
export function candidatesOf({ lens, ids }: TraceData, row: number, pos: number, most: number): Candidate[] {
  const { k, topIds, topLogprobs } = lens;
  const at = (row * ids.length + pos) * k;
  return Array.from({ length: Math.min(k, most) }, (_, i) => ({
    id: topIds[at + i] ?? -1,
    p: Math.exp(topLogprobs[at + i] ?? Number.NaN),
  })).filter(({ id }) => id !== -1);
}
