/** The tour's card stands beside what it speaks about, in the window, and never over it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outline, placeCard, type Box } from '../../site/elements/tour-place.ts';

const CARD = { width: 300, height: 180 };
const WINDOW = { width: 1280, height: 900 };

function overlap(a: Box, b: Box): boolean {
  return (
    a.left < b.left + b.width &&
    b.left < a.left + a.width &&
    a.top < b.top + b.height &&
    b.top < a.top + a.height
  );
}

describe('the place of the tour’s card', () => {
  it.each([
    ['below a thing on top', { left: 100, top: 20, width: 200, height: 60 }, 'top'],
    ['above a thing at the foot', { left: 100, top: 780, width: 200, height: 60 }, 'bottom'],
    ['to the right of a thing as tall as the window', { left: 10, top: 0, width: 200, height: 900 }, 'left'],
    ['to the left of one at the right edge', { left: 1000, top: 0, width: 270, height: 900 }, 'right'],
  ] as const)('%s', (_, target, side) => {
    const { spot, card } = placeCard(target, CARD, WINDOW);
    expect(card.side).toBe(side);
    expect(spot).toEqual(target);
  });

  it('points at the upper part of a thing that leaves no room', () => {
    const { spot, card } = placeCard({ left: 0, top: 80, width: 360, height: 700 }, CARD, {
      width: 360,
      height: 740,
    });
    expect(card).toMatchObject({ side: 'top', top: spot.top + spot.height + 14 });
    expect(card.top + CARD.height).toBe(740 - 10);
  });

  it('is in the window and not over what it points at, wherever that is', () => {
    const edge = (most: number): fc.Arbitrary<number> => fc.integer({ min: -200, max: most });
    fc.assert(
      fc.property(edge(1400), edge(1000), edge(2000), edge(2000), (left, top, width, height) => {
        const window = { width: 340 + Math.abs(left), height: 260 + Math.abs(top) };
        const shown = outline(
          { left, top, width: Math.abs(width) + 1, height: Math.abs(height) + 1 },
          window,
        );
        const { spot, card } = placeCard(shown, CARD, window);
        const box = { ...card, ...CARD };
        expect(box.left).toBeGreaterThanOrEqual(0);
        expect(box.top).toBeGreaterThanOrEqual(0);
        expect(box.left + box.width).toBeLessThanOrEqual(window.width);
        expect(box.top + box.height).toBeLessThanOrEqual(window.height);
        expect(overlap(box, spot)).toBe(false);
      }),
    );
  });
});
