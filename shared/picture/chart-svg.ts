/**
 * A line chart over the layers as one SVG that stands alone: no script, no link; light and dark by a media query, or
 * one of the two. Drawn from the numbers, so that it is sharp at any size.
 */
import { displayWidth } from './display-width.ts';
import { escapeMarkup } from './escape.ts';
import { PALETTES, type Palette } from './palette.ts';
import type { ColorScheme } from './ramp.ts';
import { SERIES } from './series.ts';

export interface ChartLine {
  readonly name: string;
  /** One value a row of the lens, from the embedding up; NaN for none. */
  readonly values: ArrayLike<number>;
  /** Which of the series colours, 0 to 6. */
  readonly colour: number;
  readonly dashed?: boolean;
}

export interface ChartPicture {
  readonly title: string;
  /** What the numbers are, and their unit. */
  readonly subtitle: string;
  readonly lines: readonly ChartLine[];
  /**
   * `rank`: 0 is on top, and far ranks are drawn closer together (inverse hyperbolic sine). `decades`: lengths that
   * differ by orders of magnitude, logarithmic; what is not positive is not drawn.
   */
  readonly scale: 'share' | 'nats' | 'rank' | 'decades';
  /** What a row is called, below the chart; by default the lens's rows, from the embedding up. */
  readonly row?: (row: number) => string;
  /** The scale's end; by default the largest value. */
  readonly most?: number;
}

/** CSS pixels. */
const BOX = { width: 640, left: 60, right: 24, top: 64, height: 220, key: 20, character: 7.4 } as const;

const RANKS = [0, 1, 10, 100, 1000, 10_000, 100_000, 1_000_000];

/** @param scheme default: the reader's own, by a media query. */
export function chartSvg(picture: ChartPicture, scheme?: ColorScheme): string {
  const { title, subtitle, lines, row: called = layerOf } = picture;
  const rows = Math.max(2, ...lines.map(({ values }) => values.length));
  const inner = BOX.width - BOX.left - BOX.right;
  const x = (row: number): number => round(BOX.left + (row / (rows - 1)) * inner);
  const { y, ticks } = verticalScale(picture);
  const foot = BOX.top + BOX.height;
  const every = Math.ceil(rows / 16);
  const shown = Array.from({ length: rows }, (_, row) => row).filter(
    (row) => row % every === 0 || row === rows - 1,
  );
  const keys = keyPlaces(lines);
  const tall = foot + 40 + (keys.at(-1)?.line ?? 0) * BOX.key + BOX.key + 10;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${BOX.width}" height="${tall}" viewBox="0 0 ${BOX.width} ${tall}" role="img" aria-label="${escapeMarkup(`${title}: ${subtitle}`)}">`,
    `<style>${rules(scheme)}</style>`,
    `<rect class="page" width="100%" height="100%"/>`,
    `<text class="head" x="16" y="28">${escapeMarkup(title)}</text>`,
    `<text class="dim" x="16" y="46">${escapeMarkup(subtitle)}</text>`,
    ...ticks.map(
      ({ at, label }) =>
        `<line class="grid" x1="${BOX.left}" x2="${BOX.width - BOX.right}" y1="${y(at)}" y2="${y(at)}"/>` +
        `<text class="dim end" x="${BOX.left - 8}" y="${y(at) + 4}">${label}</text>`,
    ),
    ...shown.map((row) => `<text class="dim mid" x="${x(row)}" y="${foot + 18}">${called(row)}</text>`),
    ...lines.map((line) => {
      const kind = `s${line.colour}${line.dashed ? ' dash' : ''}`;
      return `<path class="line ${kind}" d="${pathOf(line.values, x, y)}"><title>${escapeMarkup(line.name)}</title></path>`;
    }),
    ...lines.map((line, i) => {
      const place = keys[i] ?? { x: 0, line: 0 };
      const top = foot + 40 + place.line * BOX.key;
      const kind = `s${line.colour}${line.dashed ? ' dash' : ''}`;
      return (
        `<path class="line ${kind}" d="M${place.x} ${top}h20"/>` +
        `<text class="name" x="${place.x + 26}" y="${top + 4}">${escapeMarkup(line.name)}</text>`
      );
    }),
    '</svg>',
  ].join('\n');
}

function layerOf(row: number): string {
  return row === 0 ? 'emb' : String(row - 1);
}

