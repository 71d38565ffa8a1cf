/** The line across the table that joins, column by column, the layers from which the answer stays. */
const SVG = 'http://www.w3.org/2000/svg';

export interface LineGround {
  /** Column headers, by position. */
  readonly columns: readonly HTMLElement[];
  /** Row elements, by layer + 1. */
  readonly rows: readonly HTMLElement[];
  /** The last layer is on top. */
  readonly upward: boolean;
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
  draw(depth: Int32Array, { columns, rows, upward }: LineGround): void {
    const [first, second] = columns;
    const [low, next] = rows;
    if (!first || !low || !next) return;
    // All columns are as wide and all rows as high as the first: four reads of the layout, not thousands.
    const left = first.offsetLeft - 1;
    const step = second ? second.offsetLeft - first.offsetLeft : first.offsetWidth + 2;
    const height = Math.abs(low.offsetTop - next.offsetTop);
    const floor = low.offsetTop + (upward ? height - 1 : -1);
    const y = (layer: number): number => floor + (layer + 1) * (upward ? -height : height);
    const strokes = Array.from(depth, (layer, pos) => `M${left + pos * step + 1} ${y(layer)}h${step - 2}`);
    const joins = Array.from(depth, (layer, pos) => `V${y(layer)}H${left + (pos + 1) * step}`);
    this.#strokes.setAttribute('d', strokes.join(''));
    this.#joins.setAttribute('d', `M${left} ${y(depth[0] ?? 0)}${joins.join('')}`);
    this.element.setAttribute('width', String(left + depth.length * step + 2));
    this.element.setAttribute(
      'height',
      String(Math.max(low.offsetTop, rows.at(-1)?.offsetTop ?? 0) + height + 1),
    );
  }
}
