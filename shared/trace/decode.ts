/**
 * Reads a trace that anyone may have written: every field and every number is checked before it is used, so that
 * what comes out can be drawn without another question. Small, because the widget carries it.
 */
import { FormatError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import {
  arrayAt,
  assertPlainJson,
  at,
  booleanAt,
  integerAt,
  numberAt,
  objectAt,
  oneOf,
  refuse,
  sha256At,
  stringAt,
} from './check.ts';
import type { TraceData } from './data.ts';
import { decodeAttention, decodePca } from './decode-extras.ts';
import { decodeLens } from './decode-lens.ts';
import type { Trace, TraceCheck, TraceDevice, TraceModel } from './format.ts';
import { TRACE_FORMAT, TRACE_LIMITS, TRACE_VERSION } from './format.ts';

const ROOT = 'trace';

/**
 * A trace from its text.
 *
 * @param maxBytes UTF-8 bytes allowed; by default what the server stores.
 * @throws {FormatError} `trace: place: expected …, got …`
 */
export function parseTrace(text: string, maxBytes: number = LIMITS.traceBytes): TraceData {
  // A UTF-16 code unit is at most three bytes: only a text near the limit is measured.
  if (
    text.length > maxBytes ||
    (text.length * 3 > maxBytes && new TextEncoder().encode(text).length > maxBytes)
  ) {
    throw new FormatError(
      `trace: expected at most ${maxBytes} bytes, got more: use fewer tokens, rows or top-k`,
    );
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new FormatError('trace: expected JSON, got text that is none', { cause: error });
  }
  return decodeTrace(json);
}

/** Throws unless the value is a valid trace; what it holds beyond version 1 is left as it is. */
export function validateTrace(json: unknown): asserts json is Trace {
  decodeTrace(json);
}

/**
 * A trace from parsed JSON: validated, with typed arrays in place of base64.
 *
 * @throws {FormatError} `trace: place: expected …, got …`
 */
export function decodeTrace(json: unknown): TraceData {
  const root = objectAt(json, ROOT);
  if (root.format !== TRACE_FORMAT) refuse(at(ROOT, 'format'), `"${TRACE_FORMAT}"`, root.format);
  if (root.version !== TRACE_VERSION) {
    const hint = 'open it with the Residscope that wrote it, or export it again as version 1';
    refuse(at(ROOT, 'version'), `${TRACE_VERSION} (the only one this release reads; ${hint})`, root.version);
  }
  assertPlainJson(json, ROOT, TRACE_LIMITS.depth);

  const model = decodeModel(root.model);
  const texts = decodeTexts(root.tokens, model.vocab);
  const prompt = decodePrompt(root.prompt, texts);
  const lens = decodeLens(root.lens, { model, texts, ids: prompt.ids });
  const shape = { model, positions: prompt.ids.length };
  return {
    source: json as Trace,
    model,
    ...prompt,
    texts,
    lens,
    attention: decodeAttention(root.attention, at(ROOT, 'attention'), shape),
    pca: decodePca(root.pca, at(ROOT, 'pca'), { ...shape, texts, rows: lens.rows }),
    interventions: decodeInterventions(root.interventions),
    engine: decodeEngine(root.engine),
    checks: decodeChecks(root.checks),
    device: decodeDevice(root.device),
    timings: decodeTimings(root.timings),
  };
}

function decodeModel(value: unknown): TraceModel {
  const place = at(ROOT, 'model');
  const model = objectAt(value, place);
  return {
    id: stringAt(model.id, at(place, 'id'), TRACE_LIMITS.name),
    ...(model.revision === undefined
      ? {}
      : { revision: stringAt(model.revision, at(place, 'revision'), TRACE_LIMITS.name) }),
    ...(model.weightHash === undefined
      ? {}
      : { weightHash: sha256At(model.weightHash, at(place, 'weightHash')) }),
    layers: integerAt(model.layers, at(place, 'layers'), 1, TRACE_LIMITS.layers),
    vocab: integerAt(model.vocab, at(place, 'vocab'), 1, TRACE_LIMITS.vocab),
  };
}

function decodeTexts(value: unknown, vocab: number): ReadonlyMap<number, string> {
  const place = at(ROOT, 'tokens');
  const tokens = objectAt(value, place);
  const ids = arrayAt(tokens.ids, at(place, 'ids'), 1, vocab);
  const texts = arrayAt(tokens.texts, at(place, 'texts'), ids.length, ids.length);
  const map = new Map<number, string>();
  let previous = -1;
  ids.forEach((entry, i) => {
    const id = integerAt(entry, at(at(place, 'ids'), i), previous + 1, vocab - 1);
    map.set(id, stringAt(texts[i], at(at(place, 'texts'), i), TRACE_LIMITS.text));
    previous = id;
  });
  return map;
}

function decodePrompt(
  value: unknown,
  texts: ReadonlyMap<number, string>,
): Pick<TraceData, 'ids' | 'pieces' | 'bos'> {
  const place = at(ROOT, 'prompt');
  const prompt = objectAt(value, place);
  const ids = arrayAt(prompt.ids, at(place, 'ids'), 1, TRACE_LIMITS.tokens).map((id, i) => {
    if (typeof id !== 'number' || !texts.has(id))
      refuse(at(at(place, 'ids'), i), 'an id that tokens.ids lists', id);
    return id;
  });
  const pieces = arrayAt(prompt.pieces, at(place, 'pieces'), ids.length, ids.length);
  if (prompt.idSpace !== undefined) oneOf(prompt.idSpace, at(place, 'idSpace'), ['model', 'local']);
  return {
    ids: Int32Array.from(ids),
    pieces: pieces.map((text, i) => stringAt(text, at(at(place, 'pieces'), i), TRACE_LIMITS.text)),
    bos: booleanAt(prompt.bos, at(place, 'bos')),
  };
}

function decodeInterventions(value: unknown): Trace['interventions'] {
  const place = at(ROOT, 'interventions');
  const list = arrayAt(value, place, 0, TRACE_LIMITS.interventions);
  list.forEach((entry, i) => {
    const inside = at(place, i);
    stringAt(objectAt(entry, inside).kind, at(inside, 'kind'), TRACE_LIMITS.name);
  });
  return list as Trace['interventions'];
}

function decodeEngine(value: unknown): Trace['engine'] {
  const place = at(ROOT, 'engine');
  const engine = objectAt(value, place);
  return {
    name: stringAt(engine.name, at(place, 'name'), TRACE_LIMITS.name),
    version: stringAt(engine.version, at(place, 'version'), TRACE_LIMITS.name),
  };
}

function decodeChecks(value: unknown): readonly TraceCheck[] {
  return arrayAt(value, at(ROOT, 'checks'), 0, TRACE_LIMITS.checks).map((entry, i) => {
    const place = at(at(ROOT, 'checks'), i);
    const check = objectAt(entry, place);
    return {
      name: stringAt(check.name, at(place, 'name'), TRACE_LIMITS.name),
      status: oneOf(check.status, at(place, 'status'), ['pass', 'fail', 'skipped']),
      value: check.value === null ? null : numberAt(check.value, at(place, 'value')),
      bound: check.bound === null ? null : numberAt(check.bound, at(place, 'bound')),
      note: stringAt(check.note, at(place, 'note'), TRACE_LIMITS.name),
    };
  });
}

function decodeDevice(value: unknown): TraceDevice | undefined {
  if (value === undefined) return undefined;
  const place = at(ROOT, 'device');
  const device = objectAt(value, place);
  const text = (key: 'name' | 'detail' | 'reason') =>
    stringAt(device[key], at(place, key), TRACE_LIMITS.name);
  return { name: text('name'), detail: text('detail'), reason: text('reason') };
}

function decodeTimings(value: unknown): Trace['timings'] {
  if (value === undefined) return undefined;
  const place = at(ROOT, 'timings');
  const entries = Object.entries(objectAt(value, place));
  return Object.fromEntries(entries.map(([name, ms]) => [name, numberAt(ms, at(place, name))]));
}
