/** Writes a trace from what a run gave. Apart from `decode.ts`, so that a reader doesn't carry it. */
import { NumericsError, ShapeError } from '../errors.ts';
import type { LateReadings, LayerReadings, SelfCheck, TargetReadings } from '../lens/readings.ts';
import type { TokenizerPort } from '../tokenizer/encoding.ts';
import { VERSION } from '../version.ts';
import type { LensKind, Trace, TraceDevice, TraceLens, TraceModel, TracePca, TraceTarget } from './format.ts';
import { TRACE_FORMAT, TRACE_VERSION } from './format.ts';
import { encodeTable } from './table.ts';

/** A finished run. */
export interface TraceInput {
  readonly model: TraceModel;
  readonly ids: readonly number[];
  /** Whether `bos` was put in front of the text. */
  readonly bos: boolean;
  readonly tokenizer: Pick<TokenizerPort, 'text' | 'pieces'>;
  /** One entry a lens row, from the embedding up. */
  readonly readings: readonly LayerReadings[];
  /** Absent when the run was stopped before the output. */
  readonly late?: LateReadings;
  /** Principal components of the states at one position or more; of the lens's rows, without mid-block ones. */
  readonly directions?: DirectionsInput;
  /** What was read with; default the raw lens. */
  readonly lens?: { readonly kind: Exclude<LensKind, 'raw'>; readonly hash: string } | undefined;
  readonly checks?: readonly SelfCheck[];
  /** What was changed in the run. Default: nothing. */
  readonly interventions?: Trace['interventions'];
  readonly device?: TraceDevice;
  /** Milliseconds since the run was asked for. */
  readonly timings?: Readonly<Record<string, number>>;
}

/** Of what `model.directions` gives, what a trace holds. Axes: `state`, `component`. */
export interface DirectionsInput {
  readonly positions: readonly number[];
  readonly mid: boolean;
  readonly centred: boolean;
  readonly count: number;
  /** [component …], more may follow. */
  readonly ratios: Float64Array;
  /** f64[state, component] */
  readonly path: Float64Array;
  readonly k: number;
  readonly topIds: Int32Array;
  readonly topLogprobs: Float32Array;
}

/** f32 rounding can lift a log-probability above 0 by this much. */
const LOGPROB_SLACK = 1e-5;

/**
 * The trace of a run, ready for `JSON.stringify`.
 *
 * @throws {ShapeError} when readings don't belong to these ids.
 * @throws {NumericsError} when a reading is no number: a trace never holds one.
 */
export function encodeTrace(input: TraceInput): Trace {
  const { model, ids, bos, tokenizer, readings, late, directions, checks = [], device, timings } = input;
  const lens = encodeLens(readings, late, ids.length, input.lens);
  return {
    format: TRACE_FORMAT,
    version: TRACE_VERSION,
    model,
    prompt: { ids: [...ids], pieces: tokenizer.pieces(ids).map(wellFormed), bos },
    tokens: textsOf(occurring(ids, readings, late, directions), tokenizer),
    lens,
    ...(directions === undefined ? {} : { pca: encodePca(directions, readings.length) }),
    interventions: input.interventions ?? [],
    engine: { name: 'residscope', version: VERSION },
    checks: checks.map(({ name, status, value, bound, note }) => ({
      name,
      status,
      value: finiteOrNull(value),
      bound: finiteOrNull(bound),
      note,
    })),
    ...(device === undefined
      ? {}
      : { device: { name: device.name, detail: device.detail, reason: device.reason } }),
    ...(timings === undefined ? {} : { timings: { ...timings } }),
  };
}

