/** A table of coloured cells as one SVG that stands alone; the colours of one scheme, or of both by a media query. */
import { escapeMarkup } from './escape.ts';
import { PALETTES } from './palette.ts';
import { divergingColor, inkOn, rampColor, type ColorScheme } from './ramp.ts';

export interface MatrixPicture {
  readonly title: string;
  /** What the numbers are, and their unit. */
  readonly subtitle: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** [row · columns + column]; NaN: nothing was read there. */
  readonly values: ArrayLike<number>;
  /** What the strongest colour stands for. */
  readonly most: number;
  /** Numbers have a sign, and two colours. */
  readonly diverging: boolean;
  /** In the cells; default two decimals. */
  readonly text?: (value: number) => string;
  /** What the ends of the scale are called. */
  readonly ends: readonly [least: string, most: string];
}

/** CSS pixels. */
const BOX = { margin: 16, top: 66, name: 64, width: 44, height: 26 } as const;
/** Columns from which cells are narrow and hold no number. */
const NARROW = 24;

/** @param scheme default: light colours, and dark ones by a media query. */
export function matrixSvg(picture: MatrixPicture, scheme?: ColorScheme): string {
  const { title, subtitle, rows, columns, values, most, diverging, ends } = picture;
  const say = picture.text ?? ((value: number) => value.toFixed(2).replace('-', '−'));
  const narrow = columns.length > NARROW;
  const [w, h] = narrow ? [18, 18] : [BOX.width, BOX.height];
  const left = BOX.margin + BOX.name;
  const top = BOX.top + 18;
  const width = Math.max(460, left + columns.length * w + BOX.margin);
  const bottom = top + rows.length * h;
  const tall = bottom + 50;
  const share = (value: number): number => value / (most || 1);
  const cells = rows.flatMap((_, r) =>
    columns.map((__, c) => {
      const value = values[r * columns.length + c] ?? NaN;
      const [x, y] = [left + c * w, top + r * h];
      if (Number.isNaN(value)) return '';
      const step = classOf(share(value), diverging);
      const text = narrow
        ? ''
        : `<text class="mid t${step}" x="${x + w / 2}" y="${y + h / 2 + 4}">${escapeMarkup(say(value))}</text>`;
      return `<rect class="c${step}" x="${x}" y="${y}" width="${w - 1}" height="${h - 1}" rx="2"/>${text}`;
    }),
  );
  const every = narrow ? 4 : 1;
  const swatches = Array.from({ length: 25 }, (_, i) => (diverging ? i / 12 - 1 : i / 24)).map(
    (t, i) =>
      `<rect class="c${classOf(t, diverging)}" x="${left + 40 + i * 6}" y="${bottom + 16}" width="6.5" height="10"/>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${tall}" viewBox="0 0 ${width} ${tall}" role="img" aria-label="${escapeMarkup(`${title}: ${subtitle}`)}">`,
    `<style>${rules(diverging, scheme)}</style>`,
    '<rect class="page" width="100%" height="100%"/>',
    `<text class="head" x="${BOX.margin}" y="28">${escapeMarkup(title)}</text>`,
    `<text class="dim" x="${BOX.margin}" y="46">${escapeMarkup(subtitle)}</text>`,
    ...columns.map((name, c) =>
      c % every === 0
        ? `<text class="dim mid" x="${left + c * w + w / 2}" y="${top - 6}">${escapeMarkup(name)}</text>`
        : '',
    ),
    ...rows.map(
      (name, r) =>
        `<text class="dim end" x="${left - 8}" y="${top + r * h + h / 2 + 4}">${escapeMarkup(name)}</text>`,
    ),
    ...cells,
    `<text class="dim end" x="${left + 34}" y="${bottom + 25}">${escapeMarkup(ends[0])}</text>`,
    ...swatches,
    `<text class="dim" x="${left + 196}" y="${bottom + 25}">${escapeMarkup(ends[1])}</text>`,
    '</svg>',
  ].join('\n');
}

/** Steps on either side of 0. */
const STEPS = 24;

function classOf(t: number, diverging: boolean): string {
  const step = Math.round(Math.min(Math.max(t, diverging ? -1 : 0), 1) * STEPS);
  return step < 0 ? `m${-step}` : String(step);
}

function rules(diverging: boolean, only: ColorScheme | undefined): string {
  const one = (scheme: ColorScheme): string => {
    const { page, ink, dim } = PALETTES[scheme];
    const steps = Array.from({ length: diverging ? 2 * STEPS + 1 : STEPS + 1 }, (_, i) =>
      diverging ? i - STEPS : i,
    );
    const cells = steps.map((step) => {
      const colour = diverging ? divergingColor(step / STEPS, scheme) : rampColor(step / STEPS, scheme);
      const name = step < 0 ? `m${-step}` : String(step);
      return `.c${name}{fill:${colour}}.t${name}{fill:${inkOn(colour)}}`;
    });
    return `.page{fill:${page}}.head{fill:${ink}}.dim{fill:${dim}}${cells.join('')}`;
  };
  const font =
    'text{font:11px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}.head{font:600 14px system-ui,sans-serif}.end{text-anchor:end}.mid{text-anchor:middle}';
  return only ? font + one(only) : `${font}${one('light')}@media(prefers-color-scheme:dark){${one('dark')}}`;
}
