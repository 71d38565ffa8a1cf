/**
 * Which tokens of two prompts stand in one column, and which layers of two models in one row. Tokens by their longest
 * common subsequence, from jsdiff (`diff`): an exact, well-kept and typed Myers diff over arrays, which leaves only the
 * choice of what to do with the tokens in between.
 *
 * @see Myers 1986, "An O(ND) Difference Algorithm and Its Variations"
 */
import { diffArrays } from 'diff';

/** A place in each prompt; −1: the other prompt has a token here that this one has not. */
export interface Column {
  readonly a: number;
  readonly b: number;
}

/** A layer of each model, −1 the embedding; undefined: the other model has a row here that this one has not. */
export interface RowPair {
  readonly a: number | undefined;
  readonly b: number | undefined;
}

/** How layers of two models of different depth meet: by their share of the depth, or by number. */
export const LAYER_MATCHES = ['depth', 'index'] as const;
export type LayerMatch = (typeof LAYER_MATCHES)[number];

/**
 * As many equal tokens as possible share a column. Between two of those, what differs is paired from the right,
 * because the last token of a name is where the model has read all of it; what is left over stands alone.
 *
 * @param a ids, or texts where the vocabularies differ.
 * @returns columns in the order of both prompts; each place stands in one.
 */
export function alignTokens<T extends string | number>(a: readonly T[], b: readonly T[]): Column[] {
  const columns: Column[] = [];
  let [i, j] = [0, 0];
  let [removed, added] = [0, 0];
  const flush = (): void => {
    const both = Math.min(removed, added);
    for (let n = both; n < removed; n++) columns.push({ a: i++, b: -1 });
    for (let n = both; n < added; n++) columns.push({ a: -1, b: j++ });
    for (let n = 0; n < both; n++) columns.push({ a: i++, b: j++ });
    [removed, added] = [0, 0];
  };
  for (const change of diffArrays([...a], [...b])) {
    if (change.removed) removed += change.value.length;
    else if (change.added) added += change.value.length;
    else {
      flush();
      for (let n = 0; n < change.value.length; n++) columns.push({ a: i++, b: j++ });
    }
  }
  flush();
  return columns;
}

type Offsets = readonly (readonly [start: number, end: number])[];

/**
 * Tokens of one text by two tokenizers: those that end at the same character share a column, because what comes next
 * is asked of the same beginning there. Special tokens in front, which end at 0, are paired in order.
 */
export function alignOffsets(a: Offsets, b: Offsets): Column[] {
  const columns: Column[] = [];
  const end = (offsets: Offsets, at: number): number => offsets[at]?.[1] ?? Infinity;
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [x, y] = [end(a, i), end(b, j)];
    // Of several tokens of one character only the last has all of it.
    const moreA = x > 0 && i + 1 < a.length && end(a, i + 1) === x;
    const moreB = y > 0 && j + 1 < b.length && end(b, j + 1) === y;
    if (x < y || (x === y && moreA)) columns.push({ a: i++, b: -1 });
    else if (y < x || moreB) columns.push({ a: -1, b: j++ });
    else columns.push({ a: i++, b: j++ });
  }
  return columns;
}

/**
 * Rows of two models from the embedding up. By depth, each row of the deeper model stands beside the other's nearest
 * at the same share of the way; so the embeddings meet, and the outputs. By number, what one has more stands alone.
 *
 * @param layers blocks of each.
 */
export function pairLayers(layers: { readonly a: number; readonly b: number }, how: LayerMatch): RowPair[] {
  const deep = Math.max(layers.a, layers.b);
  const at = (own: number, row: number): number | undefined => {
    if (how === 'depth') return Math.round((row / deep) * own) - 1;
    return row <= own ? row - 1 : undefined;
  };
  return Array.from({ length: deep + 1 }, (_, row) => ({ a: at(layers.a, row), b: at(layers.b, row) }));
}
