/** Traces from anyone: each broken rule is refused by its place, and no mutation ends in anything but FormatError. */
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../shared/errors.ts';
import { decodeTrace, parseTrace } from '../../shared/trace/decode.ts';
import { encodeTrace } from '../../shared/trace/encode.ts';
import type { Table } from '../../shared/trace/format.ts';
import { decodeTable, encodeTable } from '../../shared/trace/table.ts';
import { sampleRun, seeded } from './trace-sample.ts';

type Mutable = Record<string, unknown>;

const base = JSON.stringify({
  ...encodeTrace(sampleRun()),
  attention: [{ layer: 1, heads: [0, 2], scale: 1 / 255, patterns: triangle(2, 4) }],
  pca: {
    positions: [3],
    mid: false,
    centred: true,
    ratios: encodeTable('f32', [2], Float32Array.of(0.7, 0.3)),
    path: encodeTable(
      'f32',
      [4, 2],
      Float32Array.from({ length: 8 }, (_, i) => i),
    ),
    topIds: encodeTable('i32', [2, 1], Int32Array.of(0, 1)),
    topLogprobs: encodeTable('f32', [2, 1], Float32Array.of(-1, -2)),
  },
  interventions: [{ kind: 'ablate', head: [1, 2] }],
});

function triangle(heads: number, n: number): Table<'u8'> {
  const patterns = Uint8Array.from({ length: heads * n * n }, (_, i) => {
    const [dest, src] = [Math.floor(i / n) % n, i % n];
    return src <= dest ? Math.floor(255 / (dest + 1)) : 0;
  });
  return encodeTable('u8', [heads, n, n], patterns);
}

/** The sample with one member replaced (or taken away, with undefined): `lens.rows.0.layer`. */
function changed(path: string, value: unknown): unknown {
  const trace = JSON.parse(base) as Mutable;
  const names = path.split('.');
  const last = names.pop() ?? '';
  const parent = names.reduce((at, name) => at[name] as Mutable, trace);
  if (value === undefined) Reflect.deleteProperty(parent, last);
  else parent[last] = value;
  return trace;
}

