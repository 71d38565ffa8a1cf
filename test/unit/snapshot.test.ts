/** The comparison of pictures itself: what it must see, and what it must not. */
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { differenceOf, fewShades, TOLERANCE } from '../support/snapshot.ts';

type Colour = readonly [number, number, number];
const INK: Colour = [20, 20, 30];

/** A table of coloured cells over a legend, with text as rows of small strokes. */
class Drawing {
  readonly png = new PNG({ width: 640, height: 450 });

  constructor() {
    this.box(0, 0, 640, 450, [255, 255, 255]);
  }

  box(x: number, y: number, width: number, height: number, [r, g, b]: Colour): void {
    for (let j = y; j < y + height; j++) {
      for (let i = x; i < x + width; i++) this.png.data.set([r, g, b, 255], (j * 640 + i) * 4);
    }
  }

  /** @param size of a letter, pixels. */
  text(x: number, y: number, letters: number, size: number): void {
    for (let i = 0; i < letters; i++) {
      this.box(x + i * size, y, 1, size, INK);
      this.box(x + i * size, y + (i % 3), size - 2, 1, INK);
    }
  }
}

interface Change {
  readonly legendAt?: number;
  readonly size?: number;
  readonly plain?: number;
  readonly shift?: number;
}

function page({ legendAt = 400, size = 6, plain = -1, shift = 0 }: Change = {}): PNG {
  const drawing = new Drawing();
  for (let row = 0; row < 9; row++) {
    for (let column = 0; column < 9; column++) {
      const shade = 40 + ((row * 9 + column) % 12) * 15 + shift;
      const colour: Colour = column === plain ? [255, 255, 255] : [shade, 120, 255 - shade];
      drawing.box(40 + column * 60, 60 + row * 30, 56, 26, colour);
      drawing.text(46 + column * 60, 70 + row * 30, 6, size);
    }
  }
  for (let i = 0; i < 100; i++) drawing.box(40 + i, legendAt, 1, 6, [40 + i, 120, 215 - i]);
  return drawing.png;
}

const share = (change: Change): number => differenceOf(fewShades(page()), fewShades(page(change))).share;

describe('pictures that are compared', () => {
  it.each([
    ['a legend that moved by four pixels', { legendAt: 404 }],
    ['a column without its colours', { plain: 4 }],
    ['larger letters', { size: 7 }],
    ['other shades', { shift: 60 }],
  ] as const)('differ: %s', (_, change) => {
    expect(share(change)).toBeGreaterThan(TOLERANCE);
  });

  it.each([
    ['the same', {}],
    ['a shade off by the last bits', { shift: 2 }],
  ] as const)('agree: %s', (_, change) => {
    expect(share(change)).toBeLessThanOrEqual(TOLERANCE);
  });

  it('agree where an edge is smoothed otherwise', () => {
    const png = page();
    const other = PNG.sync.read(PNG.sync.write(png));
    // Half-shades on one side of the cells' right edges, as another smoothing of the same edge gives.
    for (let row = 0; row < 9; row++) {
      for (let column = 0; column < 9; column++) {
        for (let y = 61; y < 85; y++) {
          const at = ((y + row * 30) * 640 + 96 + column * 60) * 4;
          for (let c = 0; c < 3; c++) other.data[at + c] = ((other.data[at + c] ?? 0) + (png.data[at - 4 + c] ?? 0)) >> 1; // prettier-ignore
        }
      }
    }
    expect(other.data.equals(png.data)).toBe(false);
    expect(differenceOf(fewShades(png), fewShades(other)).share).toBeLessThanOrEqual(TOLERANCE);
  });

  it('refuse another size in plain words', () => {
    const small = new PNG({ width: 640, height: 300 });
    expect(() => differenceOf(page(), small)).toThrow('the picture is 640 × 300 pixels, and was 640 × 450');
  });

  it('are kept in sixteen shades a channel, black and white exactly', () => {
    const png = new PNG({ width: 3, height: 1 });
    png.data.set([0, 255, 128, 0, 7, 9, 250, 255, 17, 34, 51, 10]);
    expect([...fewShades(png).data]).toEqual([0, 255, 136, 255, 0, 17, 255, 255, 17, 34, 51, 255]);
  });
});
