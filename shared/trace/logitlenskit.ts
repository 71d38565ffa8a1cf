/**
 * logitlenskit's JSON, version 2 (davidbau/logitlenskit, docs/DATA_FORMAT.md), read and written: probabilities of
 * tracked tokens by layer for each position, and the top tokens of each cell, all by text. It has no token ids,
 * no ranks, and five decimals.
 */
import { FormatError } from '../errors.ts';
import { VERSION } from '../version.ts';
import { arrayAt, assertPlainJson, at, integerAt, numberAt, objectAt, refuse, stringAt } from './check.ts';
import type { TraceData } from './data.ts';
import type { Trace } from './format.ts';
import { TRACE_FORMAT, TRACE_LIMITS, TRACE_VERSION } from './format.ts';
import { encodeTable } from './table.ts';

/** The file. Probabilities, 0 to 1. */
export interface LogitlensV2 {
  readonly meta: { readonly version: 2; readonly model?: string; readonly timestamp?: string };
  readonly layers: readonly number[];
  readonly input: readonly string[];
  /** [pos]: token text → probability by layer. */
  readonly tracked: readonly Readonly<Record<string, readonly number[]>>[];
  /** [layer][pos]: token texts, best first. */
  readonly topk: readonly (readonly (readonly string[])[])[];
  /** [layer][pos], nats. */
  readonly entropy?: readonly (readonly number[])[];
}

const ROOT = 'logitlenskit';
const DECIMALS = 1e5;

/** Nats: more than any vocabulary has. */
const MOST_NATS = 100;
/** What a probability rounded to 0 is read as: the largest that it can have been. */
const ROUNDED_TO_ZERO = 0.5 / DECIMALS;

/**
 * A trace as logitlenskit writes it. Ids that share a text share an entry, that of the likeliest.
 *
 * @param trajectories for a position and ids, f32[row, id] log-probabilities under every row of the lens.
 */
export async function toLogitlens(
  trace: TraceData,
  trajectories: (pos: number, ids: readonly number[]) => Promise<Float32Array>,
): Promise<LogitlensV2> {
  const { rows, k, topIds, entropy } = trace.lens;
  const positions = trace.ids.length;
  // The format knows whole layers only.
  const kept = rows.flatMap((row, r) => (row.mid === true ? [] : [r]));
  const cell = (r: number, pos: number) => {
    const start = (r * positions + pos) * k;
    return Array.from(topIds.subarray(start, start + k)).filter((id) => id !== -1);
  };
  const text = (id: number) => trace.texts.get(id) ?? '';

  const tracked: Record<string, readonly number[]>[] = [];
  for (let pos = 0; pos < positions; pos++) {
    const ids = [...new Set(kept.flatMap((r) => cell(r, pos)))].sort((a, b) => a - b);
    const logprobs = await trajectories(pos, ids);
    const likeliest = new Map<string, readonly number[]>();
    ids.forEach((id, i) => {
      const path = kept.map((r) => Math.exp(logprobs[r * ids.length + i] ?? -Infinity));
      const before = likeliest.get(text(id));
      if (before === undefined || Math.max(...path) > Math.max(...before)) likeliest.set(text(id), path);
    });
    // fromEntries defines members: a token that reads "__proto__" is a member like any other.
    tracked.push(Object.fromEntries([...likeliest].map(([token, path]) => [token, path.map(rounded)])));
  }
  return {
    meta: { version: 2, model: trace.model.id },
    layers: kept.map((r) => rows[r]?.layer ?? 0),
    input: trace.pieces,
    tracked,
    topk: kept.map((r) =>
      Array.from({ length: positions }, (_, pos) => [...new Set(cell(r, pos).map(text))]),
    ),
    ...(entropy === undefined
      ? {}
      : {
          entropy: kept.map((r) => Array.from(entropy.subarray(r * positions, (r + 1) * positions), rounded)),
        }),
  };
}

/**
 * A trace from logitlenskit's JSON. Its ids only number its texts (`idSpace: "local"`), the vocabulary is as large
 * as there are texts, and there are no ranks; a probability rounded to 0 is taken as 0.000005.
 *
 * @throws {FormatError} `logitlenskit: place: expected …, got …`
 */
