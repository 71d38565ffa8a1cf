/**
 * The lens as a picture for link previews, 1200 × 630: the prompt, as much of the table as can be read at that size (the
 * last tokens, layers evenly), and where the answer settles. No script, no link; every text escaped; light and dark by
 * a media query inside, light for what doesn't know it.
 */
import type { TraceData } from '../trace/data.ts';
import { chooseCells, type CardCell, type CardColumn, type CardTable } from './card-table.ts';
import { clip, displayWidth, wrap } from './display-width.ts';
import { escapeMarkup } from './escape.ts';
import { lensTable, settlingSentence } from './lens-table.ts';
import { bothSchemes, RAMP_CLASSES, rampClass, type Palette } from './palette.ts';
import { readableText, visibleText } from './visible.ts';

/** CSS pixels: what every network's large preview shows whole. */
export const CARD_WIDTH = 1200;
export const CARD_HEIGHT = 630;

/** CSS pixels. */
const MARGIN = 48;
const GUTTER = 56;
const GAP = 4;
const TABLE_BOTTOM = 524;
const TITLE = { size: 34, line: 44, lines: 2, y: 78 } as const;
/** Widths of a character, of its font's size: a serif on average, a monospace with room for those that run wide. */
const SERIF = 0.55;
const MONO = 0.61;
/** Rows that are drawn at most, and their height at most. */
const ROWS = 12;
const TALLEST = 38;

const SERIF_FONT = 'Charter,"Iowan Old Style",Georgia,"DejaVu Serif",serif';
const SANS_FONT = 'system-ui,"Segoe UI",Roboto,"Helvetica Neue","DejaVu Sans",sans-serif';
const MONO_FONT = 'ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace';

/** `“The old king” in fable-4m, layer by layer`: title of a preview. */
export function cardTitle(trace: TraceData, columns = 60): string {
  return `“${clip(promptText(trace), columns)}” in ${visibleText(trace.model.id)}, layer by layer`;
}

/** What the picture shows, in words: for `alt`, and for a preview's description. */
export function cardDescription(trace: TraceData): string {
  return `Logit lens of ${visibleText(trace.model.id)}, ${trace.model.layers} layers. ${settlingSentence(trace)}`;
}

/** A whole `<svg>` element. */
export function lensCard(trace: TraceData): string {
  const title = titleLines(promptText(trace));
  const under = TITLE.y + (title.length - 1) * TITLE.line;
  const top = under + 62;
  const { width, table } = layOut(trace, top);
  const label = escapeMarkup(cardDescription(trace));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${CARD_WIDTH}" height="${CARD_HEIGHT}" viewBox="0 0 ${CARD_WIDTH} ${CARD_HEIGHT}" role="img" aria-label="${label}">`,
    `<style>${LAYOUT_RULES}${bothSchemes(colorRules, cellRules)}</style>`,
    `<rect class="page" width="100%" height="100%"/>`,
    ...title.map(
      (line, i) =>
        `<text class="title" x="${MARGIN}" y="${TITLE.y + i * TITLE.line}">${escapeMarkup(line)}</text>`,
    ),
    `<text class="dim" x="${MARGIN}" y="${under + 36}">${escapeMarkup(subtitle(trace, table))}</text>`,
    drawTable(table, top, width),
    `<text class="say" x="${MARGIN}" y="560">${escapeMarkup(clip(settlingSentence(trace), 112))}</text>`,
    drawLegend(),
    drawName(),
    `</svg>`,
  ].join('\n');
}

/** The prompt on one line, without what was put in front of it. */
function promptText(trace: TraceData): string {
  const text = trace.pieces.slice(trace.bos ? 1 : 0).join('');
  const line = text.replace(/\s+/g, ' ').trim();
  const shown = line === '' ? trace.pieces.map(visibleText).join(' ') : line;
  return readableText(shown);
}

function titleLines(text: string): string[] {
  const fitting = Math.floor((CARD_WIDTH - 2 * MARGIN) / (TITLE.size * SERIF));
  const lines = wrap(text, fitting);
  const shown = lines.slice(0, TITLE.lines).map((line) => clip(line, fitting));
  if (lines.length > TITLE.lines) {
    const last = shown.pop() ?? '';
    shown.push(last.endsWith('…') ? last : `${clip(last, fitting - 2)} …`);
  }
  return shown;
}

function subtitle(trace: TraceData, table: CardTable): string {
  const parts = [`What each layer of ${visibleText(trace.model.id)} would say next`];
  if (table.rows.length < table.allRows) parts.push(`${table.rows.length} of ${table.allRows} rows`);
  if (table.columns.length < table.allColumns) {
    parts.push(`the last ${table.columns.length} of ${table.allColumns} tokens`);
  }
  return clip(parts.join(' · '), 118);
}

interface Layout {
  readonly table: CardTable;
  /** CSS pixels of each column. */
  readonly width: readonly number[];
}

