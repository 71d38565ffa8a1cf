/** Composition between heads as one SVG that stands alone. */
import { edgePath, graphPlan, type Edge } from '../heads/graph.ts';
import { headName } from '../heads/reading.ts';
import { escapeMarkup } from './escape.ts';
import { PALETTES } from './palette.ts';
import type { ColorScheme } from './ramp.ts';

export interface GraphPicture {
  readonly title: string;
  readonly subtitle: string;
  readonly layers: number;
  readonly heads: number;
  readonly edges: readonly Edge[];
}

const TOP = 60;

/** @param scheme default: light colours, and dark ones by a media query. */
export function graphSvg(picture: GraphPicture, scheme?: ColorScheme): string {
  const { title, subtitle, layers, heads, edges } = picture;
  const plan = graphPlan(picture);
  const tall = TOP + plan.height + 14;
  const most = edges[0]?.value ?? 1;
  const ends = new Map(
    edges.flatMap(({ from, to }) => [from, to].map((head) => [headName(head), head] as const)),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${plan.width}" height="${tall}" viewBox="0 0 ${plan.width} ${tall}" role="img" aria-label="${escapeMarkup(`${title}: ${subtitle}`)}">`,
    `<style>${rules(scheme)}</style>`,
    '<rect class="page" width="100%" height="100%"/>',
    `<text class="head" x="16" y="28">${escapeMarkup(title)}</text>`,
    `<text class="dim" x="16" y="46">${escapeMarkup(subtitle)}</text>`,
    `<g transform="translate(0 ${TOP})">`,
    ...Array.from({ length: layers }, (_, l) => `<text class="dim mid" x="${plan.x(l)}" y="12">${l}</text>`),
    ...Array.from({ length: layers * heads }, (_, i) => {
      const [l, h] = [Math.floor(i / heads), i % heads];
      return `<circle class="dot" cx="${plan.x(l)}" cy="${plan.y(h)}" r="2"/>`;
    }),
    ...edges.map(
      (edge) =>
        `<path class="edge" d="${edgePath(plan, edge)}" stroke-width="${(0.6 + (2.6 * edge.value) / most).toFixed(2)}" opacity="${(0.25 + (0.75 * edge.value) / most).toFixed(2)}"><title>${headName(edge.from)} → ${headName(edge.to)} ${edge.value.toFixed(3)}</title></path>`,
    ),
    ...[...ends].map(
      ([name, { layer, head }]) =>
        `<circle class="end" cx="${plan.x(layer)}" cy="${plan.y(head)}" r="4"/><text class="dim" x="${plan.x(layer) + 6}" y="${plan.y(head) - 5}">${name}</text>`,
    ),
    '</g></svg>',
  ].join('\n');
}

const EDGE: Readonly<Record<ColorScheme, string>> = { light: '#0b66a8', dark: '#5db4ec' };

function rules(only: ColorScheme | undefined): string {
  const one = (scheme: ColorScheme): string => {
    const { page, ink, dim, line } = PALETTES[scheme];
    return `.page{fill:${page}}.head{fill:${ink}}.dim{fill:${dim}}.dot{fill:${line}}.end{fill:${EDGE[scheme]}}.edge{fill:none;stroke:${EDGE[scheme]}}`;
  };
  const font =
    'text{font:11px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}.head{font:600 14px system-ui,sans-serif}.mid{text-anchor:middle}';
  return only ? font + one(only) : `${font}${one('light')}@media(prefers-color-scheme:dark){${one('dark')}}`;
}
