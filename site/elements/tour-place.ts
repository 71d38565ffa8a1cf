/** Where the tour's card stands beside what it speaks about: pure. All numbers are CSS pixels of the window. */

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Placed {
  readonly left: number;
  readonly top: number;
  /** Which of the card's edges faces the target; undefined where there is no room beside it. */
  readonly side: 'top' | 'bottom' | 'left' | 'right' | undefined;
  /** Along that edge, where the arrow stands. */
  readonly arrow: number;
}

type Size = Pick<Box, 'width' | 'height'>;

/** Between target and card; between card and the window's edge. */
const GAP = 14;
const MARGIN = 10;
/** The arrow's distance from the card's corners. */
const CORNER = 22;

/**
 * Below the target, else above, else to its right, its left. Beside a thing too large for that, the card stands at the
 * window's foot, and what is pointed at is the part above it.
 */
export function placeCard(
  target: Box,
  card: Size,
  window: Size,
): { readonly spot: Box; readonly card: Placed } {
  const beside = besideOf(target, card, window);
  if (beside) return { spot: target, card: beside };
  const top = Math.max(MARGIN, window.height - card.height - MARGIN);
  const spot = { ...target, height: Math.max(0, Math.min(target.height, top - GAP - target.top)) };
  return { spot, card: besideOf(spot, card, window) ?? { left: MARGIN, top, side: undefined, arrow: 0 } };
}

function besideOf(target: Box, card: Size, window: Size): Placed | undefined {
  const right = target.left + target.width;
  const foot = target.top + target.height;
  const middle = { x: target.left + target.width / 2, y: target.top + target.height / 2 };
  const left = within(middle.x - card.width / 2, MARGIN, window.width - card.width - MARGIN);
  const top = within(middle.y - card.height / 2, MARGIN, window.height - card.height - MARGIN);
  const across = within(middle.x - left, CORNER, card.width - CORNER);
  const down = within(middle.y - top, CORNER, card.height - CORNER);
  if (foot + GAP + card.height + MARGIN <= window.height)
    return { left, top: foot + GAP, side: 'top', arrow: across };
  if (target.top - GAP - card.height >= MARGIN)
    return { left, top: target.top - GAP - card.height, side: 'bottom', arrow: across };
  if (right + GAP + card.width + MARGIN <= window.width)
    return { left: right + GAP, top, side: 'left', arrow: down };
  if (target.left - GAP - card.width >= MARGIN)
    return { left: target.left - GAP - card.width, top, side: 'right', arrow: down };
  return undefined;
}

/** The part of a box that the window shows, a little larger than the thing. */
export function outline({ left, top, width, height }: Box, window: Size, by = 5): Box {
  const x = Math.max(left - by, 2);
  const y = Math.max(top - by, 2);
  return {
    left: x,
    top: y,
    width: Math.max(0, Math.min(left + width + by, window.width - 2) - x),
    height: Math.max(0, Math.min(top + height + by, window.height - 2) - y),
  };
}

function within(x: number, low: number, high: number): number {
  return Math.max(low, Math.min(x, high));
}
