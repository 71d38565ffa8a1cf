/** Where a key moves the selection in the table: pure, in visual directions. */
import type { Cell } from '../controllers/view-state.ts';

export interface Extent {
  /** Layers that have a row, besides the embedding’s (−1). */
  readonly layers: number;
  readonly positions: number;
  /** 1 when the last layer is on top, −1 when the first is. */
  readonly up: 1 | -1;
}

/** Rows that Page Up and Page Down jump. */
const PAGE = 5;

/** @returns the new cell, or undefined when the key moves nothing. */
export function moveBy(
  key: { readonly key: string; readonly ctrlKey: boolean; readonly metaKey: boolean },
  { layer, pos }: Cell,
  { layers, positions, up }: Extent,
): Cell | undefined {
  const top = layers - 1;
  const bound = (l: number): number => Math.min(Math.max(l, -1), top);
  const whole = key.ctrlKey || key.metaKey;
  switch (key.key) {
    case 'ArrowLeft':
      return { layer, pos: Math.max(pos - 1, 0) };
    case 'ArrowRight':
      return { layer, pos: Math.min(pos + 1, positions - 1) };
    case 'ArrowUp':
      return { layer: bound(layer + up), pos };
    case 'ArrowDown':
      return { layer: bound(layer - up), pos };
    case 'PageUp':
      return { layer: bound(layer + PAGE * up), pos };
    case 'PageDown':
      return { layer: bound(layer - PAGE * up), pos };
    case 'Home':
      return { layer: whole ? bound(up * Infinity) : layer, pos: 0 };
    case 'End':
      return { layer: whole ? bound(-up * Infinity) : layer, pos: positions - 1 };
    default:
      return undefined;
  }
}