export function fromLogitlens(json: unknown): Trace {
  const root = objectAt(json, ROOT);
  const meta = objectAt(root.meta, at(ROOT, 'meta'));
  if (meta.version !== 2) {
    const hint = 'version 1 has `cells`: convert it with logitlenskit first';
    refuse(at(ROOT, 'meta.version'), `2 (${hint})`, meta.version);
  }
  // `tracked` is keyed by token text, which may be any string: its names are read, never used as members.
  assertPlainJson({ ...root, tracked: null }, ROOT, TRACE_LIMITS.depth);
  const layers = arrayAt(root.layers, at(ROOT, 'layers'), 1, TRACE_LIMITS.layers).map((layer, i, all) =>
    integerAt(
      layer,
      at(at(ROOT, 'layers'), i),
      i === 0 ? -1 : Number(all[i - 1]) + 1,
      TRACE_LIMITS.layers - 1,
    ),
  );
  const input = texts(root.input, at(ROOT, 'input'), 1, TRACE_LIMITS.tokens);
  const tracked = readTracked(root.tracked, input.length, layers.length);
  const topk = arrayAt(root.topk, at(ROOT, 'topk'), layers.length, layers.length).map((row, r) => {
    const place = at(at(ROOT, 'topk'), r);
    return arrayAt(row, place, input.length, input.length).map((cell, pos) =>
      readCell(texts(cell, at(place, pos), 0, TRACE_LIMITS.k), tracked[pos], r),
    );
  });
  const vocabulary = [...new Set([...input, ...topk.flat(2).map((entry) => entry.token)])];
  const ids = new Map(vocabulary.map((token, id) => [token, id]));
  const k = Math.max(1, ...topk.flat().map((cell) => cell.length));
  const topIds = new Int32Array(layers.length * input.length * k).fill(-1);
  const topLogprobs = new Float32Array(topIds.length).fill(Number.NaN);
  topk.flat().forEach((cell, c) => {
    cell.forEach(({ token, p }, j) => {
      topIds[c * k + j] = ids.get(token) ?? -1;
      topLogprobs[c * k + j] = Math.log(Math.max(p, ROUNDED_TO_ZERO));
    });
  });
  const shape = [layers.length, input.length, k];
  const entropy =
    root.entropy === undefined ? undefined : readEntropy(root.entropy, layers.length, input.length);
  const model =
    meta.model === undefined ? 'unknown' : stringAt(meta.model, at(ROOT, 'meta.model'), TRACE_LIMITS.name);
  return {
    format: TRACE_FORMAT,
    version: TRACE_VERSION,
    model: { id: model, layers: Math.max(1, (layers.at(-1) ?? 0) + 1), vocab: vocabulary.length },
    prompt: { ids: input.map((token) => ids.get(token) ?? 0), pieces: input, bos: false, idSpace: 'local' },
    tokens: { ids: vocabulary.map((_, id) => id), texts: vocabulary },
    lens: {
      kind: 'raw',
      rows: layers.map((layer) => ({ layer })),
      k,
      topIds: encodeTable('i32', shape, topIds),
      topLogprobs: encodeTable('f32', shape, topLogprobs),
      ...(entropy ? { entropy: encodeTable('f32', shape.slice(0, 2), entropy) } : {}),
      targets: [],
    },
    interventions: [],
    engine: { name: 'residscope, from logitlenskit JSON 2', version: VERSION },
    checks: [],
  };
}

/** The same, from text. */
export function parseLogitlens(text: string, maxBytes: number): Trace {
  if (text.length > maxBytes)
    throw new FormatError(`logitlenskit: expected at most ${maxBytes} bytes, got more`);
  try {
    return fromLogitlens(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) throw new FormatError('logitlenskit: expected JSON', { cause: error });
    throw error;
  }
}

type Tracked = ReadonlyMap<string, readonly number[]>;

function readTracked(value: unknown, positions: number, layers: number): Tracked[] {
  const place = at(ROOT, 'tracked');
  return arrayAt(value, place, positions, positions).map((entry, pos) => {
    const inside = at(place, pos);
    return new Map(
      Object.entries(objectAt(entry, inside)).map(([token, path]) => {
        const member = `${inside} "${token.slice(0, 32)}"`;
        return [token, arrayAt(path, member, layers, layers).map((p, l) => numberAt(p, at(member, l), 0, 1))];
      }),
    );
  });
}

/** f32[layer, pos], nats. */
function readEntropy(value: unknown, layers: number, positions: number): Float32Array {
  const place = at(ROOT, 'entropy');
  return Float32Array.from(
    arrayAt(value, place, layers, layers).flatMap((row, r) =>
      arrayAt(row, at(place, r), positions, positions).map((x, pos) =>
        numberAt(x, at(at(place, r), pos), 0, MOST_NATS),
      ),
    ),
  );
}

/** Best first: the writer's order, unless the probabilities say otherwise; what isn't tracked counts as 0. */
function readCell(
  tokens: readonly string[],
  tracked: Tracked | undefined,
  row: number,
): { readonly token: string; readonly p: number }[] {
  return [...new Set(tokens)]
    .map((token) => ({ token, p: tracked?.get(token)?.[row] ?? 0 }))
    .sort((a, b) => b.p - a.p);
}

function texts(value: unknown, place: string, min: number, max: number): string[] {
  return arrayAt(value, place, min, max).map((text, i) => stringAt(text, at(place, i), TRACE_LIMITS.text));
}

function rounded(x: number): number {
  return Math.round(x * DECIMALS) / DECIMALS;
}