/** As many columns, from the last one on, as their texts need; what is left over is shared out. */
function layOut(trace: TraceData, top: number): Layout {
  const space = CARD_WIDTH - 2 * MARGIN - GUTTER;
  const size = fontSize(rowHeight(top, Math.min(trace.lens.rows.length, ROWS)));
  const wanted = ({ labels }: CardColumn) =>
    Math.min(Math.max(Math.max(...labels.map(displayWidth)) * size * MONO + 14, 44), 150);
  const rows = Math.min(ROWS, Math.floor((TABLE_BOTTOM - top) / 24) - 1);
  const table = chooseCells(lensTable(trace), rows, space, (column) => wanted(column) + GAP);
  const needed = table.columns.map(wanted);
  const spare = space - needed.reduce((sum, each) => sum + each + GAP, 0);
  const more = Math.max(0, Math.min(spare / needed.length, 90));
  return { table, width: needed.map((each) => each + more) };
}

function rowHeight(top: number, rows: number): number {
  return Math.min(TALLEST, Math.floor((TABLE_BOTTOM - top) / (rows + 1)));
}

function fontSize(height: number): number {
  return Math.min(17, Math.round(height * 0.5));
}

function drawTable({ columns, rows }: CardTable, top: number, width: readonly number[]): string {
  const height = rowHeight(top, rows.length);
  const size = fontSize(height);
  const base = Math.round((height - GAP) / 2 + size * 0.35);
  let x = MARGIN + GUTTER;
  const lefts = width.map((each) => {
    const left = x;
    x += each + GAP;
    return left;
  });
  const text = (c: number, y: number, label: string) => {
    const fitting = Math.max(1, Math.floor(((width[c] ?? 0) - 6) / (size * MONO)));
    const middle = (lefts[c] ?? 0) + (width[c] ?? 0) / 2;
    return `<text x="${middle.toFixed(1)}" y="${y + base}">${escapeMarkup(clip(label, fitting))}</text>`;
  };
  const cell = (c: number, y: number, { label, p, settles }: CardCell) => {
    const box = `x="${(lefts[c] ?? 0).toFixed(1)}" width="${(width[c] ?? 0).toFixed(1)}"`;
    const mark = settles ? `<rect class="settle" ${box} y="${y + height - GAP}" height="3" rx="1"/>` : '';
    return `<g class="${rampClass(p)}"><rect class="c" ${box} y="${y}" height="${height - GAP}" rx="4"/>${text(c, y, label)}${mark}</g>`;
  };
  return [
    `<g class="table" font-size="${size}">`,
    ...columns.map((column, c) => text(c, top, column.label)),
    ...rows.map((row, r) => {
      const y = top + (r + 1) * height;
      const name = `<text class="row" x="${MARGIN + GUTTER - 12}" y="${y + base}">${escapeMarkup(row.label)}</text>`;
      return name + row.cells.map((each, c) => cell(c, y, each)).join('');
    }),
    '</g>',
  ].join('\n');
}

function drawLegend(): string {
  const y = 590;
  const step = 160 / RAMP_CLASSES.length;
  const swatches = RAMP_CLASSES.map((name, i) => {
    const x = (MARGIN + 18 + i * step).toFixed(1);
    return `<g class="${name}"><rect class="c" x="${x}" y="${y - 12}" width="${(step + 0.5).toFixed(1)}" height="12"/></g>`;
  });
  return [
    `<text class="dim" x="${MARGIN}" y="${y}">0</text>`,
    ...swatches,
    `<text class="dim" x="${MARGIN + 188}" y="${y}">1 probability</text>`,
    `<rect class="settle" x="${MARGIN + 330}" y="${y - 7}" width="28" height="3" rx="1"/>`,
    `<text class="dim" x="${MARGIN + 368}" y="${y}">settled from here up</text>`,
  ].join('');
}

/** The site's mark and name, at the right. */
function drawName(): string {
  const right = CARD_WIDTH - MARGIN;
  return [
    // The ramp's own colours: a bar a layer, each more certain.
    ...[14, 21, 28].map((width, i) => {
      const y = 574 + 7 * i;
      return `<g class="${RAMP_CLASSES[14 + 6 * i] ?? ''}"><rect class="c" x="${right - 168}" y="${y}" width="${width}" height="4" rx="2"/></g>`;
    }),
    `<text class="name" x="${right}" y="590">Residscope</text>`,
  ].join('');
}

// No `font` shorthand: not everything that draws SVG knows it.
const LAYOUT_RULES =
  `text{text-anchor:start;white-space:pre;font-family:${SANS_FONT}}.title{font-size:${TITLE.size}px;font-family:${SERIF_FONT}}` +
  `.dim{font-size:16px}.say{font-size:18px}.name{font-size:22px}` +
  `.table text{font-family:${MONO_FONT};text-anchor:middle}.table .row,.name{text-anchor:end}`;

function colorRules({ page, ink, dim, settle }: Palette): string {
  return `text{fill:${dim}}.page{fill:${page}}.title,.say,.name{fill:${ink}}.settle{fill:${settle}}`;
}

function cellRules(name: string, color: string, ink: string): string {
  return `.${name}>.c{fill:${color}}.${name}>text{fill:${ink}}`;
}
