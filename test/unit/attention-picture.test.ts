/** Pictures of attention: pixels and SVG show the numbers, and what is never seen does not pass for zero. */
import { describe, expect, it } from 'vitest';
import { attentionSvg } from '../../shared/picture/attention-svg.ts';
import { mapColours, rasterMap } from '../../shared/picture/attention-raster.ts';

const COLOURS = mapColours('light');
const CELLS = Float32Array.of(1, 0, 0, 0, 1, 0, 0.5, 0, 0.5);
const SOURCE = { cells: CELLS, offset: 0, tokens: 3, window: undefined, most: 1 };

describe('attention pictures', () => {
  it('cells are whole pixels of the ramp; ahead is hatched', () => {
    const { side, pixels } = rasterMap(SOURCE, 14, COLOURS);
    expect(side).toBe(12);
    const at = (x: number, y: number): number => pixels[y * side + x] ?? 0;
    expect(at(0, 0)).toBe(COLOURS.ramp[255]);
    expect(at(1, 5)).toBe(COLOURS.ramp[0]);
    expect(at(3, 11)).toBe(COLOURS.ramp[128]);
    const ahead = new Set([at(4, 0), at(11, 7), at(6, 0), at(9, 2)]);
    expect([...ahead].every((c) => c === COLOURS.ground || c === COLOURS.hatch)).toBe(true);
    expect(COLOURS.ground).not.toBe(COLOURS.ramp[0]);
  });

  it('a window hides what lies further back; fewer pixels than tokens keep the diagonal', () => {
    const { pixels, side } = rasterMap({ ...SOURCE, window: 2 }, 3, COLOURS);
    expect([COLOURS.ground, COLOURS.hatch]).toContain(pixels[2 * side]);
    expect(pixels[1 * side]).toBe(COLOURS.ramp[0]);
    const tokens = 100;
    const cells = Float32Array.from({ length: 2 * tokens ** 2 }, (_, i) =>
      i >= tokens ** 2 && (i - tokens ** 2) % (tokens + 1) === 0 ? 1 : 0,
    );
    const small = rasterMap({ ...SOURCE, cells, tokens, offset: tokens ** 2 }, 20, COLOURS);
    expect(small.side).toBe(20);
    for (let i = 0; i < 20; i++) expect(small.pixels[i * 21]).toBe(COLOURS.ramp[255]);
  });

  it('SVG: a path a colour, tokens escaped, the scale in words', () => {
    const map = { name: 'head 0', cells: CELLS, tokens: 3, window: undefined };
    const svg = attentionSvg({
      title: 'Head <0>',
      subtitle: 'x',
      most: '1, all',
      maps: [map],
      pieces: ['<b>', ' a', '\u202e'],
    });
    expect(svg).toContain('Head &lt;0&gt;');
    expect(svg).toContain('&lt;b&gt;');
    expect(svg).not.toContain('<b>');
    expect(svg).not.toContain('\u202e');
    const ones = /class="p32"><path class="c" d="([^"]*)"/.exec(svg)?.[1];
    expect(ones).toBe('M0 0h1v1h-1zM1 1h1v1h-1z');
    expect(/class="p16"><path class="c" d="([^"]*)"/.exec(svg)?.[1]).toBe('M0 2h1v1h-1zM2 2h1v1h-1z');
    expect(/class="p0"><path class="c" d="([^"]*)"/.exec(svg)?.[1]).toBe('M0 1h1v1h-1zM1 2h1v1h-1z');
    const many = attentionSvg({ title: 't', subtitle: 's', most: '1', maps: [map, map], pieces: [] }, 'dark');
    expect(many.match(/head 0/g)).toHaveLength(2);
    expect(many).not.toContain('prefers-color-scheme');
  });
});
