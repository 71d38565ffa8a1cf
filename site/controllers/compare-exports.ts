/** What the compare view lets the reader take along: the table, and the charts of the selected column. */
import type { ComparedCells } from '../../shared/compare/cells.ts';
import { chartSvg } from '../../shared/picture/chart-svg.ts';
import { compareSvg, type ComparePictureCell } from '../../shared/picture/compare-svg.ts';
import { csv, type CsvValue } from '../../shared/picture/csv.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import { compareLines } from './compare-lines.ts';
import { inBoth, type CompareScale } from './compare-scale.ts';
import { compareSentences } from '../words/compare.ts';
import type { ComparedRun, Comparison } from './compare.ts';
import type { Exportable } from './exports.ts';
import { layerLabel, type Cell } from './view-state.ts';

export function compareExports(found: Comparison, scale: CompareScale, { pos }: Cell): readonly Exportable[] {
  const { a, b } = found;
  const subtitle = `A: ${a.model}, ${textOf(a)} · B: ${b.model}, ${textOf(b)}`;
  const column = found.columns[pos];
  const place = [a.pieces[column?.a ?? -1], b.pieces[column?.b ?? -1]]
    .map((piece) => (piece === undefined ? '–' : visibleText(piece)))
    .join(' | ');
  return [
    {
      name: 'Two runs side by side',
      file: 'compare',
      svg: (scheme) => compareSvg(pictureOf(found, scale, subtitle), scheme),
      csv: () => csv(COLUMNS, cellsOf(found)),
      json: () => tableOf(found),
    },
    ...compareLines(found, pos).map(({ title, file, lines, ...rest }): Exportable => ({
      name: `${title} of both`,
      file: `compare-${file}`,
      svg: (scheme) => chartSvg({ title, subtitle: `after ${place}, by layer`, lines, ...rest }, scheme),
      csv: () =>
        csv(
          ['layer_a', 'layer_b', ...lines.map(({ name }) => name)],
          found.rows.map((row, r) => [row.a, row.b, ...lines.map(({ values }) => values[r])]),
        ),
      json: () => ({
        title,
        place,
        rows: found.rows,
        lines: lines.map(({ name, values }) => ({ name, values: Array.from(values, orNull) })),
      }),
    })),
  ];
}

function textOf({ pieces }: ComparedRun): string {
  return `“${pieces.map(visibleText).join('')}”`;
}

function pictureOf(
  found: Comparison,
  scale: CompareScale,
  subtitle: string,
): Parameters<typeof compareSvg>[0] {
  const { a, b, columns, rows, cells } = found;
  const both = (x: string | undefined, y: string | undefined): string[] =>
    (x === y ? [x] : [x, y]).map((text) => (text === undefined ? '–' : visibleText(text)));
  const headers = columns.map((column) => both(a.pieces[column.a], b.pieces[column.b]));
  const drawn = rows.map((pair, r) => {
    const row = cells[r];
    const label = [pair.a, pair.b].map((layer) => (layer === undefined ? '–' : layerLabel(layer)));
    const own = (read: ComparedCells, c: number): ComparePictureCell => {
      const top = (side: 'a' | 'b'): string | undefined =>
        found[side].texts.get(read[side].topIds[c * read.k] ?? -1);
      const lines = both(top('a'), top('b'));
      const value = scale.value(read, c);
      return {
        lines,
        share: Number.isNaN(value) ? NaN : scale.share(value),
        name: `${label.join(' | ')}, after ${headers[c]?.join(' | ')}: ${lines.join(' | ')}; ${Number.isNaN(value) ? 'not known' : value.toPrecision(3)}`,
      };
    };
    return {
      label: label[0] === label[1] ? (label[0] ?? '') : label.join('|'),
      cells: row ? columns.map((_, c) => own(row, c)) : [],
    };
  });
  return {
    title: 'Two runs side by side',
    ...{ subtitle, columns: headers, rows: drawn.reverse() },
    legend: { title: scale.title, ends: scale.ends, colour: scale.colour },
    sentences: compareSentences(found).map((segments) =>
      segments.map((part) => (typeof part === 'string' ? part : `“${visibleText(part.token)}”`)).join(''),
    ),
  };
}

