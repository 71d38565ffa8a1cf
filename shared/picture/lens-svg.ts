/**
 * The lens table as one SVG: no script, no link, no font of its own; every text escaped; light and dark by a media
 * query inside. Wide prompts wrap into blocks of columns.
 */
import type { TraceData } from '../trace/data.ts';
import { clip, displayWidth, wrap } from './display-width.ts';
import { escapeMarkup } from './escape.ts';
import type { LensColumn, LensRow } from './lens-table.ts';
import { lensTable, probabilityText, runSummary, settlingSentence } from './lens-table.ts';
import type { Palette } from './palette.ts';
import { bothSchemes, RAMP_CLASSES, rampClass } from './palette.ts';
import type { ColorScheme } from './ramp.ts';

export interface SvgOptions {
  /** CSS pixels; blocks of columns wrap to it. Default 1200. */
  readonly width?: number;
  /** Default: the reader's own, by a media query. */
  readonly scheme?: ColorScheme | undefined;
}

/** CSS pixels. */
const SIZE = {
  margin: 16,
  gutter: 48,
  row: 27,
  /** Between cells; below one it holds the mark where an answer settles. */
  gap: 4,
  block: 14,
  line: 20,
  /** Of the 12 px monospace, with room for fonts that run wide. */
  character: 7.4,
  minColumn: 40,
  maxColumn: 104,
  legend: 160,
} as const;

const FONT = 'ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace';

interface Column extends LensColumn {
  readonly x: number;
  readonly width: number;
}

/** A whole `<svg>` element, ready to be a file or to stand in a page. */
export function lensSvg(trace: TraceData, { width = 1200, scheme }: SvgOptions = {}): string {
  const table = lensTable(trace);
  const blocks = layOut(table.columns, table.rows, width);
  const height = (table.rows.length + 1) * SIZE.row;
  const top = SIZE.margin + 2 * SIZE.line;
  const bodies = blocks.map((columns, i) => drawBlock(columns, table.rows, top + i * (height + SIZE.block)));
  const below = top + blocks.length * (height + SIZE.block);
  const sentence = settlingSentence(trace);
  const right = Math.max(...blocks.flat().map((column) => column.x + column.width), SIZE.gutter + 420);
  const full = Math.ceil(right + SIZE.margin);
  const said = wrap(sentence, fitting(full));
  const tall = Math.ceil(below + (1 + said.length) * SIZE.line + SIZE.margin);
  const title = `Logit lens of ${trace.model.id}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${full}" height="${tall}" viewBox="0 0 ${full} ${tall}" role="img" aria-label="${escapeMarkup(`${title}. ${sentence}`)}">`,
    `<style>${LAYOUT_RULES}${bothSchemes(colorRules, cellRules, scheme)}</style>`,
    `<rect class="page" width="100%" height="100%"/>`,
    `<text class="head" x="${SIZE.margin}" y="${SIZE.margin + 12}">What each layer would say next</text>`,
    `<text class="dim" x="${SIZE.margin}" y="${SIZE.margin + 12 + SIZE.line}">${escapeMarkup(clip(runSummary(trace), fitting(full)))}</text>`,
    ...bodies,
    drawLegend(below),
    ...said.map((line, i) => {
      const y = below + (2 + i) * SIZE.line;
      return `<text class="say" x="${SIZE.margin}" y="${y}">${escapeMarkup(clip(line, fitting(full)))}</text>`;
    }),
    `</svg>`,
  ].join('\n');
}

/** Characters of running text that fit into a picture that wide. */
function fitting(width: number): number {
  return Math.floor((width - 2 * SIZE.margin) / SIZE.character);
}

