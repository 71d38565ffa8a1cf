/** Composition's strongest edges, the colours of signed numbers, and the pictures of both. */
import { describe, expect, it } from 'vitest';
import { edgePath, graphPlan, strongestEdges } from '../../shared/heads/graph.ts';
import { graphSvg } from '../../shared/picture/graph-svg.ts';
import { matrixSvg } from '../../shared/picture/matrix-svg.ts';
import { contrast, divergingColor, inkOn, rampColor, rgbOf } from '../../shared/picture/ramp.ts';

describe('composition as a graph', () => {
  // Two layers of two heads: [0.0, 0.1, 1.0, 1.1] by themselves.
  const table = new Float32Array(16).fill(NaN);
  table[2] = 0.1; // 0.0 → 1.0
  table[3] = 0.4; // 0.0 → 1.1
  table[6] = -0.2; // 0.1 → 1.0
  table[7] = 0.3; // 0.1 → 1.1

  it('has the strongest edges first, and none below random heads', () => {
    const edges = strongestEdges(table, { heads: 2 }, 10);
    expect(edges.map(({ value }) => value.toFixed(1))).toEqual(['0.4', '0.3', '0.1']);
    expect(edges[0]).toMatchObject({ from: { layer: 0, head: 0 }, to: { layer: 1, head: 1 } });
    expect(strongestEdges(table, { heads: 2 }, 2)).toEqual(edges.slice(0, 2));
    expect(strongestEdges(new Float32Array(), { heads: 2 }, 2)).toEqual([]);
  });

  it('of a large table agrees with sorting all of it', () => {
    const large = Float32Array.from({ length: 100 }, (_, i) => ((i * 37) % 101) - 20);
    const sorted = [...large].filter((x) => x > 0).sort((a, b) => b - a);
    expect(strongestEdges(large, { heads: 5 }, 12).map(({ value }) => value)).toEqual(sorted.slice(0, 12));
  });

  it('goes from left to right, inside of its picture', () => {
    const plan = graphPlan({ layers: 2, heads: 2 });
    const [edge] = strongestEdges(table, { heads: 2 }, 1);
    if (!edge) throw new Error('an edge');
    const numbers =
      edgePath(plan, edge)
        .match(/-?[\d.]+/g)
        ?.map(Number) ?? [];
    expect(numbers[0]).toBeLessThan(numbers[6] ?? 0);
    expect(Math.max(...numbers)).toBeLessThanOrEqual(plan.width);
    const svg = graphSvg({ title: 'T<', subtitle: 's', layers: 2, heads: 2, edges: [edge] });
    expect(svg).toContain('0.0 → 1.1 0.400');
    expect(svg).not.toContain('T<');
  });
});

describe('signed numbers', () => {
  it('are blue above 0 and orange below, equally light, and ink stands out on both', () => {
    for (const scheme of ['light', 'dark'] as const) {
      expect(divergingColor(0, scheme)).toBe(rampColor(0, scheme));
      expect(divergingColor(NaN, scheme)).toBe(rampColor(0, scheme));
      for (let i = 1; i <= 20; i++) {
        const [cold, warm] = [divergingColor(i / 20, scheme), divergingColor(-i / 20, scheme)];
        expect(cold).not.toBe(warm);
        expect(contrast(cold, warm)).toBeLessThan(1.35);
        expect(contrast(warm, inkOn(warm))).toBeGreaterThanOrEqual(4.5);
      }
      for (const size of [0.25, 0.5, 1]) {
        const [blue, orange] = [rgbOf(divergingColor(size, scheme)), rgbOf(divergingColor(-size, scheme))];
        expect(blue[2]).toBeGreaterThan(blue[0]);
        expect(orange[0]).toBeGreaterThan(orange[2]);
      }
      expect(divergingColor(-7, scheme)).toBe(divergingColor(-1, scheme));
    }
  });

  it('stand in their picture as numbers, and cells without one are left out', () => {
    const svg = matrixSvg({
      title: 'A & B',
      subtitle: 'nats',
      rows: ['0'],
      columns: ['x', 'y', 'z'],
      values: [-0.5, NaN, 1],
      most: 1,
      diverging: true,
      ends: ['−1', '1'],
    });
    expect(svg).toContain('A &amp; B');
    expect(svg).toContain('>−0.50<');
    expect(svg.match(/<rect class="c(m?\d+)" [^>]* width="43"/g)).toHaveLength(2);
  });
});
