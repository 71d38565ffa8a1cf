/** The picture for link previews: which cells it takes, what it says, and that any text of a trace fits into it. */
import { describe, expect, it } from 'vitest';
import { chooseCells } from '../../shared/picture/card-table.ts';
import { cardDescription, cardTitle, lensCard } from '../../shared/picture/lens-card.ts';
import { lensTable } from '../../shared/picture/lens-table.ts';
import { sampleTrace } from './trace-sample.ts';

const count = (svg: string, pattern: RegExp): number => svg.match(pattern)?.length ?? 0;

describe('the cells of a card', () => {
  const table = lensTable(sampleTrace({ layers: 30, positions: 20 }));

  it('are those of the last columns that fit, and of rows evenly from the last layer to the embedding', () => {
    const { columns, rows, allRows, allColumns } = chooseCells(table, 12, 50, () => 10);
    expect(columns.map(({ pos }) => pos)).toEqual([15, 16, 17, 18, 19]);
    expect([allRows, allColumns, rows.length]).toEqual([31, 20, 12]);
    expect([rows[0]?.label, rows.at(-1)?.label]).toEqual(['29', 'emb']);
    for (const row of rows) {
      const whole = table.rows.find(({ label }) => label === row.label);
      expect(row.cells.map(({ label, p }) => [label, p])).toEqual(
        columns.map(({ pos }) => [whole?.cells[pos]?.label, whole?.cells[pos]?.p]),
      );
    }
  });

  it('mark the lowest row shown from which on the answer stays', () => {
    const { columns, rows } = chooseCells(table, 5, 1000, () => 1);
    for (const [c, { pos }] of columns.entries()) {
      const settles = table.rows.findIndex((row) => row.cells[pos]?.settles === true);
      const marked = rows.flatMap((row) => (row.cells[c]?.settles ? [row.label] : []));
      expect(marked).toHaveLength(settles === -1 ? 0 : 1);
      const at = table.rows.findIndex(({ label }) => label === marked[0]);
      if (settles !== -1) expect(at).toBeLessThanOrEqual(settles);
    }
  });

  it('are one column at least, and all of a small table', () => {
    expect(chooseCells(table, 12, 1, () => 10).columns.map(({ pos }) => pos)).toEqual([19]);
    const small = chooseCells(lensTable(sampleTrace({ layers: 2, positions: 3 })), 12, 1000, () => 10);
    expect([small.columns.length, small.rows.map(({ label }) => label)]).toEqual([3, ['1', '0', 'emb']]);
  });
});

describe('a card', () => {
  it('says how much of the table it shows, and all of it needs no word', () => {
    expect(lensCard(sampleTrace({ layers: 30, positions: 200 }))).toMatch(
      /12 of 31 rows · the last \d+ of 200 tokens/,
    );
    expect(lensCard(sampleTrace({ layers: 2, positions: 2 }))).not.toMatch(/ of 3 rows| tokens</);
  });

  it.each([1, 2, 30])('of %i layers stays within its frame', (layers) => {
    for (const positions of [1, 7, 300]) {
      const svg = lensCard(sampleTrace({ layers, positions }));
      for (const [, x, width] of svg.matchAll(/<rect class="c" x="([\d.]+)" width="([\d.]+)"/g))
        expect(Number(x) + Number(width)).toBeLessThanOrEqual(1200 - 47);
      for (const [, y] of svg.matchAll(/<text[^>]* y="([\d.]+)"/g)) expect(Number(y)).toBeLessThan(630);
    }
  });

  it('shows any text as text', () => {
    const svg = lensCard(sampleTrace({ positions: 16 }));
    expect(svg).toContain('&lt;script&gt;');
    expect(count(svg, /<(?:script|a|image|use|foreignObject)\b/gi)).toBe(0);
    for (const wrong of ['\0', '\u202e']) expect(svg).not.toContain(wrong);
    // Every element that is opened is closed.
    expect(count(svg, /<text\b/g)).toBe(count(svg, /<\/text>/g));
    expect(count(svg, /<g\b/g)).toBe(count(svg, /<\/g>/g));
  });

  it('has a title and a description for readers who can’t see it', () => {
    const trace = sampleTrace();
    expect(cardTitle(trace)).toMatch(/^“the.*” in sample, layer by layer$/);
    expect(cardTitle({ ...trace, pieces: ['x'.repeat(500)], bos: false })).toMatch(/^“x{59}…” in sample/);
    expect(cardDescription(trace)).toMatch(/^Logit lens of sample, 3 layers\. After “/);
    expect(lensCard(trace)).toContain('role="img" aria-label="Logit lens of sample');
  });
});
