/** The line across the table that joins, column by column, the layers from which the answer stays. */
import { GAP, HEADER_WIDTH, ROW_HEIGHT, type Span } from './grid-geometry.ts';

const SVG = 'http://www.w3.org/2000/svg';

export interface LineGround {
  /** Columns that are drawn. */
  readonly span: Span;
  readonly columnWidth: number;
  /** CSS pixels from the table's top to the edge of a layer’s row on the side of the embedding. */
  readonly edge: (layer: number) => number;
  readonly lines: number;
}

export class SettleLine {
  readonly element = document.createElementNS(SVG, 'svg');
  /** Thin joins from column to column under the strokes that say where a column settles. */
  readonly #joins = document.createElementNS(SVG, 'path');
  readonly #strokes = document.createElementNS(SVG, 'path');

  constructor() {
    this.element.setAttribute('aria-hidden', 'true');
    this.#joins.setAttribute('class', 'joins');
    this.element.append(this.#joins, this.#strokes);
  }

  clear(): void {
    this.#joins.removeAttribute('d');
    this.#strokes.removeAttribute('d');
  }

  /** @param depth i32[pos]: the first layer from which the answer stays. */
  draw(depth: Int32Array, { span, columnWidth, edge, lines }: LineGround): void {
    const { first, end } = span;
    // The picture begins at its first column: a wide one would be dear to keep.
    const left = HEADER_WIDTH - GAP / 2 + first * columnWidth;
    const shown = Array.from(depth.subarray(first, end), edge);
    const strokes = shown.map((y, i) => `M${i * columnWidth + 1} ${y}h${columnWidth - GAP}`);
    const joins = shown.map((y, i) => `V${y}H${(i + 1) * columnWidth}`);
    this.#strokes.setAttribute('d', strokes.join(''));
    this.#joins.setAttribute('d', `M0 ${shown[0] ?? 0}${joins.join('')}`);
    this.element.setAttribute('width', String(shown.length * columnWidth + GAP));
    this.element.setAttribute('height', String((lines + 1) * ROW_HEIGHT));
    this.element.style.left = `${left}px`;
  }
}
