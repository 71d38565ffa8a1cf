/** Bars with a sign, one a line and their sum below, as one SVG that stands alone. */
import { clip } from './display-width.ts';
import { escapeMarkup } from './escape.ts';
import { PALETTES } from './palette.ts';
import type { ColorScheme } from './ramp.ts';

export interface Bar {
  readonly name: string;
  readonly value: number;
}

export interface BarsPicture {
  readonly title: string;
  readonly subtitle: string;
  readonly rows: readonly Bar[];
  readonly total?: Bar;
  /** Beside a bar; default three decimals. */
  readonly text?: (value: number) => string;
}

const BOX = { width: 640, left: 170, right: 80, top: 64, line: 22 } as const;

const ARMS: Readonly<Record<ColorScheme, readonly [up: string, down: string]>> = {
  light: ['#0b66a8', '#b8541a'],
  dark: ['#5db4ec', '#f0975a'],
};

/** @param scheme default: light colours, and dark ones by a media query. */
export function barsSvg(
  { title, subtitle, rows, total, text = (value) => value.toFixed(3).replace('-', '−') }: BarsPicture,
  scheme?: ColorScheme,
): string {
  const all = total ? [...rows, total] : rows;
  const least = Math.min(0, ...all.map(({ value }) => value));
  const most = Math.max(0, ...all.map(({ value }) => value));
  const x = (value: number): number =>
    round(BOX.left + ((value - least) / (most - least || 1)) * (BOX.width - BOX.left - BOX.right));
  const tall = BOX.top + all.length * BOX.line + 20;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${BOX.width}" height="${tall}" viewBox="0 0 ${BOX.width} ${tall}" role="img" aria-label="${escapeMarkup(`${title}: ${subtitle}`)}">`,
    `<style>${rules(scheme)}</style>`,
    '<rect class="page" width="100%" height="100%"/>',
    `<text class="head" x="16" y="28">${escapeMarkup(clip(title, 80))}</text>`,
    `<text class="dim" x="16" y="46">${escapeMarkup(clip(subtitle, 88))}</text>`,
    `<line class="zero" x1="${x(0)}" x2="${x(0)}" y1="${BOX.top}" y2="${tall - 14}"/>`,
    ...all.map(({ name, value }, i) => {
      const y = BOX.top + i * BOX.line;
      const own = total !== undefined && i === all.length - 1 ? ' sum' : '';
      const [from, to] = [Math.min(x(0), x(value)), Math.max(x(0), x(value))];
      return (
        `<text class="dim end${own}" x="${BOX.left - 8}" y="${y + 15}">${escapeMarkup(clip(name, 22))}</text>` +
        `<rect class="${value < 0 ? 'down' : 'up'}" x="${from}" y="${y + 4}" width="${round(to - from)}" height="${BOX.line - 8}" rx="1"/>` +
        `<text class="dim${own}" x="${BOX.width - BOX.right + 8}" y="${y + 15}">${escapeMarkup(text(value))}</text>`
      );
    }),
    '</svg>',
  ].join('\n');
}

function rules(only: ColorScheme | undefined): string {
  const one = (scheme: ColorScheme): string => {
    const { page, ink, dim, line } = PALETTES[scheme];
    const [up, down] = ARMS[scheme];
    return `.page{fill:${page}}.head,.sum{fill:${ink}}.dim{fill:${dim}}.dim.sum{fill:${ink}}.zero{stroke:${line}}.up{fill:${up}}.down{fill:${down}}`;
  };
  const font =
    'text{font:11px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}.head{font:600 14px system-ui,sans-serif}.sum{font-weight:700}.end{text-anchor:end}';
  return only ? font + one(only) : `${font}${one('light')}@media(prefers-color-scheme:dark){${one('dark')}}`;
}

function round(n: number): number {
  return Math.round(n * 100) / 100;
}