const SIDE = [
  'position',
  'input',
  'layer',
  'top_id',
  'top',
  'logprob',
  'entropy_nats',
  'other_top_logprob',
  'other_top_rank',
];
const COLUMNS = [
  'column',
  ...SIDE.map((name) => `a_${name}`),
  ...SIDE.map((name) => `b_${name}`),
  'kl_ab_nats',
  'kl_ba_nats',
  'js_nats',
];

/** One line a cell, from the embedding up. */
function* cellsOf(found: Comparison): Generator<readonly CsvValue[]> {
  for (const [r, row] of found.rows.entries()) {
    const cells = found.cells[r];
    if (!cells) continue;
    for (const [c, column] of found.columns.entries()) {
      const side = (name: 'a' | 'b'): CsvValue[] => {
        const [{ ids, pieces, texts }, pos] = [found[name], column[name]];
        const [layer, id] = [row[name], cells[name].topIds[c * cells.k] ?? -1];
        if (pos < 0 || ids[pos] === undefined) return SIDE.map(() => undefined);
        const { otherTop, entropy, topLogprobs } = cells[name];
        const rank = otherTop.ranks[c] ?? -1;
        return [
          ...[pos, pieces[pos], layer, id < 0 ? undefined : id, texts.get(id), topLogprobs[c * cells.k]],
          ...[entropy[c], otherTop.logprobs[c], rank < 0 ? undefined : rank],
        ];
      };
      yield [c, ...side('a'), ...side('b'), cells.klAB[c], cells.klBA[c], cells.js[c]];
    }
  }
}

/** All of it as plain data: rows from the embedding up, a cell a column. */
function tableOf(found: Comparison): unknown {
  const { a, b, columns, rows, cells, why } = found;
  const run = ({ model, layers, ids, pieces }: ComparedRun): unknown => ({
    ...{ model, layers },
    input: ids.map((id, pos) => ({ id, text: pieces[pos] })),
  });
  const side = (name: 'a' | 'b', read: ComparedCells, c: number): unknown => {
    const { topIds, topLogprobs, entropy, otherTop } = read[name];
    const found = Array.from(topIds.subarray(c * read.k, (c + 1) * read.k)).filter((id) => id >= 0);
    const { texts } = name === 'a' ? a : b;
    return {
      top: found.map((id, i) => ({ id, text: texts.get(id), logprob: topLogprobs[c * read.k + i] })),
      entropy: orNull(entropy[c]),
      otherTop: { logprob: orNull(otherTop.logprobs[c]), rank: rankOrNull(otherTop.ranks[c]) },
    };
  };
  return {
    ...{ a: run(a), b: run(b), columns },
    candidatesOnly: why ?? null,
    rows: rows.map((layers, r) => ({
      layers: { a: layers.a ?? null, b: layers.b ?? null },
      cells: columns.map((_, c) => {
        const read = cells[r];
        if (!read) return null;
        const outputs = (['out-a', 'out-b'] as const).map((of) => inBoth(read, c, of));
        return {
          ...{ a: side('a', read, c), b: side('b', read, c) },
          outputs: outputs.map(({ logprobs, ranks }) => ({
            logprobs: logprobs.map(orNull),
            ranks: ranks.map(rankOrNull),
          })),
          klAB: orNull(read.klAB[c]),
          klBA: orNull(read.klBA[c]),
          js: orNull(read.js[c]),
        };
      }),
    })),
  };
}

function orNull(x: number | undefined): number | null {
  return x === undefined || !Number.isFinite(x) ? null : x;
}

function rankOrNull(rank: number | undefined): number | null {
  return rank === undefined || rank < 0 ? null : rank;
}
