/**
 * Readings of attention patterns: value-weighted weights, scores of each head on its prompt, and pictures of many
 * heads in one. Axes: h head, t dest (who looks), s source (what is looked at), g head of values, e d_head, d d_model.
 */
import { ShapeError } from '../errors.ts';

export interface AttentionShape {
  readonly heads: number;
  readonly tokens: number;
}

/** What a layer's output matrix is cut by. */
export interface OutputShape {
  readonly nHeads: number;
  readonly dHead: number;
  readonly dModel: number;
}

/**
 * W_O^h·W_O^hᵀ of every head: with it the length of any v·W_O^h costs d_head² and not d_head·d_model products, for
 * each token. f64, so that the squares cancel no digits that an f32 has.
 *
 * @param weights f32, a stored output matrix. @param layout `in-out` [h·e, d], `out-in` [d, h·e].
 * @returns f64[h, e, e]
 */
export function outputGrams(
  weights: Float32Array,
  layout: 'in-out' | 'out-in',
  { nHeads: h, dHead: e, dModel: d }: OutputShape,
): Float64Array {
  if (weights.length !== h * e * d) {
    throw new ShapeError(`attention: output matrix: expected ${h * e} × ${d}, got ${weights.length} numbers`);
  }
  const grams = new Float64Array(h * e * e);
  const rows = new Float64Array(e * d);
  for (let head = 0; head < h; head++) {
    for (let i = 0; i < e; i++) {
      const row = head * e + i;
      for (let k = 0; k < d; k++) {
        rows[i * d + k] = (layout === 'in-out' ? weights[row * d + k] : weights[k * h * e + row]) as number;
      }
    }
    for (let i = 0; i < e; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = 0;
        for (let k = 0; k < d; k++) sum += (rows[i * d + k] as number) * (rows[j * d + k] as number);
        grams[(head * e + i) * e + j] = sum;
        grams[(head * e + j) * e + i] = sum;
      }
    }
  }
  return grams;
}

/**
 * ‖v[s]·W_O^h‖: how much a token would write if a head looked at nothing else. Times the weight it is the
 * value-weighted pattern.
 *
 * @param values f32[s, g, e], `attn.hook_v`. @param grams of {@link outputGrams}.
 * @returns f32[h, s]
 * @see Kobayashi et al. 2020, "Attention is Not Only a Weight: Analyzing Transformers with Vector Norms"
 */
export function valueLengths(
  values: Float32Array,
  grams: Float64Array,
  { nHeads: h, nKvHeads: g, dHead: e }: { nHeads: number; nKvHeads: number; dHead: number },
): Float32Array {
  const tokens = values.length / (g * e);
  if (!Number.isInteger(tokens) || grams.length !== h * e * e) {
    throw new ShapeError(`attention: values: expected [*, ${g}, ${e}], got ${values.length} numbers`);
  }
  const lengths = new Float32Array(h * tokens);
  for (let head = 0; head < h; head++) {
    const group = Math.floor((head * g) / h);
    for (let s = 0; s < tokens; s++) {
      const v = (s * g + group) * e;
      let square = 0;
      for (let i = 0; i < e; i++) {
        const row = (head * e + i) * e;
        let sum = 0;
        for (let j = 0; j < e; j++) sum += (grams[row + j] as number) * (values[v + j] as number);
        square += sum * (values[v + i] as number);
      }
      lengths[head * tokens + s] = Math.sqrt(Math.max(square, 0));
    }
  }
  return lengths;
}

/**
 * A[t, s]·‖v[s]·W_O^h‖ of every head.
 *
 * @param pattern f32[h, t, s]. @param lengths f32[h, s].
 * @returns f32[h, t, s], in the units of the residual stream.
 */
export function valueWeighted(
  pattern: Float32Array,
  lengths: Float32Array,
  { heads, tokens }: AttentionShape,
): Float32Array {
  const weighted = new Float32Array(pattern.length);
  for (let row = 0; row < heads * tokens; row++) {
    const head = Math.floor(row / tokens);
    for (let s = 0; s < tokens; s++) {
      weighted[row * tokens + s] =
        (pattern[row * tokens + s] as number) * (lengths[head * tokens + s] as number);
    }
  }
  return weighted;
}

