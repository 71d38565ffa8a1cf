/** The lens table as text for a terminal: coloured by probability, or with the probability in figures. */
import { clip, displayWidth } from '../shared/picture/display-width.ts';
import type { LensCell, LensColumn, LensRow } from '../shared/picture/lens-table.ts';
import { lensTable, runSummary, settlingSentence } from '../shared/picture/lens-table.ts';
import { inkOn, rampColor, rgbOf } from '../shared/picture/ramp.ts';
import type { TraceData } from '../shared/trace/data.ts';
import type { ColorDepth, Terminal } from './terminal.ts';

type Look = Pick<Terminal, 'columns' | 'colors' | 'lightBackground'>;

/** Columns of a label; longer tokens end in `…`. */
const MAX_LABEL = 12;
const RESET = '\u001b[0m';

/** Table, legend, and one sentence about the last position. Ends in a line feed. */
export function lensText(trace: TraceData, look: Look): string {
  const { columns, rows } = lensTable(trace);
  const gutter = Math.max(5, ...rows.map((row) => row.label.length));
  const blocks = layOut(columns, rows, gutter, look);
  const lines = blocks.flatMap((block) => [...drawBlock(block, rows, gutter, look), '']);
  return [runSummary(trace), '', ...lines, legend(look), settlingSentence(trace), ''].join('\n');
}

interface Column extends LensColumn {
  readonly width: number;
}

/** As many columns to a block as the terminal holds, one at least. */
function layOut(
  columns: readonly LensColumn[],
  rows: readonly LensRow[],
  gutter: number,
  look: Look,
): Column[][] {
  const blocks: Column[][] = [];
  let used = Infinity;
  for (const column of columns) {
    const labels = rows.map((row) => cellText(row.cells[column.pos], look.colors));
    const width = Math.max(displayWidth(clip(column.label, MAX_LABEL)) + 1, ...labels.map(displayWidth));
    if (used + 1 + width > look.columns) {
      blocks.push([]);
      used = gutter;
    }
    blocks.at(-1)?.push({ ...column, width });
    used += 1 + width;
  }
  return blocks;
}

function drawBlock(block: readonly Column[], rows: readonly LensRow[], gutter: number, look: Look): string[] {
  const head = block.map(({ label, width }) => pad(` ${clip(label, MAX_LABEL)}`, width));
  const body = rows.map((row) => {
    const cells = block.map(({ pos, width }) => {
      const cell = row.cells[pos];
      return shade(pad(cellText(cell, look.colors), width), cell?.p ?? 0, look);
    });
    return [row.label.padStart(gutter), ...cells].join(' ').trimEnd();
  });
  return [['layer'.padStart(gutter), ...head].join(' ').trimEnd(), ...body];
}

/** `*·Paris`; without colours `*·Paris 97`, the probability in percent. */
function cellText(cell: LensCell | undefined, colors: ColorDepth): string {
  if (cell === undefined) return '';
  const text = `${cell.settles ? '*' : ' '}${clip(cell.label, MAX_LABEL)}`;
  return colors === 'none' ? `${text} ${Number.isNaN(cell.p) ? '–' : Math.round(cell.p * 100)}` : text;
}

function legend(look: Look): string {
  const star = '* the top token stays the same from this layer on';
  if (look.colors === 'none') return `${star}; figures: its probability in percent`;
  const ramp = Array.from({ length: 16 }, (_, i) => shade(' ', i / 15, look)).join('');
  return `0 ${ramp} 1 probability of the top token    ${star}`;
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

/** The text on the ramp's colour. */
function shade(text: string, p: number, { colors, lightBackground }: Look): string {
  if (colors === 'none') return text;
  const background = rampColor(p, lightBackground ? 'light' : 'dark');
  return `${sgr(48, background, colors)}${sgr(38, inkOn(background), colors)}${text}${RESET}`;
}

/** Select a colour: 38 for text, 48 for what lies behind it. */
function sgr(layer: 38 | 48, color: string, colors: ColorDepth): string {
  const [r, g, b] = rgbOf(color);
  if (colors === 'true') return `\u001b[${layer};2;${r};${g};${b}m`;
  // The 6 × 6 × 6 cube, whose levels are 0, 95, 135, … 255.
  const level = (c: number) => (c < 48 ? 0 : c < 115 ? 1 : Math.min(5, Math.round((c - 55) / 40)));
  return `\u001b[${layer};5;${16 + 36 * level(r) + 6 * level(g) + level(b)}m`;
}