/** Each column as wide as its longest text, within bounds; a block ends where the next column would stick out. */
function layOut(columns: readonly LensColumn[], rows: readonly LensRow[], width: number): Column[][] {
  const blocks: Column[][] = [];
  let x = Infinity;
  for (const column of columns) {
    const labels = [column.label, ...rows.map((row) => row.cells[column.pos]?.label ?? '')];
    const longest = Math.max(...labels.map(displayWidth)) * SIZE.character + 10;
    const wide = Math.round(Math.min(Math.max(longest, SIZE.minColumn), SIZE.maxColumn));
    if (x + wide > width - SIZE.margin) {
      x = SIZE.margin + SIZE.gutter;
      blocks.push([]);
    }
    blocks.at(-1)?.push({ ...column, x, width: wide });
    x += wide + SIZE.gap;
  }
  return blocks;
}

function drawBlock(columns: readonly Column[], rows: readonly LensRow[], top: number): string {
  const text = (column: Column, y: number, label: string) =>
    `<text x="${column.x + column.width / 2}" y="${y + 16}">${escapeMarkup(clip(label, columnCharacters(column)))}</text>`;
  const heads = columns.map((column) => {
    const full = `<title>${escapeMarkup(`Token ${column.pos}: ${column.label}`)}</title>`;
    return `<g class="tok">${full}${text(column, top, column.label)}</g>`;
  });
  const body = rows.map((row, r) => {
    const y = top + (r + 1) * SIZE.row;
    const label = `<text class="row" x="${SIZE.margin + SIZE.gutter - 8}" y="${y + 16}">${escapeMarkup(row.label)}</text>`;
    const cells = columns.map((column) => {
      const cell = row.cells[column.pos];
      if (cell === undefined) return '';
      const where = `Layer ${row.label}, after ${column.label}: ${cell.label}, probability ${probabilityText(cell.p)}`;
      const box = `x="${column.x}" width="${column.width}"`;
      const mark = cell.settles
        ? `<rect class="settle" ${box} y="${y + SIZE.row - SIZE.gap + 0.5}" height="3" rx="1"/>`
        : '';
      return (
        `<g class="${rampClass(cell.p)}"><title>${escapeMarkup(cell.settles ? `${where}; settled from here on` : where)}</title>` +
        `<rect class="c" ${box} y="${y}" height="${SIZE.row - SIZE.gap}" rx="3"/>${text(column, y, cell.label)}${mark}</g>`
      );
    });
    return label + cells.join('');
  });
  return [...heads, ...body].join('\n');
}

function columnCharacters(column: Column): number {
  return Math.max(1, Math.floor((column.width - 6) / SIZE.character));
}

function drawLegend(y: number): string {
  const x = SIZE.margin + SIZE.gutter;
  const step = SIZE.legend / RAMP_CLASSES.length;
  const swatches = RAMP_CLASSES.map(
    (name, i) =>
      `<g class="${name}"><rect class="c" x="${(x + 14 + i * step).toFixed(1)}" y="${y}" width="${(step + 0.5).toFixed(1)}" height="10"/></g>`,
  );
  const end = x + 14 + SIZE.legend;
  return [
    `<text class="dim" x="${x}" y="${y + 10}">0</text>`,
    ...swatches,
    `<text class="dim" x="${end + 6}" y="${y + 10}">1 probability of the top token</text>`,
    `<rect class="settle" x="${end + 250}" y="${y + 5}" width="22" height="3" rx="1"/>`,
    `<text class="dim" x="${end + 278}" y="${y + 10}">settled from here up</text>`,
  ].join('');
}

const LAYOUT_RULES =
  `text{font:12px ${FONT};text-anchor:middle;white-space:pre}` +
  `.head{font:600 14px system-ui,sans-serif}.head,.dim,.say{text-anchor:start}.row{text-anchor:end}`;

function colorRules({ page, ink, dim, settle }: Palette): string {
  return `text{fill:${dim}}.page{fill:${page}}.head,.say{fill:${ink}}.settle{fill:${settle}}`;
}

function cellRules(name: string, color: string, ink: string): string {
  return `.${name}>.c{fill:${color}}.${name}>text{fill:${ink}}`;
}
