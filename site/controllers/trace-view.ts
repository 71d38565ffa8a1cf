/**
 * A trace as a run of the page, with no model behind it. Rows that the trace lacks stand empty, so that a layer has
 * its place in the table; what else it lacks is said in words.
 */
import { FormatError } from '../../shared/errors.ts';
import type { LateReadings, LayerReadings, TargetReadings, Trajectory } from '../../shared/lens/readings.ts';
import { NEVER, type TargetData, type TraceData } from '../../shared/trace/data.ts';
import type { ModelInfo } from '../engine/protocol.ts';
import { plural } from './numbers.ts';
import { layerLabel, type MidRows, type RunView } from './view-state.ts';

/** Cells that the page lays out; a trace that claims more would only hold it up. */
const MOST_CELLS = 120_000;

/** @throws {FormatError} when the table is larger than a page can show. */
export function runOfTrace(trace: TraceData, name: string): RunView {
  const { model, ids, pieces, lens, texts } = trace;
  const cells = (model.layers + 1) * ids.length;
  if (cells > MOST_CELLS) {
    throw new FormatError(
      `trace: a table of ${plural(model.layers + 1, 'row')} × ${plural(ids.length, 'token')} is more than this page shows (${MOST_CELLS.toLocaleString('en')} cells)`,
    );
  }
  const rows = Array.from({ length: model.layers + 1 }, (_, r) => rowAt(trace, r - 1));
  return {
    ids: [...ids],
    pieces,
    model: infoOf(trace),
    rows,
    late: lateOf(trace),
    mid: midOf(trace),
    checks: trace.checks.flatMap((check) =>
      isKnownCheck(check.name)
        ? [{ ...check, name: check.name, value: check.value ?? Number.NaN, bound: check.bound ?? Number.NaN }]
        : [],
    ),
    timings: undefined,
    texts,
    trace: {
      name,
      data: trace,
      missing: missingOf(trace),
      path: (pos, id) => pathOf(trace, pos, id, lens.rows.length),
    },
  };
}

function isKnownCheck(name: string): name is 'output' | 'writes' | 'attention' {
  return name === 'output' || name === 'writes' || name === 'attention';
}

/** Where the trace has a layer's row, or the one after its attention; −1 when it has none. */
function indexOf({ lens }: TraceData, layer: number, mid = false): number {
  return lens.rows.findIndex((row) => row.layer === layer && (row.mid ?? false) === mid);
}

/** The rows after attention; undefined unless every layer has one. */
function midOf(trace: TraceData): MidRows | undefined {
  const { model, ids, lens } = trace;
  const layers = Array.from({ length: model.layers }, (_, layer) => layer);
  const places = layers.map((layer) => indexOf(trace, layer, true));
  if (places.length === 0 || places.some((r) => r < 0)) return undefined;
  const rows = layers.map((layer) => rowAt(trace, layer, true));
  const n = ids.length;
  const final = lens.targets.find(({ name }) => name === 'final');
  if (!final || !lens.kl) return { rows, late: undefined };
  return {
    rows,
    late: {
      kl: places.map((r) => lens.kl?.subarray(r * n, (r + 1) * n) ?? nans(n)),
      final: places.map((r) => targetAt([final], 'final', r, n)),
    },
  };
}

function rowAt(trace: TraceData, layer: number, mid = false): LayerReadings {
  const { k, topIds, topLogprobs, entropy, targets } = trace.lens;
  const n = trace.ids.length;
  const r = indexOf(trace, layer, mid);
  if (r < 0) {
    const none = noTarget(n);
    return {
      layer,
      ...(mid && { mid }),
      k: 1,
      topIds: new Int32Array(n).fill(-1),
      topLogprobs: nans(n),
      entropy: nans(n),
      input: none,
      next: none,
    };
  }
  return {
    layer,
    ...(mid && { mid }),
    k,
    topIds: topIds.subarray(r * n * k, (r + 1) * n * k),
    topLogprobs: topLogprobs.subarray(r * n * k, (r + 1) * n * k),
    entropy: entropy?.subarray(r * n, (r + 1) * n) ?? nans(n),
    input: targetAt(targets, 'input', r, n),
    next: targetAt(targets, 'next', r, n),
  };
}

function targetAt(targets: readonly TargetData[], name: string, r: number, n: number): TargetReadings {
  const target = targets.find((one) => one.name === name);
  if (!target) return noTarget(n);
  const { ids, logprobs, ranks } = target;
  return { ids, logprobs: logprobs.subarray(r * n, (r + 1) * n), ranks: ranks.subarray(r * n, (r + 1) * n) };
}

