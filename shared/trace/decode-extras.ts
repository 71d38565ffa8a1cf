/** The parts that a trace may leave out: attention patterns and principal components. */
import { arrayAt, at, booleanAt, integerAt, numberAt, objectAt, refuse } from './check.ts';
import type { AttentionData, PcaData } from './data.ts';
import type { TraceModel, TraceRow } from './format.ts';
import { TRACE_LIMITS } from './format.ts';
import type { Texts } from './readings.ts';
import { assertIds, assertTopK, cellPlace } from './readings.ts';
import { decodeTable } from './table.ts';

interface Shape {
  readonly model: TraceModel;
  readonly positions: number;
}

/** Quantization moves each weight of a row by half a step at most. */
const ROW_SLACK = 1e-3;

export function decodeAttention(value: unknown, place: string, { model, positions }: Shape): AttentionData[] {
  if (value === undefined) return [];
  let previous = -1;
  return arrayAt(value, place, 0, model.layers).map((entry, i) => {
    const inside = at(place, i);
    const attention = objectAt(entry, inside);
    const layer = integerAt(attention.layer, at(inside, 'layer'), previous + 1, model.layers - 1);
    previous = layer;
    const heads = ascending(attention.heads, at(inside, 'heads'), TRACE_LIMITS.heads);
    const scale = numberAt(attention.scale, at(inside, 'scale'), 0, 1);
    const shape = [heads.length, positions, positions];
    const patterns = decodeTable(attention.patterns, at(inside, 'patterns'), 'u8', shape);
    const bound = 1 + ROW_SLACK + (scale / 2) * positions;
    for (let row = 0; row < heads.length * positions; row++) {
      let sum = 0;
      for (let src = 0; src < positions; src++) sum += (patterns[row * positions + src] ?? 0) * scale;
      if (sum > bound) {
        const where = cellPlace(at(inside, 'patterns'), row, positions);
        refuse(where, 'attention of one position that sums to at most 1', sum);
      }
    }
    return { layer, heads, scale, patterns };
  });
}

export function decodePca(
  value: unknown,
  place: string,
  { positions, texts, rows }: Shape & { readonly texts: Texts; readonly rows: readonly TraceRow[] },
): PcaData | undefined {
  if (value === undefined) return undefined;
  const pca = objectAt(value, place);
  const used = ascending(pca.positions, at(place, 'positions'), positions);
  if ((used.at(-1) ?? 0) >= positions) refuse(at(place, 'positions'), 'positions of the prompt', used.at(-1));
  const mid = booleanAt(pca.mid, at(place, 'mid'));
  const components = firstAxis(pca.ratios, at(place, 'ratios'), TRACE_LIMITS.components);
  const states = used.length * rows.filter((row) => mid || row.mid !== true).length;
  const ratios = decodeTable(pca.ratios, at(place, 'ratios'), 'f32', [components]);
  const path = decodeTable(pca.path, at(place, 'path'), 'f32', [states, components]);
  ratios.forEach((x, i) => {
    if (!(x >= 0 && x <= 1 + ROW_SLACK)) refuse(at(at(place, 'ratios'), i), 'a share from 0 to 1', x);
    if (i > 0 && x > (ratios[i - 1] ?? 0)) refuse(at(at(place, 'ratios'), i), 'at most the one before', x);
  });
  path.forEach((x, i) => {
    if (!Number.isFinite(x)) refuse(cellPlace(at(place, 'path'), i, components), 'a finite number', x);
  });
  const places = { ids: at(place, 'topIds'), logprobs: at(place, 'topLogprobs') };
  const k = secondAxis(pca.topIds, places.ids, TRACE_LIMITS.k);
  const topIds = decodeTable(pca.topIds, places.ids, 'i32', [components, k]);
  const topLogprobs = decodeTable(pca.topLogprobs, places.logprobs, 'f32', [components, k]);
  assertIds(topIds, texts, places.ids, [k]);
  assertTopK(topIds, topLogprobs, k, places, [k]);
  const centred = booleanAt(pca.centred, at(place, 'centred'));
  return { positions: used, mid, centred, ratios, path, topIds, topLogprobs };
}

/** Integers ≥ 0, ascending, at least one, each below `max`. */
function ascending(value: unknown, place: string, max: number): number[] {
  let previous = -1;
  return arrayAt(value, place, 1, max).map((entry, i) => {
    previous = integerAt(entry, at(place, i), previous + 1, max - 1);
    return previous;
  });
}

/** A length that only the table itself says. */
function firstAxis(value: unknown, place: string, max: number): number {
  const shape = arrayAt(objectAt(value, place).shape, at(place, 'shape'), 1, 3);
  return integerAt(shape[0], at(at(place, 'shape'), 0), 1, max);
}

function secondAxis(value: unknown, place: string, max: number): number {
  const shape = arrayAt(objectAt(value, place).shape, at(place, 'shape'), 2, 2);
  return integerAt(shape[1], at(at(place, 'shape'), 1), 1, max);
}
