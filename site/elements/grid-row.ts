/** One line of the table: its row element, and the cells of it that are in sight. */
import type { Line, LineReadings } from '../controllers/lines.ts';
import type { RunView } from '../controllers/view-state.ts';
import type { Paint } from './cell-painter.ts';
import { HEADER_WIDTH, type Span } from './grid-geometry.ts';
import { makeCell, makeRow, showCell } from './grid-parts.ts';
import { Strip } from './grid-strip.ts';

/** What a row asks of the table. */
export interface RowGround {
  readonly run: RunView;
  readonly columnWidth: number;
  readonly brush: (line: LineReadings, pos: number) => Paint | undefined;
  /** Which pin a cell's token belongs to; −1 for none. */
  readonly pinOf: (id: number) => number;
  /** Told of every cell that shows another place. */
  readonly placed: (cell: HTMLElement, line: Line, pos: number) => void;
}

export class GridRow {
  readonly element: HTMLElement;
  readonly line: Line;
  readonly strip: Strip;
  readonly #ground: () => RowGround;
  #readings: LineReadings | undefined;

  /** @param ground the table as it is now. */
  constructor(line: Line, ground: () => RowGround) {
    this.line = line;
    this.#ground = ground;
    this.element = makeRow(line);
    this.strip = new Strip(this.element, { make: makeCell, bind: (cell, pos) => this.#bind(cell, pos) });
  }

  get header(): HTMLElement | undefined {
    return this.element.firstElementChild as HTMLElement | undefined;
  }

  /** The readings as they are now; undefined while there are none. */
  set readings(readings: LineReadings | undefined) {
    if (readings && !this.#readings) this.element.className = 'filled';
    this.#readings = readings;
  }

  show(span: Span): void {
    if (this.#readings) this.strip.show(span);
  }

  /** The element of a place, made if it is out of sight. */
  keep(pos: number | undefined): HTMLElement | undefined {
    if (!this.#readings) return undefined;
    this.strip.keep(pos);
    return pos === undefined ? undefined : this.strip.at(pos);
  }

  /** Colours and pins of all cells. */
  repaint(): void {
    this.strip.each((cell, pos) => this.#paint(cell, pos));
  }

  #bind(cell: HTMLElement, pos: number): void {
    const { run, columnWidth, placed } = this.#ground();
    if (!this.#readings) return;
    showCell(cell, run, this.#readings, pos);
    cell.style.left = `${HEADER_WIDTH + pos * columnWidth}px`;
    placed(cell, this.line, pos);
    this.#paint(cell, pos);
  }

  #paint(cell: HTMLElement, pos: number): void {
    const { brush, pinOf } = this.#ground();
    if (!this.#readings) return;
    const paint = brush(this.#readings, pos);
    cell.style.backgroundColor = paint?.background ?? '';
    cell.style.color = paint?.ink ?? '';
    cell.classList.toggle('none', !paint);
    const { topIds, k } = this.#readings.readings;
    const pin = pinOf(topIds[pos * k] ?? -1);
    if (pin >= 0) cell.dataset['pin'] = String(pin);
    else if (cell.dataset['pin'] !== undefined) delete cell.dataset['pin'];
  }
}