/** Pieces of line where there are numbers; a number alone is a dot. */
function pathOf(values: ArrayLike<number>, x: (row: number) => number, y: (value: number) => number): string {
  let path = '';
  for (let row = 0; row < values.length; row++) {
    const value = values[row] ?? Number.NaN;
    if (!Number.isFinite(y(value))) continue;
    const joined = row > 0 && Number.isFinite(y(values[row - 1] ?? Number.NaN));
    path += `${joined ? 'L' : 'M'}${x(row)} ${y(value)}${joined ? '' : 'h.01'}`;
  }
  return path;
}

interface Tick {
  readonly at: number;
  readonly label: string;
}

function verticalScale({ lines, scale, most }: ChartPicture): {
  readonly y: (value: number) => number;
  readonly ticks: readonly Tick[];
} {
  const largest = lines.reduce(
    (max, { values }) => Array.from(values).reduce((m, v) => (v > m ? v : m), max),
    0,
  );
  const top = most ?? (scale === 'rank' ? Math.max(largest, 9) : scale === 'share' ? 1 : largest || 1);
  if (scale === 'rank') {
    const end = Math.asinh(top) * 1.04;
    const y = (rank: number): number => round(BOX.top + (Math.asinh(rank) / end) * BOX.height);
    return {
      y,
      ticks: RANKS.filter((rank) => rank <= top).map((at) => ({ at, label: at.toLocaleString('en') })),
    };
  }
  if (scale === 'decades') return decades(lines);
  const y = (value: number): number => round(BOX.top + (1 - value / top) * BOX.height);
  const step = niceStep(top / 4);
  const ticks = Array.from({ length: Math.floor(top / step + 1e-9) + 1 }, (_, i) => {
    const at = i * step;
    return { at, label: String(Number(at.toPrecision(6))) };
  });
  return { y, ticks };
}

/** Whole powers of ten around the positive values. */
function decades(lines: readonly ChartLine[]): ReturnType<typeof verticalScale> {
  const powers = lines.flatMap(({ values }) => Array.from(values).filter((v) => v > 0 && v < Infinity).map(Math.log10)); // prettier-ignore
  const low = Math.floor(powers.reduce((a, b) => Math.min(a, b), Infinity));
  const high = Math.ceil(powers.reduce((a, b) => Math.max(a, b), -Infinity));
  const [from, to] = powers.length > 0 ? [low, Math.max(high, low + 1)] : [0, 1];
  const y = (value: number): number =>
    round(BOX.top + (1 - (Math.log10(value) - from) / (to - from)) * BOX.height);
  const every = Math.ceil((to - from) / 8);
  const ticks = Array.from({ length: Math.floor((to - from) / every) + 1 }, (_, i) => {
    const at = 10 ** (from + i * every);
    return { at, label: at >= 1e5 || at < 1e-4 ? at.toExponential(0) : String(Number(at.toPrecision(1))) };
  });
  return { y, ticks };
}

/** 1, 2 or 5 times a power of ten, at least as large. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= least * 0.999) ?? power;
}

function keyPlaces(lines: readonly ChartLine[]): readonly { readonly x: number; readonly line: number }[] {
  let [x, line] = [16, 0];
  return lines.map(({ name }) => {
    const width = 44 + displayWidth(name) * BOX.character;
    if (x > 16 && x + width > BOX.width - 16) [x, line] = [16, line + 1];
    const place = { x, line };
    x += width;
    return place;
  });
}

function round(n: number): number {
  return Math.round(n * 100) / 100;
}

function rules(only: ColorScheme | undefined): string {
  const shape =
    'text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}' +
    '.head{font:600 14px system-ui,sans-serif}.end{text-anchor:end}.mid{text-anchor:middle}' +
    '.line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}.dash{stroke-dasharray:5 4}';
  const colours = (scheme: ColorScheme): string => schemeRules(PALETTES[scheme], SERIES[scheme]);
  if (only) return shape + colours(only);
  return `${shape}${colours('light')}@media(prefers-color-scheme:dark){${colours('dark')}}`;
}

function schemeRules({ page, ink, dim, line }: Palette, series: readonly string[]): string {
  return (
    `.page{fill:${page}}.head,.name{fill:${ink}}.dim{fill:${dim}}.grid{stroke:${line}}` +
    series.map((colour, i) => `.s${i}{stroke:${colour}}`).join('')
  );
}