/** What needs the output; undefined when the trace has no last layer. */
function lateOf(trace: TraceData): LateReadings | undefined {
  const { model, lens, ids } = trace;
  const n = ids.length;
  const last = indexOf(trace, model.layers - 1);
  if (last < 0) return undefined;
  const stored = lens.targets.find(({ name }) => name === 'final');
  const finalIds = stored?.ids ?? Int32Array.from({ length: n }, (_, pos) => topOf(trace, last, pos));
  const layers = Array.from({ length: model.layers + 1 }, (_, r) => indexOf(trace, r - 1));
  return {
    finalIds,
    final: layers.map((r): TargetReadings => {
      if (r < 0) return noTarget(n);
      if (stored) return targetAt([stored], 'final', r, n);
      const found = Array.from(finalIds, (id, pos) => findIn(trace, r, pos, id));
      return {
        ids: finalIds,
        logprobs: Float32Array.from(found, ({ logprob }) => logprob),
        ranks: Int32Array.from(found, ({ rank }) => rank),
      };
    }),
    kl: layers.map((r) => (r < 0 ? undefined : lens.kl?.subarray(r * n, (r + 1) * n)) ?? nans(n)),
    // One that never settles has its mark above the last row.
    convergence: lens.convergence.map((layer) => (layer === NEVER ? model.layers : layer)),
  };
}

function topOf({ ids, lens: { k, topIds } }: TraceData, r: number, pos: number): number {
  return topIds[(r * ids.length + pos) * k] ?? -1;
}

/** A token among the candidates of a cell: its place there is its rank. NaN and −1 when it is not among them. */
function findIn(
  { ids, lens: { k, topIds, topLogprobs } }: TraceData,
  r: number,
  pos: number,
  id: number,
): { readonly logprob: number; readonly rank: number } {
  const start = (r * ids.length + pos) * k;
  const rank = id < 0 ? -1 : topIds.subarray(start, start + k).indexOf(id);
  return { rank, logprob: rank < 0 ? Number.NaN : (topLogprobs[start + rank] ?? Number.NaN) };
}

/** A pinned token's way through the rows, as far as the trace has it. */
function pathOf(trace: TraceData, pos: number, id: number, stored: number): Trajectory {
  const n = trace.ids.length;
  const target = trace.lens.targets.find(({ ids }) => ids[pos] === id);
  const rows = Array.from({ length: trace.model.layers + 1 }, (_, r) => indexOf(trace, r - 1));
  const found = rows.map((r) => {
    if (r < 0 || r >= stored) return { logprob: Number.NaN, rank: -1 };
    if (!target) return findIn(trace, r, pos, id);
    return { logprob: target.logprobs[r * n + pos] ?? Number.NaN, rank: target.ranks[r * n + pos] ?? -1 };
  });
  return {
    tokenId: id,
    pos,
    logprobs: Float32Array.from(found, ({ logprob }) => logprob),
    ranks: Int32Array.from(found, ({ rank }) => rank),
  };
}

function infoOf({ model, ids, bos, device }: TraceData): ModelInfo {
  const unknown = { family: 'not in the trace', dModel: 0, nHeads: 0, dHead: 0, dMlp: 0, parallel: false };
  return {
    id: model.id,
    spec: { ...unknown, nLayers: model.layers, dVocab: model.vocab, nCtx: ids.length },
    device: {
      name: device?.name === 'webgpu' ? 'webgpu' : 'wasm',
      detail: device?.detail ?? '',
      reason: device?.reason ?? 'the trace does not say',
      f16: false,
      compute: 'f32',
    },
    weightBytes: 0,
    storedTypes: [],
    bosId: bos ? ids[0] : undefined,
    addsBos: bos,
    chat: undefined,
  };
}

/** What the table would show of a run and this trace does not hold. */
export function missingOf(trace: TraceData): readonly string[] {
  const { lens, model, checks, source } = trace;
  const layers = Array.from({ length: model.layers + 1 }, (_, r) => r - 1).filter(
    (l) => indexOf(trace, l) < 0,
  );
  const has = (name: string): boolean => lens.targets.some((target) => target.name === name);
  return [
    ...(layers.length > 0 ? [`rows ${inRanges(layers)}`] : []),
    ...(lens.entropy ? [] : ['entropy']),
    ...(lens.kl ? [] : ['KL to the output']),
    ...(has('final') ? [] : ['ranks of the answer below the candidates']),
    ...(has('input') ? [] : ['the input token’s rank']),
    ...(has('next') ? [] : ['the next token’s rank']),
    ...(source.prompt.idSpace === 'local' ? ['token ids'] : []),
    ...(checks.length > 0 ? [] : ['self-checks']),
  ];
}

/** `emb, 1–3, 7` */
function inRanges(layers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const layer of layers) {
    const last = ranges.at(-1);
    if (last && last[1] === layer - 1 && last[0] >= 0) last[1] = layer;
    else ranges.push([layer, layer]);
  }
  return ranges.map(([a, b]) => (a === b ? layerLabel(a) : `${a}–${b}`)).join(', ');
}

function noTarget(n: number): TargetReadings {
  return { ids: new Int32Array(n).fill(-1), logprobs: nans(n), ranks: new Int32Array(n).fill(-1) };
}

function nans(n: number): Float32Array {
  return new Float32Array(n).fill(Number.NaN);
}
