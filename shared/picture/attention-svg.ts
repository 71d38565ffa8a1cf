/**
 * Attention maps as one SVG that stands alone: one head with the tokens along its sides, or many heads in small. Cells
 * of one colour are one path, so that 256 tokens stay a file of some hundred kilobytes.
 */
import { isSeen, shrink } from '../lens/attention.ts';
import { UNSEEN } from './attention-raster.ts';
import { clip } from './display-width.ts';
import { escapeMarkup } from './escape.ts';
import { bothSchemes, RAMP_CLASSES, rampClass, type Palette } from './palette.ts';
import type { ColorScheme } from './ramp.ts';
import { visibleText } from './visible.ts';

export interface AttentionPicture {
  readonly title: string;
  /** What the numbers are, and on which prompt. */
  readonly subtitle: string;
  /** What the strongest colour stands for, in words. */
  readonly most: string;
  readonly maps: readonly {
    readonly name: string;
    /** [dest, src] as shares of the scale, 0 to 1. */
    readonly cells: Float32Array;
    readonly tokens: number;
    readonly window: number | undefined;
  }[];
  /** Texts of the tokens, for a picture of one map. */
  readonly pieces: readonly string[];
}

/** CSS pixels. */
const BOX = {
  margin: 16,
  top: 62,
  gutter: 110,
  side: 640,
  widest: 34,
  tile: 128,
  gap: 14,
  line: 18,
} as const;
/** Places on a side of a small map. */
const SIDE = 64;
const CHARACTER = 7.4;

/** @param scheme default: the reader's own, by a media query. */
export function attentionSvg(picture: AttentionPicture, scheme?: ColorScheme): string {
  const { title, subtitle, maps, most } = picture;
  const [one] = maps;
  const body = maps.length === 1 && one ? large(one, picture.pieces) : tiles(maps);
  const width = Math.max(body.width, 460);
  const tall = body.bottom + 44;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${tall}" viewBox="0 0 ${width} ${tall}" role="img" aria-label="${escapeMarkup(`${title}: ${subtitle}`)}">`,
    `<style>${rules(scheme)}</style>`,
    `<defs><pattern id="h" width="6" height="6" patternUnits="userSpaceOnUse"><rect class="ug" width="6" height="6"/><path class="uh" d="M0 6L6 0"/></pattern></defs>`,
    `<rect class="page" width="100%" height="100%"/>`,
    `<text class="head" x="${BOX.margin}" y="28">${escapeMarkup(title)}</text>`,
    `<text class="dim" x="${BOX.margin}" y="46">${escapeMarkup(clip(subtitle, Math.floor((width - 2 * BOX.margin) / CHARACTER)))}</text>`,
    body.drawn,
    legend(body.bottom + 14, most),
    '</svg>',
  ].join('\n');
}

type OneMap = AttentionPicture['maps'][number];

interface Body {
  readonly drawn: string;
  readonly width: number;
  readonly bottom: number;
}

function large(map: OneMap, pieces: readonly string[]): Body {
  const { tokens } = map;
  const cell = round(Math.min(BOX.side / tokens, BOX.widest));
  const [x, y] = [BOX.margin + BOX.gutter, BOX.top + BOX.gutter];
  const every = Math.ceil(13 / cell);
  const labels = pieces.flatMap((piece, pos) => {
    if (pos % every !== 0) return [];
    const text = escapeMarkup(clip(visibleText(piece), 13));
    const middle = round((pos + 0.5) * cell);
    return [
      `<text class="end" x="${x - 6}" y="${round(y + middle + 4)}">${text}</text>`,
      `<text transform="translate(${round(x + middle + 4)} ${y - 6}) rotate(-90)">${text}</text>`,
    ];
  });
  const side = round(cell * tokens);
  return {
    drawn: [...labels, drawMap(map, x, y, cell)].join('\n'),
    width: x + side + BOX.margin,
    bottom: y + side,
  };
}

function tiles(maps: readonly OneMap[]): Body {
  const columns = Math.min(6, maps.length);
  const step = BOX.tile + BOX.gap;
  const drawn = maps.map((map, i) => {
    const x = BOX.margin + (i % columns) * step;
    const y = BOX.top + Math.floor(i / columns) * (step + BOX.line);
    const small = map.tokens > SIDE;
    const n = small ? SIDE : map.tokens;
    const shrunk: OneMap = {
      ...map,
      cells: small ? shrink(map.cells, map.tokens, SIDE) : map.cells,
      tokens: n,
      window: map.window === undefined ? undefined : Math.ceil((map.window * n) / map.tokens),
    };
    return (
      drawMap(shrunk, x, y, BOX.tile / n) +
      `<text class="mid" x="${x + BOX.tile / 2}" y="${y + BOX.tile + 14}">${escapeMarkup(clip(map.name, 17))}</text>`
    );
  });
  const lines = Math.ceil(maps.length / columns);
  return {
    drawn: drawn.join('\n'),
    width: 2 * BOX.margin + columns * step - BOX.gap,
    bottom: BOX.top + lines * (step + BOX.line) - BOX.gap,
  };
}

/** What is never seen as ground, then a path a colour. */
function drawMap({ cells, tokens, window }: OneMap, x: number, y: number, cell: number): string {
  const size = round(tokens * cell);
  const paths = new Map<string, string>();
  for (let t = 0; t < tokens; t++) {
    for (let s = 0; s <= t; s++) {
      if (!isSeen(t, s, window)) continue;
      const name = rampClass(cells[t * tokens + s] ?? 0);
      paths.set(name, `${paths.get(name) ?? ''}M${s} ${t}h1v1h-1z`);
    }
  }
  const drawn = [...paths].map(([name, d]) => `<g class="${name}"><path class="c" d="${d}"/></g>`).join('');
  return (
    `<rect x="${x}" y="${y}" width="${size}" height="${size}" fill="url(#h)"/>` +
    `<g transform="translate(${x} ${y}) scale(${round(cell)})" shape-rendering="crispEdges">${drawn}</g>`
  );
}

function legend(y: number, most: string): string {
  const step = 160 / RAMP_CLASSES.length;
  const x = BOX.margin + 14;
  const swatches = RAMP_CLASSES.map(
    (name, i) =>
      `<g class="${name}"><rect class="c" x="${round(x + i * step)}" y="${y}" width="${round(step + 0.5)}" height="10"/></g>`,
  );
  return (
    `<text class="dim" x="${BOX.margin}" y="${y + 10}">0</text>${swatches.join('')}` +
    `<text class="dim" x="${x + 166}" y="${y + 10}">${escapeMarkup(most)}</text>`
  );
}

function rules(only: ColorScheme | undefined): string {
  const font = 'ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace';
  const shape =
    `text{font:12px ${font};white-space:pre}.head{font:600 14px system-ui,sans-serif}` +
    '.end{text-anchor:end}.mid{text-anchor:middle}.uh{stroke-width:1;fill:none}';
  const unseen = (scheme: ColorScheme): string =>
    `.ug{fill:${UNSEEN[scheme][0]}}.uh{stroke:${UNSEEN[scheme][1]}}`;
  const colours = ({ page, ink, dim }: Palette): string =>
    `text{fill:${dim}}.page{fill:${page}}.head{fill:${ink}}`;
  const both = bothSchemes(colours, (name, color) => `.${name}>.c{fill:${color}}`, only);
  const ground = only
    ? unseen(only)
    : `${unseen('light')}@media(prefers-color-scheme:dark){${unseen('dark')}}`;
  return shape + both + ground;
}

function round(n: number): number {
  return Math.round(n * 1000) / 1000;
}
