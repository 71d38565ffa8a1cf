/**
 * How hard each prediction is, by position, as one SVG that stands alone: bars upward are the output's entropy, bars
 * downward the layer from which the answer stays.
 */
import { clip } from './display-width.ts';
import { escapeMarkup } from './escape.ts';
import { PALETTES } from './palette.ts';
import type { ColorScheme } from './ramp.ts';
import { SERIES } from './series.ts';
import { visibleText } from './visible.ts';

export interface RulerPicture {
  readonly title: string;
  /** The prompt's tokens. */
  readonly pieces: readonly string[];
  /** f32[pos], nats. */
  readonly entropy: Float32Array;
  /** i32[pos]: the first layer from which the answer stays; −1 for the embedding. */
  readonly convergence: Int32Array;
  readonly layers: number;
  /** Nats of the highest bar: the logarithm of the vocabulary. */
  readonly most: number;
}

/** CSS pixels. */
const BOX = { left: 110, right: 20, top: 56, up: 90, down: 70, texts: 96, least: 480 } as const;

/** @param scheme default: light colours, and dark ones by a media query. */
export function rulerSvg(
  { title, pieces, entropy, convergence, layers, most }: RulerPicture,
  scheme?: ColorScheme,
): string {
  const room = (BOX.least - BOX.left - BOX.right) / (pieces.length || 1);
  const step = Math.round(Math.min(40, Math.max(12, room)));
  const width = Math.max(BOX.least, BOX.left + pieces.length * step + BOX.right);
  const line = BOX.top + BOX.up;
  const foot = line + BOX.down;
  const tall = foot + BOX.texts;
  const x = (pos: number): number => BOX.left + pos * step;
  const bar = (kind: string, pos: number, y: number, height: number): string =>
    `<rect class="${kind}" x="${x(pos) + 2}" y="${round(y)}" width="${step - 4}" height="${round(height)}"/>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${tall}" viewBox="0 0 ${width} ${tall}" role="img" aria-label="${escapeMarkup(`${title}: entropy of the output and settling layer by position`)}">`,
    `<style>${rules(scheme)}</style>`,
    '<rect class="page" width="100%" height="100%"/>',
    `<text class="head" x="16" y="28">${escapeMarkup(clip(title, 50))}</text>`,
    `<text x="16" y="46">up: entropy, 0 to ${most.toFixed(2)} nats · down: settles at layer, emb to ${layers - 1}</text>`,
    `<text class="end" x="${BOX.left - 8}" y="${line - BOX.up / 2}">entropy</text>`,
    `<text class="end" x="${BOX.left - 8}" y="${line + BOX.down / 2}">settles</text>`,
    ...pieces.map((piece, pos) => {
      const up = Math.min(Math.max((entropy[pos] ?? 0) / most, 0), 1) * BOX.up || 0;
      const down = (((convergence[pos] ?? -1) + 1) / layers) * BOX.down;
      const text = escapeMarkup(clip(visibleText(piece), 12));
      return (
        bar('up', pos, line - up, up) +
        bar('down', pos, line + 1, down) +
        `<text class="end" transform="translate(${x(pos) + step / 2 + 4} ${foot + 10}) rotate(-90)">${text}</text>`
      );
    }),
    `<path class="axis" d="M${BOX.left} ${line + 0.5}H${x(pieces.length)}"/>`,
    '</svg>',
  ].join('\n');
}

function rules(only: ColorScheme | undefined): string {
  const one = (scheme: ColorScheme): string => {
    const { page, ink, dim, settle } = PALETTES[scheme];
    return `.page{fill:${page}}text{fill:${dim}}.head{fill:${ink}}.up{fill:${SERIES[scheme][0]}}.down{fill:${settle}}.axis{stroke:${dim}}`;
  };
  const font =
    'text{font:11px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}.head{font:600 14px system-ui,sans-serif}.end{text-anchor:end}';
  return only ? font + one(only) : `${font}${one('light')}@media(prefers-color-scheme:dark){${one('dark')}}`;
}

function round(n: number): number {
  return Math.round(n * 100) / 100;
}
