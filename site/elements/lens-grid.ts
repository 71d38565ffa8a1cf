/**
 * The lens table. Built by hand, one row at a time, because 256 tokens × 31 rows are thousands of cells: a row's
 * cells are made once when its readings come, and later changes touch only what differs. One listener each serves
 * all cells.
 */
import type { Session } from '../controllers/session.ts';
import {
  currentCell,
  rowOf,
  selectedCell,
  type Cell,
  type RunView,
  type ViewState,
} from '../controllers/view-state.ts';
import { gridSheet } from '../styles/grid.ts';
import { CellPainter } from './cell-painter.ts';
import { moveBy } from './grid-keys.ts';
import { makeCell, makeColumnHeader, makeHead, makeRow } from './grid-parts.ts';
import { SettleLine } from './settle-line.ts';

/** CSS pixels: the row headers, a column with its gap at the narrowest, the gap. As in the styles. */
const HEADER_WIDTH = 44;
const COLUMN_WIDTH = 62;
const COLUMN_GAP = 4;

export class LensGridElement extends HTMLElement {
  #session: Session | undefined;
  #stop: (() => void) | undefined;
  readonly #stage = document.createElement('div');
  readonly #grid = document.createElement('div');
  readonly #line = new SettleLine();
  readonly #resized: ResizeObserver;
  readonly #painter = new CellPainter();
  /** Row elements by layer + 1, and their cells by position. */
  #rows: HTMLElement[] = [];
  #cells: HTMLElement[][] = [];
  #headers: HTMLElement[] = [];
  readonly #places = new WeakMap<EventTarget, Cell>();
  #shown: Pick<RunView, 'ids' | 'model'> | undefined;
  #tabStop: HTMLElement | undefined;
  #marked: HTMLElement[] = [];

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [gridSheet()];
    this.#grid.setAttribute('role', 'grid');
    this.#grid.setAttribute('aria-label', 'Logit lens');
    this.#stage.className = 'stage';
    this.#stage.append(this.#grid, this.#line.element);
    root.append(this.#stage);
    this.#resized = new ResizeObserver(() => {
      if (this.#session) this.#drawSettling(this.#session.store.state);
    });
    this.#grid.addEventListener('pointerover', (event) => {
      if (event.pointerType !== 'touch') this.#session?.selection.hover(this.#place(event));
    });
    this.#grid.addEventListener('pointerleave', () => this.#session?.selection.hover(undefined));
    this.#grid.addEventListener('click', (event) => {
      const cell = this.#place(event);
      if (cell) this.#select(cell, true);
    });
    this.#grid.addEventListener('focusin', (event) => {
      const cell = this.#place(event);
      if (cell) this.#select(cell, false);
    });
    this.#grid.addEventListener('keydown', (event) => this.#keydown(event));
  }

  set session(session: Session) {
    this.#session = session;
  }

  connectedCallback(): void {
    const { store } = this.#session ?? {};
    if (!store) return;
    this.#stop = store.subscribe((state, before) => this.#update(state, before));
    this.#update(store.state, undefined);
    this.#resized.observe(this.#grid);
  }

  disconnectedCallback(): void {
    this.#stop?.();
    this.#resized.disconnect();
    this.#painter.stop();
  }

  #update(state: ViewState, before: ViewState | undefined): void {
    const { run } = state;
    if (state.order !== before?.order) this.#grid.classList.toggle('flipped', state.order === 'first-on-top');
    if (!run) {
      if (this.#shown) this.#clear();
      return;
    }
    if (this.#shown?.ids !== run.ids || this.#shown.model !== run.model) this.#lay(run, state);
    for (let row = this.#cells.length; row < run.rows.length; row++) this.#fill(run, row, state);
    if (run !== before?.run || state.phase !== before.phase) {
      this.#grid.setAttribute('aria-busy', String(state.phase === 'running'));
    }
    const late = run.late !== before?.run?.late;
    if (late || state.order !== before?.order) this.#drawSettling(state);
    if (
      state.colour !== before?.colour ||
      state.scheme !== before.scheme ||
      (late && state.colour === 'kl')
    ) {
      this.#painter.repaint(this.#cells, run, state);
    }
    this.#markCurrent(state);
    if (state.pins !== before?.pins || run.rows !== before.run?.rows) this.#markPins(state);
  }

  #clear(): void {
    this.#grid.replaceChildren();
    this.#rows = [];
    this.#cells = [];
    this.#headers = [];
    this.#shown = undefined;
    this.#tabStop = undefined;
    this.#marked = [];
    this.#line.clear();
    this.#painter.stop();
  }

  /** Headers and empty rows: the table has its size before the first reading comes. */
  #lay(run: RunView, state: ViewState): void {
    this.#clear();
    this.#shown = run;
    this.#headers = run.pieces.map((piece, pos) => makeColumnHeader(piece, pos, run.ids[pos]));
    this.#rows = Array.from({ length: run.model.spec.nLayers + 1 }, (_, r) => makeRow(r - 1));
    this.#stage.style.width = `${HEADER_WIDTH + run.ids.length * COLUMN_WIDTH}px`;
    this.#grid.append(makeHead(this.#headers), ...this.#rows.toReversed());
    // Shown by now: until its first run the table is hidden and has no widths.
    requestAnimationFrame(() => this.#reveal(state));
  }

  /** Scrolls the selected column into view, and nothing else: the page stays where the reader has it. */
  #reveal(state: ViewState): void {
    const header = this.#headers[selectedCell(state)?.pos ?? 0];
    if (!header) return;
    const [left, right] = [header.offsetLeft - HEADER_WIDTH, header.offsetLeft + header.offsetWidth];
    if (left < this.scrollLeft) this.scrollLeft = left;
    else if (right > this.scrollLeft + this.clientWidth)
      this.scrollLeft = right - this.clientWidth + COLUMN_GAP;
  }

  #fill(run: RunView, index: number, state: ViewState): void {
    const readings = run.rows[index];
    const element = this.#rows[index];
    if (!readings || !element) return;
    const paint = this.#painter.brush(run, state);
    const cells = run.pieces.map((piece, pos) => {
      const cell = makeCell(run, readings, pos, piece);
      this.#places.set(cell, { layer: readings.layer, pos });
      paint(cell, readings, pos);
      return cell;
    });
    element.className = 'filled';
    element.append(...cells);
    this.#cells[index] = cells;
  }

  #drawSettling(state: ViewState): void {
    const depth = state.run?.late?.convergence;
    if (!depth) this.#line.clear();
    else {
      const upward = state.order === 'last-on-top';
      this.#line.draw(depth, { columns: this.#headers, rows: this.#rows, upward });
    }
  }

  #markCurrent(state: ViewState): void {
    for (const element of this.#marked) element.classList.remove('selected', 'current', 'linked');
    const selected = selectedCell(state);
    const current = currentCell(state);
    const [cell, now] = [this.#at(selected), this.#at(current)];
    cell?.classList.add('selected');
    now?.classList.add('current');
    const linked = current
      ? [this.#headers[current.pos], this.#rows[current.layer + 1]?.firstElementChild]
      : [];
    this.#marked = [cell, now, ...linked].filter((e): e is HTMLElement => e instanceof HTMLElement);
    for (const header of linked) header?.classList.add('linked');
    if (cell && cell !== this.#tabStop) {
      if (this.#tabStop) {
        this.#tabStop.tabIndex = -1;
        this.#tabStop.removeAttribute('aria-selected');
      }
      cell.tabIndex = 0;
      cell.setAttribute('aria-selected', 'true');
      this.#tabStop = cell;
    }
  }

  #markPins({ pins, run }: ViewState): void {
    if (!run) return;
    this.#cells.forEach((cells, r) => {
      const readings = run.rows[r];
      if (!readings) return;
      cells.forEach((cell, pos) => {
        const pin = pins.indexOf(readings.topIds[pos * readings.k] ?? -1);
        if (pin < 0) delete cell.dataset['pin'];
        else cell.dataset['pin'] = String(pin);
      });
    });
  }

  #at(cell: Cell | undefined): HTMLElement | undefined {
    return cell && this.#cells[cell.layer + 1]?.[cell.pos];
  }

  #place(event: Event): Cell | undefined {
    return event.target ? this.#places.get(event.target) : undefined;
  }

  #select(cell: Cell, focus: boolean): void {
    const { selection, store } = this.#session ?? {};
    const { selected } = store?.state ?? {};
    if (selected?.layer !== cell.layer || selected.pos !== cell.pos) selection?.select(cell);
    if (focus) this.#at(cell)?.focus({ preventScroll: false });
  }

  #keydown(event: KeyboardEvent): void {
    const { store, selection } = this.#session ?? {};
    const run = store?.state.run;
    const from = store && selectedCell(store.state);
    if (!store || !run || !from) return;
    if (event.key === 'Enter' || event.key === ' ') {
      const readings = rowOf(run, from.layer);
      const id = readings?.topIds[from.pos * readings.k];
      if (id !== undefined) selection?.toggle(id);
    } else if (event.key === 'Escape') selection?.clear();
    else {
      const to = moveBy(event, from, {
        layers: run.rows.length - 1,
        positions: run.ids.length,
        up: store.state.order === 'last-on-top' ? 1 : -1,
      });
      if (!to) return;
      this.#select(to, true);
    }
    event.preventDefault();
  }
}
customElements.define('rs-lens-grid', LensGridElement);
