/** The lens of a trace: rows, top-k, entropy, KL and targets, checked against model and prompt. */
import { arrayAt, at, booleanAt, integerAt, objectAt, oneOf, refuse, sha256At, stringAt } from './check.ts';
import type { LensData, TargetData } from './data.ts';
import { NEVER } from './data.ts';
import type { TraceModel, TraceRow } from './format.ts';
import { LENS_KINDS, TRACE_LIMITS } from './format.ts';
import type { Texts } from './readings.ts';
import { assertIds, assertNats, assertTarget, assertTopK } from './readings.ts';
import { decodeTable } from './table.ts';

/** What the rest of the trace says of its lens. */
interface Around {
  readonly model: TraceModel;
  readonly texts: Texts;
  readonly ids: Int32Array;
}

const PLACE = 'trace: lens';

/** Rounding of an entropy in f32, nats. */
const ENTROPY_SLACK = 1e-3;

export function decodeLens(value: unknown, around: Around): LensData {
  const { model, texts, ids } = around;
  const lens = objectAt(value, PLACE);
  const kind = oneOf(lens.kind, at(PLACE, 'kind'), LENS_KINDS);
  if (kind !== 'raw' || lens.hash !== undefined) sha256At(lens.hash, at(PLACE, 'hash'));
  const rows = decodeRows(lens.rows, model.layers);
  const k = integerAt(lens.k, at(PLACE, 'k'), 1, TRACE_LIMITS.k);

  const cells = [rows.length, ids.length];
  const places = { ids: at(PLACE, 'topIds'), logprobs: at(PLACE, 'topLogprobs') };
  const topIds = decodeTable(lens.topIds, places.ids, 'i32', [...cells, k]);
  const topLogprobs = decodeTable(lens.topLogprobs, places.logprobs, 'f32', [...cells, k]);
  assertIds(topIds, texts, places.ids, [ids.length, k]);
  assertTopK(topIds, topLogprobs, k, places, [ids.length, k]);

  const nats = (name: 'entropy' | 'kl', max: number): Float32Array | undefined => {
    if (lens[name] === undefined) return undefined;
    const table = decodeTable(lens[name], at(PLACE, name), 'f32', cells);
    assertNats(table, max, at(PLACE, name), ids.length);
    return table;
  };
  const entropy = nats('entropy', Math.log(model.vocab) + ENTROPY_SLACK);
  const kl = nats('kl', Infinity);
  const targets = arrayAt(lens.targets, at(PLACE, 'targets'), 0, TRACE_LIMITS.targets).map((target, i) =>
    decodeTarget(target, at(at(PLACE, 'targets'), i), cells, around),
  );
  assertStandardTargets(targets, ids);
  return {
    kind,
    hash: lens.hash as string | undefined,
    rows,
    k,
    topIds,
    topLogprobs,
    entropy,
    kl,
    targets,
    convergence: convergenceOf(rows, topIds, k, finalIds(rows, topIds, k, targets, model.layers)),
  };
}

/** From bottom to top: −1, then for each layer its mid-block row, if there is one, and its own. */
function decodeRows(value: unknown, layers: number): TraceRow[] {
  const place = at(PLACE, 'rows');
  let previous = -Infinity;
  return arrayAt(value, place, 1, 2 * layers + 1).map((entry, i) => {
    const inside = at(place, i);
    const row = objectAt(entry, inside);
    const layer = integerAt(row.layer, at(inside, 'layer'), -1, layers - 1);
    const mid = row.mid === undefined ? false : booleanAt(row.mid, at(inside, 'mid'));
    if (mid && layer === -1) refuse(inside, 'no mid-block row of the embedding', 'mid: true');
    const order = 2 * layer + (mid ? 0 : 1);
    if (order <= previous) refuse(inside, 'rows from bottom to top, each once', `layer ${layer}`);
    previous = order;
    return mid ? { layer, mid } : { layer };
  });
}

function decodeTarget(value: unknown, place: string, cells: readonly number[], around: Around): TargetData {
  const target = objectAt(value, place);
  const positions = around.ids.length;
  const ids = decodeTable(target.ids, at(place, 'ids'), 'i32', [positions]);
  const logprobs = decodeTable(target.logprobs, at(place, 'logprobs'), 'f32', cells);
  const ranks = decodeTable(target.ranks, at(place, 'ranks'), 'i32', cells);
  assertIds(ids, around.texts, at(place, 'ids'), []);
  assertTarget(ids, logprobs, ranks, around.model.vocab, place);
  return { name: stringAt(target.name, at(place, 'name'), TRACE_LIMITS.name), ids, logprobs, ranks };
}

/** `final`, `input` and `next` mean something: at most one of each, and the prompt's own ids in the latter two. */
function assertStandardTargets(targets: readonly TargetData[], ids: Int32Array): void {
  for (const name of ['final', 'input', 'next']) {
    const named = targets.filter((target) => target.name === name);
    if (named.length > 1) refuse(at(PLACE, 'targets'), `one target named "${name}"`, named.length);
    const wanted = (pos: number) => (name === 'input' ? (ids[pos] ?? -1) : (ids[pos + 1] ?? -1));
    if (name === 'final') continue;
    named[0]?.ids.forEach((id, pos) => {
      if (id !== wanted(pos)) {
        refuse(`${at(PLACE, 'targets')} "${name}".ids[${pos}]`, `${wanted(pos)}, as in the prompt`, id);
      }
    });
  }
}

/** The model's own top token at each position: the target `final`, or else the last layer's row; −1 if unknown. */
function finalIds(
  rows: readonly TraceRow[],
  topIds: Int32Array,
  k: number,
  targets: readonly TargetData[],
  layers: number,
): Int32Array {
  const final = targets.find((target) => target.name === 'final');
  if (final) return final.ids;
  const positions = topIds.length / (rows.length * k);
  const top = rows.findIndex((row) => row.layer === layers - 1 && row.mid !== true);
  return Int32Array.from({ length: positions }, (_, pos) =>
    top < 0 ? -1 : (topIds[(top * positions + pos) * k] ?? -1),
  );
}

/**
 * The layer from which the top token stays the final one, over the rows at hand.
 *
 * @param topIds i32[row, pos, k] @param final i32[pos], −1 for unknown
 * @returns i32[pos], {@link NEVER} for none
 */
export function convergenceOf(
  rows: readonly TraceRow[],
  topIds: Int32Array,
  k: number,
  final: Int32Array,
): Int32Array {
  const positions = final.length;
  return final.map((id, pos) => {
    let settled = NEVER;
    for (let r = rows.length - 1; r >= 0 && id !== -1; r--) {
      const row = rows[r];
      if (row === undefined || row.mid === true) continue;
      if (topIds[(r * positions + pos) * k] !== id) break;
      settled = row.layer;
    }
    return settled;
  });
}
