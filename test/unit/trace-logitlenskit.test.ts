/** logitlenskit's JSON, version 2: what we write, what we read, and what is refused. */
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../shared/errors.ts';
import { decodeTrace } from '../../shared/trace/decode.ts';
import { fromLogitlens, parseLogitlens, toLogitlens } from '../../shared/trace/logitlenskit.ts';
import { sampleTrace, seeded, TEXTS } from './trace-sample.ts';

/** A file as that program writes it, small. */
const FILE = {
  meta: { version: 2, timestamp: '2026-01-01T00:00:00Z', model: 'openai-community/gpt2' },
  layers: [0, 4, 11],
  input: ['Hello', ' world'],
  tracked: [
    { ' world': [0.00001, 0.2, 0.9], ',': [0.5, 0.3, 0], __proto__x: [0, 0, 0] },
    { '!': [0.1, 0.25, 0.5], '.': [0.2, 0.25, 0.25] },
  ],
  topk: [
    [
      [',', ' world'],
      ['.', '!'],
    ],
    [[',', ' world'], ['!']],
    [[' world'], ['!', '.', 'unseen']],
  ],
};

const EMPTY = () => Promise.resolve(new Float32Array());

describe('read', () => {
  it('becomes a valid trace whose ids number its texts', () => {
    const trace = decodeTrace(fromLogitlens(FILE));
    const { lens } = trace;
    expect(trace.source.prompt.idSpace).toBe('local');
    expect(trace.model).toEqual({ id: 'openai-community/gpt2', layers: 12, vocab: trace.texts.size });
    expect(lens.rows.map((r) => r.layer)).toEqual([0, 4, 11]);
    expect(trace.pieces).toEqual(['Hello', ' world']);
    expect(lens.k).toBe(3);
    const cell = (row: number, pos: number) =>
      [0, 1, 2].map((j) => trace.texts.get(lens.topIds[(row * 2 + pos) * 3 + j] ?? -1));
    expect(cell(0, 0)).toEqual([',', ' world', undefined]);
    expect(cell(2, 1)).toEqual(['!', '.', 'unseen']);
    const p = (row: number, pos: number, j: number) =>
      Math.exp(lens.topLogprobs[(row * 2 + pos) * 3 + j] ?? 0);
    expect(p(2, 0, 0)).toBeCloseTo(0.9, 6);
    expect(p(2, 1, 2)).toBeCloseTo(0.000005, 9);
    expect([...lens.convergence]).toEqual([11, 4]);
    expect(lens.entropy).toBeUndefined();
  });

  it('puts a cell in the order of its probabilities', () => {
    const trace = decodeTrace(
      fromLogitlens({ ...FILE, topk: [[[' world', ','], ['.']], ...FILE.topk.slice(1)] }),
    );
    expect(trace.texts.get(trace.lens.topIds[0] ?? -1)).toBe(',');
  });

  it.each<[string, unknown, RegExp]>([
    [
      'version 1',
      { layers: [], tokens: [], cells: [] },
      /^logitlenskit: meta: expected an object, got nothing$/,
    ],
    ['another version', { ...FILE, meta: { version: 1 } }, /meta\.version: expected 2 .*convert it/],
    ['no input', { ...FILE, input: [] }, /^logitlenskit: input: expected 1 to 65536 entries, got 0$/],
    [
      'a layer twice',
      { ...FILE, layers: [0, 0, 1] },
      /^logitlenskit: layers\[1\]: expected an integer from 1/,
    ],
    [
      'a layer missing',
      { ...FILE, layers: [0, 1] },
      /^logitlenskit: tracked\[0\] " world": expected 2 entries, got 3$/,
    ],
    [
      'p above 1',
      { ...FILE, tracked: [{ a: [0, 0, 2] }, {}] },
      /"a"\[2\]: expected a finite number from 0 to 1, got 2$/,
    ],
    ['entropy of fewer layers', { ...FILE, entropy: [[1, 1]] }, /entropy: expected 3 entries, got 1$/],
    [
      'an entropy that is none',
      {
        ...FILE,
        entropy: [
          [1, -1],
          [1, 1],
          [1, 1],
        ],
      },
      /entropy\[0\]\[1\]: expected a finite number from 0 to 100, got -1$/,
    ],
    ['topk too short', { ...FILE, topk: [[]] }, /^logitlenskit: topk: expected 3 entries, got 1$/],
    [
      'a token that is no text',
      { ...FILE, input: ['a', 7] },
      /^logitlenskit: input\[1\]: expected a string, got 7$/,
    ],
  ])('refuses %s', (_name, json, message) => {
    expect(() => fromLogitlens(json)).toThrow(FormatError);
    expect(() => fromLogitlens(json)).toThrow(message);
  });

  it('refuses what is no JSON, or too much of it', () => {
    expect(() => parseLogitlens('{', 10)).toThrow(/expected JSON/);
    expect(() => parseLogitlens('[]'.repeat(10), 10)).toThrow(/at most 10 bytes/);
  });

  it('ends in a valid trace or in FormatError, whatever is put in, 2000 seeded cases', () => {
    const random = seeded(11);
    const junk: unknown[] = [null, -1, 2, 'x', [], {}, [[]], [['x']], [0, 1, 2], { x: [0, 0, 0] }];
    for (let n = 0; n < 2000; n++) {
      const file = JSON.parse(JSON.stringify(FILE)) as Record<string, unknown>;
      let node = file;
      for (;;) {
        const keys = Object.keys(node);
        const key = keys[Math.floor(random() * keys.length)] ?? 'x';
        const child = node[key];
        if (typeof child === 'object' && child !== null && Object.keys(child).length > 0 && random() < 0.8) {
          node = child as Record<string, unknown>;
          continue;
        }
        node[key] = junk[Math.floor(random() * junk.length)];
        break;
      }
      try {
        decodeTrace(fromLogitlens(file));
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
      }
    }
  });
});

