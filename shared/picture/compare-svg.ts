/**
 * Two runs side by side as one SVG: no script, no link, every text escaped; light and dark by a media query inside.
 * Wide prompts wrap into blocks of columns. A cell has one line where both sides say the same, else A's above B's.
 */
import { clip, displayWidth, wrap } from './display-width.ts';
import { escapeMarkup } from './escape.ts';
import { PALETTES } from './palette.ts';
import { inkOn, type ColorScheme } from './ramp.ts';

export interface ComparePicture {
  readonly title: string;
  readonly subtitle: string;
  /** One line, or A's and B's. */
  readonly columns: readonly (readonly string[])[];
  /** Top row first. */
  readonly rows: readonly {
    readonly label: string;
    readonly cells: readonly ComparePictureCell[];
  }[];
  readonly legend: {
    readonly title: string;
    readonly ends: readonly [string, string];
    /** The colour of a place on the legend, 0 to 1. */
    readonly colour: (share: number, scheme: ColorScheme) => string;
  };
  readonly sentences: readonly string[];
}

export interface ComparePictureCell {
  readonly lines: readonly string[];
  /** On the legend; NaN for none. */
  readonly share: number;
  readonly name: string;
}

/** CSS pixels. */
const SIZE = {
  margin: 16,
  gutter: 62,
  row: 42,
  gap: 4,
  block: 14,
  line: 20,
  character: 7.4,
  minColumn: 44,
  maxColumn: 112,
  legend: 160,
  width: 1200,
} as const;

/** Steps of the legend that the picture uses. */
const STEPS = 32;
const FONT = 'ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace';

interface Column {
  readonly at: number;
  readonly x: number;
  readonly width: number;
}

/** @param scheme default: the reader's own, by a media query. */
export function compareSvg(picture: ComparePicture, scheme?: ColorScheme): string {
  const { title, subtitle, rows, legend, sentences } = picture;
  const blocks = layOut(picture);
  const height = (rows.length + 1) * SIZE.row;
  const top = SIZE.margin + 2 * SIZE.line;
  const below = top + blocks.length * (height + SIZE.block);
  const right = Math.max(...blocks.flat().map(({ x, width }) => x + width), 640);
  const full = Math.ceil(right + SIZE.margin);
  const fitting = Math.floor((full - 2 * SIZE.margin) / SIZE.character);
  const said = sentences.flatMap((sentence) => wrap(sentence, fitting));
  const tall = below + (2 + said.length) * SIZE.line + SIZE.margin;
  const line = (kind: string, y: number, text: string): string =>
    `<text class="${kind}" x="${SIZE.margin}" y="${y}">${escapeMarkup(clip(text, fitting))}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${full}" height="${tall}" viewBox="0 0 ${full} ${tall}" role="img" aria-label="${escapeMarkup(`${title}. ${sentences.join(' ')}`)}">`,
    `<style>${rules(legend.colour, scheme)}</style>`,
    `<rect class="page" width="100%" height="100%"/>`,
    line('head', SIZE.margin + 12, title),
    line('dim', SIZE.margin + 12 + SIZE.line, subtitle),
    ...blocks.map((columns, i) => drawBlock(picture, columns, top + i * (height + SIZE.block))),
    drawLegend(legend, below),
    ...said.map((text, i) => line('say', below + (2 + i) * SIZE.line, text)),
    '</svg>',
  ].join('\n');
}

function layOut({ columns, rows }: ComparePicture): Column[][] {
  const blocks: Column[][] = [];
  let x = Infinity;
  for (const [at, labels] of columns.entries()) {
    const texts = [...labels, ...rows.flatMap((row) => row.cells[at]?.lines ?? [])];
    const longest = Math.max(...texts.map(displayWidth)) * SIZE.character + 10;
    const width = Math.round(Math.min(Math.max(longest, SIZE.minColumn), SIZE.maxColumn));
    if (x + width > SIZE.width - SIZE.margin) {
      x = SIZE.margin + SIZE.gutter;
      blocks.push([]);
    }
    blocks.at(-1)?.push({ at, x, width });
    x += width + SIZE.gap;
  }
  return blocks;
}

function drawBlock({ columns, rows }: ComparePicture, block: readonly Column[], top: number): string {
  const lines = ({ x, width }: Column, y: number, texts: readonly string[]): string => {
    const most = Math.max(1, Math.floor((width - 6) / SIZE.character));
    const first = y + (SIZE.row - SIZE.gap) / 2 + (texts.length > 1 ? -4 : 4);
    return texts
      .map(
        (text, i) =>
          `<text x="${x + width / 2}" y="${first + 16 * i}">${escapeMarkup(clip(text, most))}</text>`,
      )
      .join('');
  };
  const heads = block.map((column) => `<g class="tok">${lines(column, top, columns[column.at] ?? [])}</g>`);
  const body = rows.map(({ label, cells }, r) => {
    const y = top + (r + 1) * SIZE.row;
    const drawn = block.map((column) => {
      const cell = cells[column.at];
      if (!cell) return '';
      const box = `<rect class="c" x="${column.x}" y="${y}" width="${column.width}" height="${SIZE.row - SIZE.gap}" rx="3"/>`;
      const kind = Number.isNaN(cell.share) ? 'none' : stepClass(cell.share);
      return `<g class="${kind}"><title>${escapeMarkup(cell.name)}</title>${box}${lines(column, y, cell.lines)}</g>`;
    });
    return (
      `<text class="row" x="${SIZE.margin + SIZE.gutter - 8}" y="${y + SIZE.row / 2 + 2}">${escapeMarkup(label)}</text>` +
      drawn.join('')
    );
  });
  return [...heads, ...body].join('\n');
}

function stepClass(share: number): string {
  return `p${Math.round(Math.min(Math.max(share, 0), 1) * STEPS)}`;
}

function drawLegend({ title, ends }: ComparePicture['legend'], y: number): string {
  const step = SIZE.legend / (STEPS + 1);
  const from = SIZE.margin + displayWidth(ends[0]) * SIZE.character + 8;
  const swatches = Array.from(
    { length: STEPS + 1 },
    (_, i) =>
      `<g class="p${i}"><rect class="c" x="${(from + i * step).toFixed(1)}" y="${y}" width="${(step + 0.5).toFixed(1)}" height="10"/></g>`,
  );
  return [
    `<text class="dim" x="${SIZE.margin}" y="${y + 10}">${escapeMarkup(ends[0])}</text>`,
    ...swatches,
    `<text class="dim" x="${from + SIZE.legend + 8}" y="${y + 10}">${escapeMarkup(`${ends[1]} · ${title}`)}</text>`,
  ].join('');
}

function rules(colour: ComparePicture['legend']['colour'], only: ColorScheme | undefined): string {
  const layout =
    `text{font:12px ${FONT};text-anchor:middle;white-space:pre}` +
    '.head{font:600 14px system-ui,sans-serif}.head,.dim,.say{text-anchor:start}.row{text-anchor:end}';
  const of = (scheme: ColorScheme): string => {
    const { page, ink, dim, line } = PALETTES[scheme];
    const cells = Array.from({ length: STEPS + 1 }, (_, i) => {
      const ground = colour(i / STEPS, scheme);
      return `.p${i}>.c{fill:${ground}}.p${i}>text{fill:${inkOn(ground)}}`;
    });
    return `text{fill:${dim}}.page{fill:${page}}.head,.say{fill:${ink}}.none>.c{fill:none;stroke:${line}}${cells.join('')}`;
  };
  if (only) return layout + of(only);
  return `${layout}${of('light')}@media(prefers-color-scheme:dark){${of('dark')}}`;
}
