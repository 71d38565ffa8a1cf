/** Charts, paths, rulers and bars as strings: their geometry is the numbers'. */
import { describe, expect, it } from 'vitest';
import { barsSvg } from '../../shared/picture/bars-svg.ts';
import { chartSvg } from '../../shared/picture/chart-svg.ts';
import { pathSvg, type PathPoint } from '../../shared/picture/path-svg.ts';
import { rulerSvg } from '../../shared/picture/ruler-svg.ts';

const words = { title: 't', subtitle: 's' };
const numbers = (text: string, pattern: RegExp): number[] =>
  Array.from(text.matchAll(pattern), ([, number]) => Number(number));
/** Points of the first line of a chart. */
const lineOf = (svg: string): number[][] =>
  Array.from(
    (/class="line[^>]* d="([^"]*)"/.exec(svg)?.[1] ?? '').matchAll(/[ML]([\d.-]+) ([\d.-]+)/g),
    (m) => [Number(m[1]), Number(m[2])],
  );

describe('a chart by decades', () => {
  const chart = (values: readonly number[]): string =>
    chartSvg({ ...words, lines: [{ name: 'x', values, colour: 0 }], scale: 'decades' }, 'light');

  it('has equal steps for equal ratios, and whole powers of ten as ticks', () => {
    const svg = chart([1, 10, 100, 1000]);
    const ys = lineOf(svg).map(([, y]) => y ?? NaN);
    const steps = ys.slice(1).map((y, i) => (ys[i] ?? NaN) - y);
    for (const step of steps) expect(step).toBeCloseTo(steps[0] ?? NaN, 1);
    expect(steps[0]).toBeGreaterThan(20);
    expect(Array.from(svg.matchAll(/class="dim end"[^>]*>([^<]*)</g), ([, label]) => label)).toEqual(['1', '10', '100', '1000']); // prettier-ignore
  });

  it('leaves out what is not positive, and stays whole without any', () => {
    expect(lineOf(chart([Number.NaN, 0, -3, 5, 50]))).toHaveLength(2);
    expect(chart([0, 0])).not.toMatch(/NaN|Infinity/);
    expect(chart([1e-9, 1e12])).not.toMatch(/NaN|Infinity/);
  });
});

describe('a path of states', () => {
  const point = (x: number, y: number, layer: number, rest: Partial<PathPoint> = {}): PathPoint => ({
    ...{ x, y, layer, mid: false, own: true, name: `${layer}` },
    ...rest,
  });
  const path = (points: readonly PathPoint[]): string =>
    pathSvg({ ...words, axes: ['PC1', 'PC2'], layers: 3, points }, 'light');

  it('has one scale for both axes', () => {
    const svg = path([point(0, 0, -1), point(8, 0, 0), point(8, 2, 1), point(0, 2, 2)]);
    const xs = numbers(svg, /cx="([\d.]+)"/g);
    const ys = numbers(svg, /cy="([\d.]+)"/g);
    const wide = (xs[1] ?? NaN) - (xs[0] ?? NaN);
    const high = (ys[1] ?? NaN) - (ys[2] ?? NaN);
    expect(wide / high).toBeCloseTo(4, 1);
    expect(xs.every((x) => x > 0 && x < 560)).toBe(true);
  });

  it('joins its own states only, and draws the others pale; one state or none is a picture too', () => {
    const svg = path([point(0, 0, -1), point(5, 5, 0, { own: false }), point(1, 1, 2, { mid: true })]);
    expect(/points="([^"]*)"/.exec(svg)?.[1]?.split(' ')).toHaveLength(2);
    expect(svg.match(/ pale"/g)).toHaveLength(1);
    expect(path([point(0, 0, -1)])).not.toMatch(/NaN|Infinity/);
    expect(path([])).not.toMatch(/NaN|Infinity/);
  });
});

describe('a ruler', () => {
  it('has bars as high as entropies and settling layers', () => {
    const svg = rulerSvg({
      title: 'm',
      pieces: ['a', 'b', 'c'],
      entropy: Float32Array.of(0, 2, 4),
      convergence: Int32Array.of(-1, 1, 3),
      ...{ layers: 4, most: 4 },
    });
    expect(numbers(svg, /class="up"[^>]*height="([\d.]+)"/g)).toEqual([0, 45, 90]);
    expect(numbers(svg, /class="down"[^>]*height="([\d.]+)"/g)).toEqual([0, 35, 70]);
  });

  it('draws nothing for what is not known', () => {
    const svg = rulerSvg({
      title: 'm',
      pieces: ['a'],
      entropy: Float32Array.of(Number.NaN),
      convergence: new Int32Array(),
      ...{ layers: 4, most: 4 },
    });
    expect(svg).not.toMatch(/NaN|undefined/);
  });
});

describe('bars', () => {
  it('say their numbers as they are told to', () => {
    const svg = barsSvg({ ...words, rows: [{ name: '0 to 1', value: 12 }], text: String }, 'dark');
    expect(svg).toContain('>12</text>');
    expect(barsSvg({ ...words, rows: [{ name: '0 to 1', value: -0.5 }] })).toContain('>−0.500</text>');
  });
});