describe('write', () => {
  it('gives rows, texts and five decimals, and reads back as the same lens', async () => {
    const trace = sampleTrace({ positions: 3, layers: 2, k: 4 });
    const { lens } = trace;
    const rows = lens.rows.length;
    // Probabilities that the trace itself holds; elsewhere one that rounds to 0.
    const known = (pos: number, ids: readonly number[]) => {
      const out = new Float32Array(rows * ids.length).fill(-20);
      for (let r = 0; r < rows; r++) {
        for (let j = 0; j < lens.k; j++) {
          const cell = (r * 3 + pos) * lens.k + j;
          out[r * ids.length + ids.indexOf(lens.topIds[cell] ?? -1)] = lens.topLogprobs[cell] ?? 0;
        }
      }
      return Promise.resolve(out);
    };
    const file = await toLogitlens(trace, known);
    expect(file.meta).toEqual({ version: 2, model: 'sample' });
    expect(file.layers).toEqual([-1, 0, 1]);
    expect(file.input).toEqual(trace.pieces);
    expect(file.topk[2]?.[1]?.[0]).toBe(TEXTS[lens.topIds[(2 * 3 + 1) * 4] ?? -1]);
    expect(file.entropy?.[2]?.[1]).toBeCloseTo(lens.entropy?.[2 * 3 + 1] ?? 0, 5);
    for (const member of file.tracked) {
      for (const path of Object.values(member)) {
        expect(path).toHaveLength(3);
        for (const p of path) expect(Number(p.toFixed(5))).toBe(p);
      }
    }
    const back = decodeTrace(fromLogitlens(JSON.parse(JSON.stringify(file))));
    expect(back.lens.rows).toEqual(lens.rows);
    expect(back.pieces).toEqual(trace.pieces);
    expect([...back.lens.convergence]).toEqual([...lens.convergence]);
    // Every candidate by its text, and its probability to the five decimals of the format.
    const cells = (t: typeof trace): Record<string, number>[] =>
      Array.from({ length: rows * 3 }, (_, cell) =>
        Object.fromEntries(
          Array.from({ length: t.lens.k }, (__, j) => cell * t.lens.k + j)
            .filter((at) => (t.lens.topIds[at] ?? -1) >= 0)
            .map((at) => [
              t.texts.get(t.lens.topIds[at] ?? -1) ?? '',
              Math.exp(t.lens.topLogprobs[at] ?? NaN),
            ]),
        ),
      );
    const [before, after] = [cells(trace), cells(back)];
    expect(after.map((cell) => Object.keys(cell).toSorted())).toEqual(
      before.map((cell) => Object.keys(cell).toSorted()),
    );
    before.forEach((cell, c) => {
      for (const [token, p] of Object.entries(cell)) {
        expect(Math.abs((after[c]?.[token] ?? NaN) - p), `cell ${c}, ${token}`).toBeLessThanOrEqual(
          0.500001e-5,
        );
      }
    });
    expect(back.lens.entropy).toHaveLength(rows * 3);
    back.lens.entropy?.forEach((x, i) => expect(x).toBeCloseTo(lens.entropy?.[i] ?? NaN, 4));

    // Written once more, from what it then holds, it is the same file.
    const knownAgain = (pos: number, ids: readonly number[]) => {
      const text = (id: number) => back.texts.get(id) ?? '';
      const member = file.tracked[pos] ?? {};
      const table = Array.from({ length: rows }, (_, r) =>
        ids.map((id) => Math.log(member[text(id)]?.[r] ?? 0)),
      );
      return Promise.resolve(Float32Array.from(table.flat()));
    };
    const again = await toLogitlens(back, knownAgain);
    expect(again.topk).toEqual(file.topk);
    expect(again.tracked).toEqual(file.tracked);
    expect([again.layers, again.input]).toEqual([file.layers, file.input]);
  });

  it('leaves rows after attention out: the format knows whole layers', async () => {
    const base = sampleTrace({ positions: 2, layers: 1, k: 2 });
    const rows = base.lens.rows.map((row, r) => (r === 1 ? { ...row, mid: true } : row));
    const file = await toLogitlens({ ...base, lens: { ...base.lens, rows } }, EMPTY);
    expect(file.layers).toEqual([-1]);
    expect(file.topk).toHaveLength(1);
  });

  it('writes a token that is named like a trap as a member of its own', async () => {
    const base = sampleTrace({ positions: 1, layers: 1, k: 1 });
    const trace = { ...base, texts: new Map([...base.texts].map(([id]) => [id, '__proto__'])) };
    const file = await toLogitlens(trace, EMPTY);
    expect(Object.keys(file.tracked[0] ?? {})).toEqual(['__proto__']);
    expect(JSON.stringify(file.tracked[0])).toContain('"__proto__":[');
  });
});
