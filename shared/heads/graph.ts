/** Composition as a graph from layer to layer: its strongest edges, and where heads and edges stand in a picture. */
import type { HeadName } from './reading.ts';

export interface Edge {
  readonly from: HeadName;
  readonly to: HeadName;
  /** Less the baseline. */
  readonly value: number;
}

/** The strongest edges, strongest first. @param table f32[layer, head, layer, head], earlier first; NaN for none. */
export function strongestEdges(
  table: Float32Array,
  { heads }: { readonly heads: number },
  count: number,
): readonly Edge[] {
  const cells = Math.round(Math.sqrt(table.length));
  const best: number[] = []; // places in the table, strongest first
  const value = (i: number | undefined): number => (i === undefined ? NaN : (table[i] ?? NaN));
  for (let i = 0; i < table.length; i++) {
    const x = value(i);
    if (!(x > 0) || (best.length === count && x <= value(best.at(-1)))) continue;
    let at = best.length;
    while (at > 0 && value(best[at - 1]) < x) at--;
    best.splice(at, 0, i);
    if (best.length > count) best.pop();
  }
  const name = (at: number): HeadName => ({ layer: Math.floor(at / heads), head: at % heads });
  return best.map((i) => ({ from: name(Math.floor(i / cells)), to: name(i % cells), value: value(i) }));
}

/** CSS pixels of a picture of all heads: a column a layer, a line a head. */
export interface GraphPlan {
  readonly width: number;
  readonly height: number;
  readonly x: (layer: number) => number;
  readonly y: (head: number) => number;
}

const GRAPH = { left: 34, right: 26, top: 26, bottom: 14, line: 24, wide: 620 } as const;

export function graphPlan({ layers, heads }: { readonly layers: number; readonly heads: number }): GraphPlan {
  const line = Math.max(11, Math.min(GRAPH.line + 8, 250 / heads));
  const inner = GRAPH.wide - GRAPH.left - GRAPH.right;
  return {
    width: GRAPH.wide,
    height: GRAPH.top + line * heads + GRAPH.bottom,
    x: (layer) => GRAPH.left + (layers > 1 ? (layer / (layers - 1)) * inner : inner / 2),
    y: (head) => GRAPH.top + line * (head + 0.5),
  };
}

/** An edge as an SVG path: level where it leaves and where it arrives. */
export function edgePath({ x, y }: GraphPlan, { from, to }: Edge): string {
  const [x1, y1, x2, y2] = [x(from.layer), y(from.head), x(to.layer), y(to.head)];
  const bend = (x2 - x1) * 0.45;
  return `M${n(x1)} ${n(y1)}C${n(x1 + bend)} ${n(y1)} ${n(x2 - bend)} ${n(y2)} ${n(x2)} ${n(y2)}`;
}

function n(x: number): number {
  return Math.round(x * 10) / 10;
}
