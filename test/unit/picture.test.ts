/** The pictures as strings: valid, escaped, and saying what the numbers say. */
import { describe, expect, it } from 'vitest';
import { clip, displayWidth, wrap } from '../../shared/picture/display-width.ts';
import { escapeMarkup } from '../../shared/picture/escape.ts';
import { lensHtml } from '../../shared/picture/lens-html.ts';
import { lensSvg } from '../../shared/picture/lens-svg.ts';
import { lensTable, probabilityText, runSummary, settlingSentence } from '../../shared/picture/lens-table.ts';
import { PALETTES } from '../../shared/picture/palette.ts';
import { contrast } from '../../shared/picture/ramp.ts';
import { NEVER, type TraceData } from '../../shared/trace/data.ts';
import { sampleTrace, TEXTS } from './trace-sample.ts';

const trace = sampleTrace({ positions: TEXTS.length, layers: 5, k: 4 });

/** The sample with another top token and probability in its last row, at the last position. */
function ending(settled: number, p: number): TraceData {
  const { lens } = trace;
  const at = ((lens.rows.length - 1) * trace.ids.length + trace.ids.length - 1) * lens.k;
  const topIds = lens.topIds.with(at, 12);
  const topLogprobs = lens.topLogprobs.with(at, Math.log(p));
  const convergence = lens.convergence.with(trace.ids.length - 1, settled);
  return { ...trace, lens: { ...lens, topIds, topLogprobs, convergence } };
}

describe('table', () => {
  it('has the last layer on top and the embedding below', () => {
    const table = lensTable(trace);
    expect(table.rows.map((row) => row.label)).toEqual(['4', '3', '2', '1', '0', 'emb']);
    expect(table.columns.slice(0, 6).map((c) => c.label)).toEqual([
      '<|endoftext|>',
      '·the',
      '␣',
      '↵',
      '⇥',
      '∅',
    ]);
  });

  it('marks one settling cell a column', () => {
    const { rows, columns } = lensTable(trace);
    for (const { pos } of columns) expect(rows.filter((row) => row.cells[pos]?.settles)).toHaveLength(1);
  });

  it('shows probabilities without rounding them to certainty', () => {
    expect([0, 0.0004, 0.0005, 0.1234, 0.9995, 0.9999, 1].map(probabilityText)).toEqual([
      '<0.001',
      '<0.001',
      '0.001',
      '0.123',
      '>0.999',
      '>0.999',
      '1.000',
    ]);
  });

  it('says where the answer settles, from the numbers', () => {
    const h = trace.lens.entropy?.at(-1)?.toFixed(2);
    expect(settlingSentence(ending(3, 0.974))).toBe(
      `After “\ufffd” the answer is “·Paris” from layer 3 on, of layers 0 to 4 (p 0.974, entropy ${h} nats).`,
    );
    expect(settlingSentence(ending(-1, 0.5))).toContain('from the embedding on');
    expect(settlingSentence(ending(4, 0.5))).toContain('changes until the last layer, 4: “·Paris”');
    expect(settlingSentence(ending(NEVER, 0.5))).toContain('don’t settle');
  });

  it('names the run and a failed check', () => {
    expect(runSummary(trace)).toBe('sample · 5 layers · wasm · checks pass');
    const failed = [{ name: 'output', status: 'fail', value: 1, bound: 0.1, note: 'Too far.' }] as const;
    expect(runSummary({ ...trace, checks: failed })).toContain('check “output” failed: Too·far.');
  });
});

describe.each([
  ['svg', lensSvg(trace)],
  ['html', lensHtml(trace)],
])('%s', (kind, text) => {
  it('lets no token become markup', () => {
    expect(text).not.toMatch(/<script/i);
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    for (const c of ['\u202e', '\u0000']) expect(text).not.toContain(c);
    expect(text).not.toMatch(/\son\w+=/i);
  });

  it('asks for nothing from elsewhere', () => {
    expect(text.replace('http://www.w3.org/2000/svg', '')).not.toMatch(
      /https?:|url\(|@import|<link|<img|href=/,
    );
  });

  it('has both schemes and shows marks, probabilities and the settling sentence', () => {
    expect(text).toContain('@media(prefers-color-scheme:dark)');
    expect(text).toContain('·Paris');
    expect(text).toMatch(/0\.\d{3}/);
    expect(text).toContain('settle');
    for (const word of settlingSentence(trace).split(' ')) expect(text).toContain(escapeMarkup(word));
  });

  it('opens and closes its elements in order', () => {
    const open: string[] = [];
    for (const [tag, close, name, , selfClosed] of text.matchAll(
      /<(\/?)([a-z][a-z0-9]*)((?:"[^"]*"|[^">])*?)(\/?)>/g,
    )) {
      if (close) expect(open.pop()).toBe(name);
      else if (!selfClosed && !(kind === 'html' && name === 'meta')) open.push(name ?? tag);
    }
    expect(open).toEqual([]);
  });
});

it('wraps a wide prompt into blocks that keep to the width', () => {
  const wide = lensSvg(sampleTrace({ positions: 60, layers: 2 }), { width: 800 });
  expect(Number(/<svg[^>]* width="(\d+)"/.exec(wide)?.[1])).toBeLessThanOrEqual(800);
  expect(wide.match(/class="row"/g)?.length).toBeGreaterThan(3 * 4);
});

it('keeps text and marks readable on the page', () => {
  for (const { page, ink, dim, settle } of Object.values(PALETTES)) {
    expect(contrast(page, ink)).toBeGreaterThan(7);
    expect(contrast(page, dim)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(page, settle)).toBeGreaterThanOrEqual(3);
  }
});

it('escapes what XML has no place for', () => {
  expect(escapeMarkup('<a b="c">&\'')).toBe('&lt;a b=&quot;c&quot;&gt;&amp;&#39;');
  expect(escapeMarkup('\u0000\u001b\ud800\ufffe\uffff')).toBe('\ufffd'.repeat(5));
  expect(escapeMarkup('\t\n😀é')).toBe('\t\n😀é');
});

it('wraps at words', () => {
  expect(wrap('aa bb cc', 5)).toEqual(['aa bb', 'cc']);
  expect(wrap('aaaaaaa b', 3)).toEqual(['aaaaaaa', 'b']);
});

it('measures and clips by columns, never through a character', () => {
  expect(displayWidth('abc')).toBe(3);
  expect(displayWidth('文字')).toBe(4);
  expect(displayWidth('👩‍👩‍👧')).toBe(2);
  expect(displayWidth('e\u0301')).toBe(1);
  expect(displayWidth('·↵')).toBe(2);
  expect(clip('abcdef', 6)).toBe('abcdef');
  expect(clip('abcdefg', 6)).toBe('abcde…');
  expect(clip('文字文', 4)).toBe('文…');
  expect(clip('👩‍👩‍👧x', 2)).toBe('…');
});
