/**
 * Points of a plane joined layer by layer, as one SVG that stands alone: the states of a prediction along two
 * principal components. One scale for both axes, so that distances mean something.
 */
import { clip } from './display-width.ts';
import { escapeMarkup } from './escape.ts';
import { bothSchemes, rampClass } from './palette.ts';
import type { ColorScheme } from './ramp.ts';

export interface PathPoint {
  readonly x: number;
  readonly y: number;
  /** −1 for the embedding. */
  readonly layer: number;
  /** After attention, before the MLP: drawn smaller. */
  readonly mid: boolean;
  /** Of the position that the picture is about: joined by a line; the others are pale. */
  readonly own: boolean;
  readonly name: string;
}

export interface PathPicture {
  readonly title: string;
  readonly subtitle: string;
  /** What the horizontal and the vertical axis are. */
  readonly axes: readonly string[];
  readonly layers: number;
  /** In the order of the layers. */
  readonly points: readonly PathPoint[];
}

/** CSS pixels. */
const BOX = { width: 560, left: 48, right: 40, top: 68, bottom: 74, least: 140 } as const;
/** The ramp without its palest part, which would not stand out from the page. */
const PALEST = 0.25;

/** @param scheme default: light colours, and dark ones by a media query. */
export function pathSvg(
  { title, subtitle, axes, layers, points }: PathPicture,
  scheme?: ColorScheme,
): string {
  const range = (of: (point: PathPoint) => number): readonly [number, number] =>
    points.reduce<[number, number]>(([a, b], p) => [Math.min(a, of(p)), Math.max(b, of(p))], [0, 0]);
  const [left, right] = range(({ x }) => x);
  const [low, high] = range(({ y }) => y);
  const inner = BOX.width - BOX.left - BOX.right;
  const scale = inner / (Math.max(right - left, high - low) || 1);
  const height = Math.max(BOX.least, (high - low) * scale);
  const px = (x: number): number =>
    round(BOX.left + (inner - (right - left) * scale) / 2 + (x - left) * scale);
  const py = (y: number): number => round(BOX.top + height / 2 - (y - (low + high) / 2) * scale);
  const foot = BOX.top + height;
  const tall = round(foot + BOX.bottom);
  const colour = (layer: number): string => rampClass(PALEST + ((1 - PALEST) * (layer + 1)) / layers);
  const own = points.filter((point) => point.own);
  const dot = ({ x, y, layer, mid, name, own: strong }: PathPoint): string =>
    `<circle class="${colour(layer)}${strong ? '' : ' pale'}" cx="${px(x)}" cy="${py(y)}" r="${(strong ? 5 : 3) * (mid ? 0.65 : 1)}"><title>${escapeMarkup(`${name}: ${x.toFixed(2)}, ${y.toFixed(2)}`)}</title></circle>`;
  const ends = own.length > 0 ? [own[0], own.at(-1)] : [];
  const [across = '', up = ''] = axes.map((axis) => escapeMarkup(axis));
  const middle = BOX.top + height / 2;
  const swatch = Math.min(12, 180 / (layers + 1));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${BOX.width}" height="${tall}" viewBox="0 0 ${BOX.width} ${tall}" role="img" aria-label="${escapeMarkup(`${title}: ${subtitle}`)}">`,
    `<style>${rules(scheme)}</style>`,
    '<rect class="page" width="100%" height="100%"/>',
    `<text class="head" x="16" y="28">${escapeMarkup(clip(title, 70))}</text>`,
    `<text x="16" y="46">${escapeMarkup(clip(subtitle, 76))}</text>`,
    `<path class="axis" d="M${BOX.left} ${py(0)}H${BOX.width - BOX.right}M${px(0)} ${BOX.top}V${foot}"/>`,
    ...points.filter((point) => !point.own).map(dot),
    `<polyline class="way" points="${own.map(({ x, y }) => `${px(x)},${py(y)}`).join(' ')}"/>`,
    ...own.map(dot),
    ...ends.map((end) => (end ? `<text x="${px(end.x) + 9}" y="${py(end.y) - 7}">${end.layer < 0 ? 'emb' : end.layer}</text>` : '')), // prettier-ignore
    `<text class="mid" x="${BOX.left + inner / 2}" y="${foot + 22}">${across}</text>`,
    `<text class="mid" x="18" y="${middle}" transform="rotate(-90 18 ${middle})">${up}</text>`,
    `<text x="16" y="${tall - 17}">emb</text>`,
    ...Array.from({ length: layers + 1 }, (_, i) => `<rect class="${colour(i - 1)}" x="${round(44 + i * swatch)}" y="${tall - 26}" width="${round(swatch + 0.4)}" height="10"/>`), // prettier-ignore
    `<text x="${round(52 + (layers + 1) * swatch)}" y="${tall - 17}">layer ${layers - 1}</text>`,
    '</svg>',
  ].join('\n');
}

function rules(only: ColorScheme | undefined): string {
  const shape =
    'text{font:11px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}.head{font:600 14px system-ui,sans-serif}' +
    '.mid{text-anchor:middle}.axis,.way{fill:none}.way{stroke-width:1.4}.pale{opacity:.4}';
  return (
    shape +
    bothSchemes(
      ({ page, ink, dim, line }) =>
        `.page{fill:${page}}text{fill:${dim}}.head{fill:${ink}}.axis{stroke:${line}}.way{stroke:${dim}}`,
      (name, color) => `.${name}{fill:${color}}`,
      only,
    )
  );
}

function round(n: number): number {
  return Math.round(n * 100) / 100;
}