function encodeLens(
  readings: readonly LayerReadings[],
  late: LateReadings | undefined,
  positions: number,
  made: TraceInput['lens'],
): TraceLens {
  const [first] = readings;
  if (first === undefined) throw new ShapeError('trace: readings: expected one row at least, got none');
  const { k } = first;
  const cells = [readings.length, positions];
  for (const row of readings) {
    expectLength(row.topIds, positions * k, `layer ${row.layer}: topIds`);
    expectLength(row.entropy, positions, `layer ${row.layer}: entropy`);
  }
  const stackF32 = (pick: (row: LayerReadings) => Float32Array) => concatF32(readings.map(pick));
  const topIds = concatI32(readings.map((row) => row.topIds));
  return {
    ...(made ? { kind: made.kind, hash: made.hash } : { kind: 'raw' as const }),
    rows: readings.map(({ layer, mid }) => (mid ? { layer, mid } : { layer })),
    k,
    topIds: encodeTable('i32', [...cells, k], topIds),
    topLogprobs: encodeTable(
      'f32',
      [...cells, k],
      logprobs(
        stackF32((r) => r.topLogprobs),
        topIds,
      ),
    ),
    entropy: encodeTable(
      'f32',
      cells,
      nats(
        stackF32((r) => r.entropy),
        'entropy',
      ),
    ),
    ...(late === undefined ? {} : { kl: encodeTable('f32', cells, nats(concatF32(late.kl), 'kl')) }),
    targets: [
      ...(late === undefined ? [] : [encodeTarget('final', late.final, positions)]),
      encodeTarget(
        'input',
        readings.map((row) => row.input),
        positions,
      ),
      encodeTarget(
        'next',
        readings.map((row) => row.next),
        positions,
      ),
    ],
  };
}

function encodeTarget(name: string, rows: readonly TargetReadings[], positions: number): TraceTarget {
  const ids = rows[0]?.ids ?? new Int32Array(positions);
  const perCell = concatI32(rows.map(() => ids));
  const cells = [rows.length, positions];
  return {
    name,
    ids: encodeTable('i32', [positions], ids),
    logprobs: encodeTable('f32', cells, logprobs(concatF32(rows.map((r) => r.logprobs)), perCell)),
    ranks: encodeTable('i32', cells, concatI32(rows.map((r) => r.ranks))),
  };
}

function encodePca(found: DirectionsInput, rows: number): TracePca {
  const { positions, mid, centred, count, ratios, path, k, topIds, topLogprobs } = found;
  if (mid) {
    throw new ShapeError('trace: directions: mid-block states need the mid-block rows of the lens');
  }
  const states = positions.length * rows;
  expectLength(path, states * count, 'directions: path');
  expectLength(topIds, count * k, 'directions: topIds');
  return {
    positions: [...positions],
    mid,
    centred,
    ratios: encodeTable('f32', [count], Float32Array.from(ratios.subarray(0, count))),
    path: encodeTable('f32', [states, count], Float32Array.from(path)),
    topIds: encodeTable('i32', [count, k], topIds),
    topLogprobs: encodeTable('f32', [count, k], logprobs(topLogprobs, topIds)),
  };
}

/** Every id that the trace shows, ascending. */
function occurring(
  ids: readonly number[],
  readings: readonly LayerReadings[],
  late: LateReadings | undefined,
  directions: DirectionsInput | undefined,
): number[] {
  const all = new Set(ids);
  for (const row of readings) for (const id of row.topIds) all.add(id);
  for (const id of late?.finalIds ?? []) all.add(id);
  for (const id of directions?.topIds ?? []) all.add(id);
  all.delete(-1);
  return [...all].sort((a, b) => a - b);
}

function textsOf(ids: number[], tokenizer: Pick<TokenizerPort, 'text'>): Trace['tokens'] {
  return { ids, texts: ids.map((id) => wellFormed(tokenizer.text(id))) };
}

function wellFormed(text: string): string {
  return text.replace(/\p{Cs}/gu, '\ufffd');
}

/** NaN where there is no id; what rounding put above 0 is 0. */
function logprobs(values: Float32Array, ids: Int32Array): Float32Array {
  return values.map((x, i) => {
    if (ids[i] === -1) return Number.NaN;
    if (!(x <= LOGPROB_SLACK && x > -Infinity)) {
      throw new NumericsError(
        `trace: expected a log-probability ≤ 0, got ${x}: run again, or on --device wasm`,
      );
    }
    return Math.min(x, 0);
  });
}

function nats(values: Float32Array, name: string): Float32Array {
  for (const x of values) {
    if (!(x >= 0 && x < Infinity)) {
      throw new NumericsError(`trace: ${name}: expected nats ≥ 0, got ${x}: run again, or on --device wasm`);
    }
  }
  return values;
}

function finiteOrNull(x: number): number | null {
  return Number.isFinite(x) ? x : null;
}

function concatF32(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((n, part) => n + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

function concatI32(parts: readonly Int32Array[]): Int32Array {
  const out = new Int32Array(parts.reduce((n, part) => n + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

function expectLength(array: { readonly length: number }, length: number, place: string): void {
  if (array.length !== length) {
    throw new ShapeError(`trace: ${place}: expected ${length} numbers, got ${array.length}`);
  }
}