/** How heads become one map. */
export const COMBINATIONS = ['mean', 'max'] as const;
export type Combination = (typeof COMBINATIONS)[number];

/** The mean or the largest weight over heads. @param maps f32[h, t, s]. @returns f32[t, s] */
export function combineHeads(
  maps: Float32Array,
  { heads, tokens }: AttentionShape,
  how: Combination,
): Float32Array {
  const size = tokens * tokens;
  const out = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    let [sum, most] = [0, 0];
    for (let h = 0; h < heads; h++) {
      const x = maps[h * size + i] as number;
      sum += x;
      if (x > most) most = x;
    }
    out[i] = how === 'mean' ? sum / heads : most;
  }
  return out;
}

/** What a head does on one prompt, by what its tokens look at. Each from 0 to 1; NaN where the prompt is too short. */
export const HEAD_SCORES = ['previous', 'present', 'first', 'duplicate'] as const;
export type HeadScore = (typeof HEAD_SCORES)[number];
export type HeadScores = Readonly<Record<HeadScore, Float32Array>>;

/** Positions that scores leave out: the first token collects attention, and the second has hardly a choice. */
export const LEFT_OUT = 2;

/**
 * Means over the positions from {@link LEFT_OUT} on: A[i, i−1], A[i, i], A[i, 0], and, over the positions whose token
 * stood in the prompt before, the attention to its earlier copies.
 *
 * @param pattern f32[h, t, s]. @returns f32[h] each.
 */
export function headScores(
  pattern: Float32Array,
  ids: ArrayLike<number>,
  { heads, tokens }: AttentionShape,
): HeadScores {
  const earlier = Array.from({ length: tokens }, (_, i) =>
    Array.from({ length: i }, (_, s) => s).filter((s) => s > 0 && ids[s] === ids[i]),
  );
  const mean = (of: (row: number, i: number) => number, counts: (i: number) => boolean): Float32Array =>
    Float32Array.from({ length: heads }, (_, h) => {
      let [sum, n] = [0, 0];
      for (let i = LEFT_OUT; i < tokens; i++) {
        if (!counts(i)) continue;
        sum += of((h * tokens + i) * tokens, i);
        n++;
      }
      return n > 0 ? sum / n : Number.NaN;
    });
  const at = (cell: number): number => pattern[cell] ?? Number.NaN;
  const every = (): boolean => true;
  return {
    previous: mean((row, i) => at(row + i - 1), every),
    present: mean((row, i) => at(row + i), every),
    first: mean((row) => at(row), every),
    duplicate: mean(
      (row, i) => (earlier[i] ?? []).reduce((sum, s) => sum + at(row + s), 0),
      (i) => (earlier[i]?.length ?? 0) > 0,
    ),
  };
}

/** Whether a token may look at another: not ahead, and no further back than the layer's window. */
export function isSeen(dest: number, src: number, window: number | undefined): boolean {
  return src <= dest && (window === undefined || dest - src < window);
}

/**
 * A map made small: each place of the result has the largest weight of the cells that fall on it, so that no thin
 * line is lost.
 *
 * @param map f32[t, s], or more maps of which `offset` is the first cell of the one that is meant.
 * @returns f32[side, side]; the map itself where it is no larger.
 */
export function shrink(map: Float32Array, tokens: number, side: number, offset = 0): Float32Array {
  const small = new Float32Array(side * side);
  for (let t = 0; t < tokens; t++) {
    const y = Math.floor((t * side) / tokens) * side;
    const row = offset + t * tokens;
    for (let s = 0; s <= t; s++) {
      const place = y + Math.floor((s * side) / tokens);
      const x = map[row + s] as number;
      if (x > (small[place] as number)) small[place] = x;
    }
  }
  return small;
}
