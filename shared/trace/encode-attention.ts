/** Writes attention patterns into a trace's `attention` member. Apart, so that other traces don't carry it. */
import { ShapeError } from '../errors.ts';
import type { TraceAttention } from './format.ts';
import { encodeTable } from './table.ts';

/** One layer's patterns. */
export interface AttentionInput {
  readonly layer: number;
  /** Numbers of the heads, ascending. */
  readonly heads: readonly number[];
  readonly tokens: number;
  /** f32[head, dest, src], rows that sum to 1. */
  readonly pattern: Float32Array;
}

/** Covers every weight from 0 to 1. */
const SCALE = 1 / 255;

/**
 * A byte a weight: each is off by at most 1/510.
 *
 * @param layers ascending.
 */
export function encodeAttention(layers: readonly AttentionInput[]): TraceAttention[] {
  return layers.map(({ layer, heads, tokens, pattern }) => {
    const shape = [heads.length, tokens, tokens];
    if (pattern.length !== heads.length * tokens * tokens) {
      throw new ShapeError(
        `trace: attention of layer ${layer}: expected [${shape.join(', ')}], got ${pattern.length} numbers`,
      );
    }
    const bytes = Uint8Array.from(pattern, (x) => Math.round(Math.min(Math.max(x, 0), 1) / SCALE));
    return { layer, heads: [...heads], scale: SCALE, patterns: encodeTable('u8', shape, bytes) };
  });
}