/** The sample with numbers of one table replaced. */
function withItems(path: string, dtype: 'f32' | 'i32', items: Record<number, number>): unknown {
  const names = path.split('.');
  const table = names.reduce<unknown>((at, name) => (at as Mutable)[name], JSON.parse(base)) as Table;
  const bytes = Uint8Array.from(atob(table.data), (c) => c.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  for (const [i, x] of Object.entries(items)) {
    if (dtype === 'f32') view.setFloat32(Number(i) * 4, x, true);
    else view.setInt32(Number(i) * 4, x, true);
  }
  return changed(`${path}.data`, btoa(String.fromCharCode(...bytes)));
}

it('takes the sample', () => {
  const trace = parseTrace(base);
  expect(trace.attention[0]?.heads).toEqual([0, 2]);
  expect(trace.pca?.path[7]).toBe(7);
  expect(trace.interventions).toEqual([{ kind: 'ablate', head: [1, 2] }]);
});

describe('refused by place', () => {
  it.each<[string, unknown, RegExp]>([
    ['format', 'other', /^trace: format: expected "residscope.trace", got "other"$/],
    ['version', '1', /^trace: version: expected 1 /],
    ['version', undefined, /^trace: version: .*got nothing$/],
    ['model', null, /^trace: model: expected an object, got null$/],
    ['model.layers', 0, /^trace: model\.layers: expected an integer from 1 to 4096, got 0$/],
    ['model.vocab', 3, /^trace: tokens\.ids: expected 1 to 3 entries|^trace: tokens\.ids\[/],
    ['model.weightHash', 'AB', /^trace: model\.weightHash: expected a SHA-256/],
    ['prompt.ids', [], /^trace: prompt\.ids: expected 1 to 65536 entries, got 0$/],
    ['prompt.ids.1', 99, /^trace: prompt\.ids\[1\]: expected an id that tokens\.ids lists, got 99$/],
    ['prompt.ids.1', '1', /^trace: prompt\.ids\[1\]: .*got "1"$/],
    ['prompt.pieces', ['a'], /^trace: prompt\.pieces: expected 4 entries, got 1$/],
    ['prompt.pieces.0', 'x'.repeat(5000), /at most 4096 UTF-16 code units, got 5000$/],
    ['prompt.bos', 1, /^trace: prompt\.bos: expected true or false, got 1$/],
    ['prompt.idSpace', 'other', /^trace: prompt\.idSpace: expected "model" or "local"/],
    ['tokens.ids.0', -1, /^trace: tokens\.ids\[0\]: expected an integer from 0 to 15, got -1$/],
    ['tokens.texts.0', '\ud800', /^trace: tokens\.texts\[0\]: expected well-formed Unicode/],
    ['lens.kind', 'other', /^trace: lens\.kind: expected "raw" or "fitted" or "tuned"/],
    ['lens.kind', 'tuned', /^trace: lens\.hash: expected a SHA-256.*got nothing$/],
    ['lens.k', 2.5, /^trace: lens\.k: expected an integer/],
    ['lens.k', 2, /^trace: lens\.topIds\.shape: expected \[4, 4, 2\], got "\[4, 4, 3\]"$/],
    ['lens.rows.1.layer', -1, /^trace: lens\.rows\[1\]: expected rows from bottom to top/],
    ['lens.rows.0.mid', true, /^trace: lens\.rows\[0\]: expected no mid-block row of the embedding/],
    ['lens.rows.3.layer', 3, /^trace: lens\.rows\[3\]\.layer: expected an integer from -1 to 2, got 3$/],
    ['lens.topIds.dtype', 'f32', /^trace: lens\.topIds\.dtype: expected "i32", got "f32"$/],
    ['lens.topIds.shape', [4, 4, 1e9], /^trace: lens\.topIds\.shape/],
    ['lens.topIds.data', 'AAAA', /^trace: lens\.topIds\.data: expected 256 characters of base64, got 4$/],
    ['lens.topIds.data', '*'.repeat(256), /^trace: lens\.topIds\.data: expected base64 /],
    ['lens.entropy', null, /^trace: lens\.entropy: expected an object, got null$/],
    ['lens.targets.0.name', 'input', /^trace: lens\.targets: expected one target named "input", got 2$/],
    ['lens.targets.0.name', 7, /^trace: lens\.targets\[0\]\.name: expected a string, got 7$/],
    ['attention.0.layer', 3, /^trace: attention\[0\]\.layer: expected an integer from 0 to 2/],
    ['attention.0.heads', [2, 0], /^trace: attention\[0\]\.heads\[1\]: expected an integer from 3/],
    ['attention.0.scale', 1, /^trace: attention\[0\]\.patterns\[0, 0\]: expected attention of one position/],
    ['pca.positions', [4], /^trace: pca\.positions/],
    ['pca.ratios.shape', [], /^trace: pca\.ratios\.shape: expected 1 to 3 entries, got 0$/],
    ['interventions.0.kind', undefined, /^trace: interventions\[0\]\.kind: expected a string, got nothing$/],
    [
      'checks.0.status',
      'ok',
      /^trace: checks\[0\]\.status: expected "pass" or "fail" or "skipped", got "ok"$/,
    ],
    ['checks.0.value', 'x', /^trace: checks\[0\]\.value: expected a finite number, got "x"$/],
    ['device.name', 1, /^trace: device\.name: expected a string, got 1$/],
    ['timings.done', '1', /^trace: timings\.done: expected a finite number/],
  ])('%s = %j', (path, value, message) => {
    expect(() => decodeTrace(changed(path, value))).toThrow(message);
  });

  it.each<[string, 'f32' | 'i32', Record<number, number>, RegExp]>([
    [
      'lens.topIds',
      'i32',
      { 5: 77 },
      /^trace: lens\.topIds\[0, 1, 2\]: expected an id that tokens\.ids lists/,
    ],
    ['lens.topIds', 'i32', { 5: -2 }, /lens\.topIds\[0, 1, 2\].*got -2$/],
    [
      'lens.topIds',
      'i32',
      { 3: 0, 4: 0 },
      /^trace: lens\.topIds\[0, 1, 1\]: expected an id once a cell, got 0$/,
    ],
    ['lens.topIds', 'i32', { 3: -1 }, /^trace: lens\.topLogprobs\[0, 1, 0\]: expected NaN|lens\.topIds/],
    [
      'lens.topLogprobs',
      'f32',
      { 0: 0.1 },
      /^trace: lens\.topLogprobs\[0, 0, 0\]: expected a finite log-prob/,
    ],
    ['lens.topLogprobs', 'f32', { 47: -Infinity }, /^trace: lens\.topLogprobs\[3, 3, 2\].*got -Infinity$/],
    [
      'lens.topLogprobs',
      'f32',
      { 0: -9, 1: -1 },
      /lens\.topLogprobs\[0, 0, 1\]: expected at most the one before/,
    ],
    [
      'lens.topLogprobs',
      'f32',
      { 0: -0.1, 1: -0.1, 2: -0.1 },
      /expected probabilities of a cell that sum to/,
    ],
    [
      'lens.entropy',
      'f32',
      { 4: 3 },
      /^trace: lens\.entropy\[1, 0\]: expected nats from 0 to 2\.7736, got 3$/,
    ],
    ['lens.entropy', 'f32', { 4: -0.1 }, /^trace: lens\.entropy\[1, 0\]/],
    ['lens.kl', 'f32', { 15: Infinity }, /^trace: lens\.kl\[3, 3\]: expected a finite number of nats ≥ 0/],
    ['lens.kl', 'f32', { 15: Number.NaN }, /^trace: lens\.kl\[3, 3\]/],
    [
      'lens.targets.0.ranks',
      'i32',
      { 1: 16 },
      /^trace: lens\.targets\[0\]\.ranks\[0, 1\]: expected a rank from 0/,
    ],
    ['lens.targets.0.ranks', 'i32', { 1: -1 }, /^trace: lens\.targets\[0\]\.ranks\[0, 1\]/],
    ['lens.targets.2.ranks', 'i32', { 3: 0 }, /^trace: lens\.targets\[2\]\.ranks\[0, 3\]: expected −1/],
    [
      'lens.targets.2.logprobs',
      'f32',
      { 3: -1 },
      /^trace: lens\.targets\[2\]\.logprobs\[0, 3\]: expected NaN/,
    ],
    ['lens.targets.1.ids', 'i32', { 0: 1 }, /"input"\.ids\[0\]: expected 0, as in the prompt, got 1$/],
    ['lens.targets.2.ids', 'i32', { 0: 3 }, /"next"\.ids\[0\]: expected 1, as in the prompt, got 3$/],
    ['pca.ratios', 'f32', { 0: 0.1 }, /^trace: pca\.ratios\[1\]: expected at most the one before/],
    ['pca.path', 'f32', { 3: Number.NaN }, /^trace: pca\.path\[1, 1\]: expected a finite number, got NaN$/],
  ])('%s %s %j', (path, dtype, items, message) => {
    expect(() => decodeTrace(withItems(path, dtype, items))).toThrow(message);
  });

  it('a second text for the same table: other NaNs, white space, set unused bits', () => {
    const table = encodeTable('f32', [1], Float32Array.of(Number.NaN));
    expect(table.data).toBe('AADAfw==');
    const read = (data: string) => decodeTable({ ...table, data }, 'x: y', 'f32', [1]);
    expect(read(table.data)[0]).toBeNaN();
    expect(() => read('AADAfx==')).toThrow(/^x: y\.data: expected base64 whose unused bits are zero/);
    expect(() => read('AADAfw= ')).toThrow(/^x: y\.data: expected base64 /);
    expect(() => read('AQDAfw==')).toThrow(/^x: y: item 0: expected the NaN 7fc00000, got "7fc00001"/);
  });
});

describe('JSON that is a trap', () => {
  it.each([
    ['no JSON', '{"format":', /expected JSON/],
    ['an array', '[]', /trace: expected an object, got an array of 0/],
    ['nothing', 'null', /trace: expected an object, got null/],
    [
      'a number that overflows',
      base.replace('"device"', '"x":1e999,"device"'),
      /trace: x: expected a finite number/,
    ],
    ['__proto__', base.replace('"device"', '"x":{"__proto__":{"a":1}},"device"'), /no member of that name/],
    ['constructor', base.replace('"device"', '"constructor":{},"device"'), /no member of that name/],
    [
      'deep nesting',
      base.replace('"device"', `"x":${'['.repeat(1e5)}${']'.repeat(1e5)},"device"`),
      /less nesting/,
    ],
    ['a lone surrogate in a name', base.replace('"device"', '"\\ud800":1,"device"'), /lone surrogate/],
  ])('%s', (_name, text, message) => {
    expect(() => parseTrace(text)).toThrow(FormatError);
    expect(() => parseTrace(text)).toThrow(message);
    expect(({} as { a?: unknown }).a).toBeUndefined();
  });

  it('is measured in bytes before it is parsed', () => {
    expect(() => parseTrace(' '.repeat(3e6))).toThrow(/at most 2097152 bytes/);
    expect(() => parseTrace(`"${'€'.repeat(8e5)}"`)).toThrow(/at most 2097152 bytes/);
    expect(() => parseTrace(base, 100)).toThrow(/at most 100 bytes/);
  });

  it('takes no live objects', () => {
    const trace = JSON.parse(base) as Mutable;
    for (const x of [new Date(), new Uint8Array(4), () => 1, Symbol('x'), 1n, new Map()]) {
      expect(() => decodeTrace({ ...trace, x })).toThrow(FormatError);
    }
    const loop: Mutable = {};
    loop.loop = loop;
    expect(() => decodeTrace({ ...trace, loop })).toThrow(/less nesting/);
  });
});

describe('fuzz', () => {
  const JUNK: readonly unknown[] = [
    null,
    undefined,
    true,
    -1,
    0,
    1e308,
    0.5,
    2 ** 53,
    '',
    'AAAA',
    '\ud800',
    [],
    [[]],
    {},
    { dtype: 'f32', shape: [1], data: 'AAAAAA==' },
    { dtype: 'u8', shape: [2 ** 40], data: '' },
    { shape: { length: 3 } },
  ];

  it('mutated members end in a trace or in FormatError, 4000 seeded cases', () => {
    const random = seeded(2026);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    let refused = 0;
    for (let n = 0; n < 4000; n++) {
      const trace = JSON.parse(base) as Mutable;
      for (let m = 0; m <= random() * 2; m++) {
        let node: Mutable = trace;
        for (let depth = 0; depth < 8; depth++) {
          const key = pick(Object.keys(node));
          const child = node[key];
          if (
            typeof child === 'object' &&
            child !== null &&
            Object.keys(child).length > 0 &&
            random() < 0.85
          ) {
            node = child as Mutable;
            continue;
          }
          if (random() < 0.2) Reflect.deleteProperty(node, key);
          else if (random() < 0.1) node[pick(['x', 'toJSON', 'valueOf', '0'])] = pick(JUNK);
          else node[key] = pick(JUNK);
          break;
        }
      }
      refused += outcome(() => decodeTrace(trace));
    }
    expect(refused).toBeGreaterThan(2000);
  });

  it('mutated bytes end in a trace or in FormatError, 3000 seeded cases', () => {
    const random = seeded(7);
    let refused = 0;
    for (let n = 0; n < 3000; n++) {
      const codes = Array.from(base, (c) => c.charCodeAt(0));
      for (let m = 0; m < 1 + random() * 3; m++) {
        const i = Math.floor(random() * codes.length);
        if (random() < 0.6) codes[i] = 32 + Math.floor(random() * 95);
        else codes.splice(i, Math.floor(random() * 4));
      }
      refused += outcome(() => parseTrace(String.fromCharCode(...codes)));
    }
    expect(refused).toBeGreaterThan(1500);
  });

  function outcome(read: () => unknown): number {
    try {
      read();
      return 0;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      expect(error.message.length).toBeLessThan(400);
      return 1;
    }
  }
});
