/**
 * Where tokens stand and what they may see: positions, masks and rotary tables of one rectangle of tokens, with
 * padding and with tokens that were run before. Axes: b batch, t pos, s past + pos.
 */
import { MASKED } from '../shared/graph/block.ts';
import type { Rotary } from '../shared/spec/model-spec.ts';

export interface Rectangle {
  readonly batch: number;
  readonly pos: number;
  /** u8[b, t], 1 for real tokens. */
  readonly real: Uint8Array;
  /** Tokens run before: u8[b, length]. */
  readonly before: { readonly length: number; readonly real: Uint8Array } | undefined;
}

/** Whether source s of row b is a real token. */
function isReal({ pos, real, before }: Rectangle, b: number, s: number): boolean {
  const past = before?.length ?? 0;
  return s < past ? before?.real[b * past + s] === 1 : real[b * pos + s - past] === 1;
}

/** Positions of past and present: they count real tokens only, so that padding moves nothing. i32[b, s] */
function allPositions(rectangle: Rectangle): Int32Array {
  const { batch, pos, before } = rectangle;
  const src = (before?.length ?? 0) + pos;
  const positions = new Int32Array(batch * src);
  for (let b = 0; b < batch; b++) {
    let count = 0;
    for (let s = 0; s < src; s++) {
      const here = isReal(rectangle, b, s);
      positions[b * src + s] = here ? count : Math.max(0, count - 1);
      if (here) count++;
    }
  }
  return positions;
}

/** Positions of the present tokens. i32[b, t] */
export function positionsOf(rectangle: Rectangle): Int32Array {
  const { batch, pos, before } = rectangle;
  const past = before?.length ?? 0;
  const all = allPositions(rectangle);
  const own = new Int32Array(batch * pos);
  for (let b = 0; b < batch; b++) {
    own.set(all.subarray(b * (past + pos) + past, (b + 1) * (past + pos)), b * pos);
  }
  return own;
}

/**
 * Causal, over past and present, padding left out; within a window, only the last `window` tokens, the query's own
 * included. f32[b, 1, t, s]: 0 or {@link MASKED}.
 */
export function maskOf(rectangle: Rectangle, window: number | undefined): Float32Array {
  const { batch, pos, before } = rectangle;
  const past = before?.length ?? 0;
  const src = past + pos;
  const positions = allPositions(rectangle);
  const mask = new Float32Array(batch * pos * src).fill(MASKED);
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < pos; t++) {
      const row = (b * pos + t) * src;
      const own = positions[b * src + past + t] as number;
      for (let s = 0; s <= past + t; s++) {
        const near = window === undefined || own - (positions[b * src + s] as number) < window;
        if (near && isReal(rectangle, b, s)) mask[row + s] = 0;
      }
    }
  }
  return mask;
}

/** cos and sin of position · frequency, the angle in f32 as transformers computes it. f32[b, t, 1, dims / 2] */
export function rotaryTables(
  { frequencies }: Rotary,
  positions: Int32Array,
): { cos: Float32Array; sin: Float32Array } {
  const cos = new Float32Array(positions.length * frequencies.length);
  const sin = new Float32Array(positions.length * frequencies.length);
  positions.forEach((position, p) => {
    frequencies.forEach((frequency, i) => {
      const angle = Math.fround(position * frequency);
      cos[p * frequencies.length + i] = Math.cos(angle);
      sin[p * frequencies.length + i] = Math.sin(angle);
    });
  });
  return { cos, sin };
}
