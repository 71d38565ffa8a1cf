/** Traces: what goes in comes out bit for bit, and equal findings have equal ids. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../shared/limits.ts';
import { canonicalJson, traceId } from '../../shared/trace/canonical.ts';
import { decodeTrace, parseTrace } from '../../shared/trace/decode.ts';
import { encodeTrace } from '../../shared/trace/encode.ts';
import type { Trace } from '../../shared/trace/format.ts';
import { decodeTable, encodeTable } from '../../shared/trace/table.ts';
import { VERSION } from '../../shared/version.ts';
import { sampleRun, seeded, TEXTS } from './trace-sample.ts';

const bits = (a: Float32Array) => new Uint32Array(a.buffer, a.byteOffset, a.length);
const concat = (parts: readonly Float32Array[]) => Float32Array.from(parts.flatMap((p) => [...p]));

describe('round trip', () => {
  it.each([1, 2, 3, 4, 5])('gives every number back bit for bit, seed %i', (seed) => {
    const run = sampleRun({ seed, positions: 3 + seed, layers: seed + 1, k: 1 + seed });
    const trace = parseTrace(JSON.stringify(encodeTrace(run)));
    const { lens } = trace;
    expect([...trace.ids]).toEqual(run.ids);
    expect(trace.pieces).toEqual(run.tokenizer.pieces(run.ids));
    expect(lens.rows.map((r) => r.layer)).toEqual(run.readings.map((r) => r.layer));
    expect(bits(lens.topLogprobs)).toEqual(bits(concat(run.readings.map((r) => r.topLogprobs))));
    expect([...lens.topIds]).toEqual(run.readings.flatMap((r) => [...r.topIds]));
    expect(bits(lens.entropy ?? new Float32Array())).toEqual(
      bits(concat(run.readings.map((r) => r.entropy))),
    );
    expect(bits(lens.kl ?? new Float32Array())).toEqual(bits(concat(run.late?.kl ?? [])));
    expect(lens.targets.map((t) => t.name)).toEqual(['final', 'input', 'next']);
    const [final, input, next] = lens.targets;
    expect([...(final?.ids ?? [])]).toEqual([...(run.late?.finalIds ?? [])]);
    expect(bits(final?.logprobs ?? new Float32Array())).toEqual(
      bits(concat((run.late?.final ?? []).map((f) => f.logprobs))),
    );
    expect([...(input?.ranks ?? [])]).toEqual(run.readings.flatMap((r) => [...r.input.ranks]));
    expect(next?.ids.at(-1)).toBe(-1);
    expect(next?.logprobs.at(-1)).toBeNaN();
    expect([...lens.convergence]).toEqual([...(run.late?.convergence ?? [])]);
    expect(trace.checks[1]).toEqual(expect.objectContaining({ status: 'skipped', value: null }));
    expect(trace.device?.name).toBe('wasm');
    for (const id of [...lens.topIds, ...trace.ids]) expect(trace.texts.get(id)).toBe(TEXTS[id]);
  });

  it('is stable: encoding what was encoded gives the same text', () => {
    const once = JSON.stringify(encodeTrace(sampleRun()));
    expect(JSON.stringify(parseTrace(once).source)).toBe(once);
  });

  it('works for a run that was stopped before the output', () => {
    const { model, ids, bos, tokenizer, readings } = sampleRun();
    const trace = decodeTrace(encodeTrace({ model, ids, bos, tokenizer, readings }));
    expect(trace.lens.kl).toBeUndefined();
    expect(trace.device).toBeUndefined();
    expect(trace.lens.targets.map((t) => t.name)).toEqual(['input', 'next']);
  });

  it('turns what rounding put above 0 into 0, and refuses what is no log-probability', () => {
    const run = sampleRun();
    const [first, ...others] = run.readings;
    if (first === undefined) throw new Error('no rows');
    const with0 = (x: number) => {
      const topLogprobs = first.topLogprobs.slice();
      topLogprobs[0] = x;
      return encodeTrace({ ...run, readings: [{ ...first, topLogprobs }, ...others] });
    };
    expect(decodeTable(with0(1e-6).lens.topLogprobs, 'x', 'f32', [4, 4, 3])[0]).toBe(0);
    expect(() => with0(0.1)).toThrow(/log-probability ≤ 0, got 0.1/);
    expect(() => with0(Number.NaN)).toThrow(/got NaN/);
  });
});

describe('unknown and changed members', () => {
  it('keeps members that this version does not know', () => {
    const trace = { ...encodeTrace(sampleRun()), 'x-later': { a: [1] } };
    expect(decodeTrace(trace).source).toBe(trace);
  });

  it('refuses other versions and says what to do', () => {
    const trace = { ...encodeTrace(sampleRun()), version: 2 };
    expect(() => decodeTrace(trace)).toThrow(/trace: version: expected 1 .*open it with.*, got 2/);
  });
});

describe('canonical form', () => {
  // RFC 8785, section 3.2.3 and appendix B.
  it('sorts names by UTF-16 code units', () => {
    const names = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, '\u00f6': 7 };
    const sorted = ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\u{1f600}', '\ufb33'];
    expect(Object.keys(JSON.parse(canonicalJson(names)) as object)).toHaveLength(7);
    const at = sorted.map((name) => canonicalJson(names).indexOf(JSON.stringify(name)));
    expect(at).toEqual([...at].sort((a, b) => a - b));
  });

  it.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555555', '333333333.3333333'],
  ])('writes the double %s as %s', (hex, text) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, BigInt(`0x${hex}`));
    expect(canonicalJson(view.getFloat64(0))).toBe(text);
  });

  it('writes strings, literals and nesting as the RFC does', () => {
    expect(canonicalJson({ b: [null, true, '\u20ac$\u000f\nA\'B"\\\\"/'], a: {} })).toBe(
      '{"a":{},"b":[null,true,"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"]}',
    );
    expect(() => canonicalJson('\ud800')).toThrow(/lone surrogate/);
    expect(() => canonicalJson(Number.NaN)).toThrow(/finite/);
  });

  it('gives an id that leaves device and timings out and takes all else in', async () => {
    const trace = encodeTrace(sampleRun());
    const id = await traceId(trace);
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    const shuffled = Object.fromEntries(Object.entries(trace).reverse()) as unknown as Trace;
    expect(await traceId(shuffled)).toBe(id);
    expect(await traceId({ ...trace, device: { name: 'webgpu', detail: '', reason: '' }, timings: {} })).toBe(
      id,
    );
    expect(await traceId({ ...trace, model: { ...trace.model, id: 'other' } })).not.toBe(id);
    expect(await traceId({ ...trace, 'x-later': 1 } as Trace)).not.toBe(id);
  });
});

it('fits 30 layers × 256 tokens into what a server stores', () => {
  const [rows, tokens, k] = [31, 256, 10];
  const random = seeded(5);
  const texts = Array.from({ length: 20_000 }, (_, id) => ` token${id}`);
  const f32 = (n: number) => Float32Array.from({ length: n }, () => -10 * random());
  const i32 = (n: number) => Int32Array.from({ length: n }, () => Math.floor(random() * 20_000));
  const target = { ids: i32(tokens), logprobs: f32(tokens), ranks: i32(tokens) };
  const run = sampleRun();
  const trace = encodeTrace({
    ...run,
    ids: [...i32(tokens)],
    tokenizer: { text: (id) => texts[id] ?? '', pieces: (ids) => ids.map((id) => texts[id] ?? '') },
    readings: Array.from({ length: rows }, (_, r) => ({
      layer: r - 1,
      k,
      topIds: i32(tokens * k),
      topLogprobs: f32(tokens * k),
      entropy: f32(tokens).map(Math.abs),
      input: target,
      next: target,
    })),
    late: {
      finalIds: i32(tokens),
      final: Array.from({ length: rows }, () => target),
      kl: Array.from({ length: rows }, () => f32(tokens).map(Math.abs)),
      convergence: i32(tokens),
    },
  });
  expect(new TextEncoder().encode(JSON.stringify(trace)).length).toBeLessThan(LIMITS.traceBytes);
});

it('keeps tables bit for bit, whatever their length', () => {
  const random = seeded(9);
  for (let n = 0; n < 9; n++) {
    const u8 = Uint8Array.from({ length: n }, () => random() * 256);
    const i32 = Int32Array.from({ length: n }, () => (random() - 0.5) * 2 ** 32);
    const f32 = Float32Array.from({ length: n }, () => (random() - 0.5) * 1e30);
    if (n > 2) f32[1] = Number.NaN;
    expect(decodeTable(encodeTable('u8', [n], u8), 'x', 'u8', [n])).toEqual(u8);
    expect(decodeTable(encodeTable('i32', [n], i32), 'x', 'i32', [n])).toEqual(i32);
    expect(bits(decodeTable(encodeTable('f32', [n], f32), 'x', 'f32', [n]))).toEqual(bits(f32));
  }
});

it('names the version of the package', () => {
  const pkg = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as object;
  expect(pkg).toHaveProperty('version', VERSION);
});
