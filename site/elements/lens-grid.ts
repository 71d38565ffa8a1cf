/**
 * The lens table. Only what is in sight is in the document, because 256 tokens × 61 rows are thousands of cells:
 * elements are used again for other columns as the table scrolls, and `aria-rowindex`, `aria-colindex` and the
 * counts say what the whole is. One listener each serves all cells.
 */
import { lineIndex, lineReadings, linesOf, type Line } from '../controllers/lines.ts';
import { sameCell } from '../controllers/selection.ts';
import type { Session } from '../controllers/session.ts';
import {
  currentCell,
  idsOf,
  selectedCell,
  type Cell,
  type RunView,
  type ViewState,
} from '../controllers/view-state.ts';
import { gridSheet } from '../styles/grid.ts';
import { CellCards } from './cell-cards.ts';
import { CellPainter } from './cell-painter.ts';
import { columnWidth, GAP, HEADER_WIDTH, ROW_HEIGHT, spanInSight, type Span } from './grid-geometry.ts';
import { moveBy } from './grid-keys.ts';
import { makeColumnHeader, makeHead, showColumnHeader } from './grid-parts.ts';
import { GridRow, type RowGround } from './grid-row.ts';
import { Strip } from './grid-strip.ts';
import { SettleLine } from './settle-line.ts';

/** Tokens up to which a row fades in: a long one would be a large picture to blend. */
const FADING = 48;
/** Milliseconds of rest after which what scrolled is put in order. */
const REST = 200;
const NOWHERE: Span = { first: 0, end: 0 };

export class LensGridElement extends HTMLElement {
  #session: Session | undefined;
  #stop: (() => void) | undefined;
  readonly #stage = document.createElement('div');
  readonly #grid = document.createElement('div');
  readonly #line = new SettleLine();
  readonly #cards = new CellCards(this, async () => {
    const { LensCardElement } = await import('./lens-card.ts');
    const card = new LensCardElement();
    if (this.#session) card.session = this.#session;
    return card;
  });
  readonly #painter = new CellPainter();
  readonly #resized: ResizeObserver;
  #head = new Strip(this.#grid, { make: makeColumnHeader, bind: () => undefined });
  /** Bottom up. */
  #rows: GridRow[] = [];
  readonly #places = new WeakMap<EventTarget, Cell>();
  #ground: RowGround | undefined;
  /** The columns that are in the document, and their width. */
  #span = NOWHERE;
  #width = 0;
  #window = { width: 0, height: 0 };
  /** How far it was scrolled when it last looked: asked anew after a change, the browser would lay out twice. */
  #scrolled = 0;
  /** The selected column was brought into sight: not before the table has a width. */
  #revealed = false;
  #tabStop: HTMLElement | undefined;
  #marked: HTMLElement[] = [];
  #resting: ReturnType<typeof setTimeout> | undefined;
  /** While it scrolls, the cells that pass under the pointer are not hovered: the last one is, at rest. */
  #scrolling = false;
  #under: Cell | undefined;

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [gridSheet()];
    this.#grid.setAttribute('role', 'grid');
    this.#grid.setAttribute('aria-label', 'Logit lens');
    this.#stage.className = 'stage';
    this.#stage.append(this.#grid, this.#line.element);
    root.append(this.#stage);
    this.#resized = new ResizeObserver(() => this.#measure());
    this.addEventListener(
      'scroll',
      () => {
        this.#scrolling = true;
        this.#look();
      },
      { passive: true },
    );
    this.#grid.addEventListener('pointerover', (event) => {
      if (event.pointerType === 'touch') return;
      const cell = this.#place(event);
      if (this.#scrolling) this.#under = cell;
      else this.#hover(cell);
    });
    this.#grid.addEventListener('pointerleave', (event) => {
      this.#under = undefined;
      this.#session?.selection.hover(undefined);
      if (event.pointerType !== 'touch') this.#cards.rest(undefined, 'pointer');
    });
    this.#grid.addEventListener('pointerdown', (event) => this.#cards.press(event, this.#place(event)));
    this.#grid.addEventListener('click', (event) => {
      const cell = this.#place(event);
      if (cell) this.#select(cell, true);
    });
    this.#grid.addEventListener('focusin', (event) => {
      const cell = this.#place(event);
      if (!cell) return;
      this.#select(cell, false);
      if (event.target instanceof Element && event.target.matches(':focus-visible'))
        this.#cards.rest(cell, 'keys');
    });
    this.#grid.addEventListener('focusout', () => this.#cards.rest(undefined, 'keys'));
    this.#grid.addEventListener('keydown', (event) => this.#keydown(event));
  }

  set session(session: Session) {
    this.#session = session;
  }

  /** Where a cell lies in the browser's window, where it is in the document. */
  boxOf(cell: Cell): DOMRect | undefined {
    return this.#at(cell)?.getBoundingClientRect();
  }

  /** CSS pixels of a column with its gap; 0 before there is one. */
  get columnWidth(): number {
    return this.#width;
  }

  /** Positions in sight, in full or in part. */
  get positions(): Span {
    const first = Math.max(0, Math.floor(this.#scrolled / (this.#width || 1)));
    const inSight = Math.ceil((this.#window.width - HEADER_WIDTH) / (this.#width || 1));
    return { first, end: Math.min(first + inSight, this.#ground?.run.ids.length ?? 0) };
  }

  /** Brings a column into the middle of the window. */
  centre(pos: number): void {
    this.scrollLeft = (pos + 0.5) * this.#width - (this.#window.width - HEADER_WIDTH) / 2;
  }

  connectedCallback(): void {
    const { store } = this.#session ?? {};
    if (!store) return;
    this.#stop = store.subscribe((state, before) => this.#update(state, before));
    this.#update(store.state, undefined);
    this.#resized.observe(this);
  }

  disconnectedCallback(): void {
    this.#stop?.();
    this.#resized.disconnect();
    this.#cards.close();
    clearTimeout(this.#resting);
  }

  #update(state: ViewState, before: ViewState | undefined): void {
    const { run } = state;
    if (!run) {
      if (this.#ground) this.#clear();
      return;
    }
    const shown = this.#ground?.run;
    const other = shown?.ids !== run.ids || shown.model !== run.model || !shown.mid !== !run.mid;
    const focused = other && shown?.model === run.model && this.shadowRoot?.activeElement != null;
    if (other) this.#lay(run, state);
    if (other || state.order !== before?.order) this.#order(state);
    const differs = (...keys: (keyof ViewState)[]): boolean =>
      keys.some((key) => state[key] !== before?.[key]);
    const late = run.late !== before?.run?.late;
    const painted = other || late || differs('colour', 'target', 'chosen', 'scheme', 'pins', 'groups');
    if (differs('run', 'chosen') || painted) this.#read(state, painted);
    if (differs('run', 'phase')) this.#grid.setAttribute('aria-busy', String(state.phase === 'running'));
    if (late || differs('order')) this.#drawSettling();
    this.#markCurrent(state);
    // A column more or less makes the cells anew; the reader is still in the table.
    if (focused) this.#at(selectedCell(state))?.focus({ preventScroll: true });
  }

  #clear(): void {
    this.#grid.replaceChildren();
    this.#rows = [];
    this.#ground = undefined;
    this.#span = NOWHERE;
    this.#tabStop = undefined;
    this.#marked = [];
    this.#line.clear();
    this.#cards.close();
  }

  /** Headers and empty rows: the table has its size before the first reading comes. */
  #lay(run: RunView, state: ViewState): void {
    this.#clear();
    this.#ground = this.#groundOf(run, state);
    const head = makeHead();
    this.#head = new Strip(head, {
      make: makeColumnHeader,
      bind: (header, pos) => {
        showColumnHeader(header, run, pos);
        header.style.left = `${HEADER_WIDTH + pos * this.#width}px`;
      },
    });
    const ground = (): RowGround => this.#ground ?? this.#groundOf(run, state);
    this.#rows = linesOf(run).map((line) => new GridRow(line, ground));
    this.#grid.classList.toggle('fading', run.ids.length <= FADING);
    this.#grid.setAttribute('aria-colcount', String(run.ids.length + 1));
    this.#grid.setAttribute('aria-rowcount', String(this.#rows.length + 1));
    this.#grid.append(head);
    this.#width = 0;
    this.#revealed = false;
    this.#measure();
  }

  #groundOf(run: RunView, state: ViewState): RowGround {
    const { pins, groups } = state;
    const pinOf = new Map(pins.flatMap((pin, i) => idsOf(pin, groups).map((id) => [id, i] as const)));
    return {
      run,
      columnWidth: this.#width,
      brush: this.#painter.brush(run, state),
      pinOf: (id) => pinOf.get(id) ?? -1,
      placed: (cell, { layer, mid }, pos) => this.#places.set(cell, { layer, pos, ...(mid && { mid }) }),
    };
  }

  /** Rows in the order in which they are seen, as a screen reader meets them too. */
  #order({ order }: ViewState): void {
    const rows = order === 'last-on-top' ? this.#rows.toReversed() : this.#rows;
    rows.forEach(({ element }, i) => element.setAttribute('aria-rowindex', String(i + 2)));
    this.#grid.append(...rows.map(({ element }) => element));
    this.#look(true);
  }

  /** What the state says of each row; cells are made for those that have come into sight. */
  #read(state: ViewState, painted: boolean): void {
    const { run, chosen } = state;
    if (!run) return;
    this.#ground = this.#groundOf(run, state);
    for (const row of this.#rows) {
      row.readings = lineReadings(run, row.line, chosen);
      if (painted) row.repaint();
    }
    this.#look(true);
  }

  /** The window's size, and what follows from it. */
  #measure(): void {
    const run = this.#ground?.run;
    this.#window = { width: this.clientWidth, height: this.clientHeight };
    if (!run || this.#window.width === 0) return;
    const width = columnWidth(this.#window.width - GAP, run.ids.length);
    if (width !== this.#width) {
      this.#width = width;
      if (this.#ground) this.#ground = { ...this.#ground, columnWidth: width };
      this.#stage.style.width = `${HEADER_WIDTH + run.ids.length * width}px`;
      this.#stage.style.setProperty('--column', `${width - GAP}px`);
      this.#head.refresh();
      for (const { strip } of this.#rows) strip.refresh();
    }
    if (!this.#revealed && this.#session) {
      this.#revealed = true;
      this.#reveal(selectedCell(this.#session.store.state)?.pos ?? 0);
    }
    this.#look(true);
  }

  /** Makes what has come into sight. */
  #look(anew = false): void {
    const run = this.#ground?.run;
    if (!run || this.#width === 0) return;
    const { width, height } = this.#window;
    const top = this.scrollTop;
    this.#scrolled = this.scrollLeft;
    const span = spanInSight(this.#scrolled, width - HEADER_WIDTH, this.#width, run.ids.length);
    const moved = span.first !== this.#span.first || span.end !== this.#span.end;
    this.#span = span;
    const rows = spanInSight(top, height - ROW_HEIGHT, ROW_HEIGHT, this.#rows.length);
    this.#head.show(span);
    for (const row of this.#inSight(rows)) row.show(span);
    if (moved || anew) {
      this.#drawSettling();
      if (this.#session) this.#markCurrent(this.#session.store.state);
    }
    this.dispatchEvent(new CustomEvent('rs-look'));
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => this.#tidy(), REST);
  }

  /** @param rows from the top. */
  #inSight({ first, end }: Span): readonly GridRow[] {
    const n = this.#rows.length;
    return this.#upward ? this.#rows.slice(n - end, n - first) : this.#rows.slice(first, end);
  }

  /** It rests: the elements are put in order, and the pointer is over a cell again. */
  #tidy(): void {
    this.#head.tidy();
    for (const { strip } of this.#rows) strip.tidy();
    const under = this.#under;
    this.#scrolling = false;
    this.#under = undefined;
    if (under) this.#hover(under);
  }

  #hover(cell: Cell | undefined): void {
    this.#session?.selection.hover(cell);
    this.#cards.rest(cell, 'pointer');
  }

  get #upward(): boolean {
    return this.#session?.store.state.order !== 'first-on-top';
  }

  /** Scrolls a column into sight, and nothing else: the page stays where the reader has it. */
  #reveal(pos: number): void {
    const [left, right] = [pos * this.#width, (pos + 1) * this.#width];
    const inner = this.#window.width - HEADER_WIDTH;
    if (left < this.scrollLeft) this.scrollLeft = left;
    else if (right > this.scrollLeft + inner) this.scrollLeft = right - inner;
  }

  #drawSettling(): void {
    const run = this.#ground?.run;
    const depth = this.#session?.store.state.run?.late?.convergence;
    if (!run || !depth || this.#width === 0) {
      this.#line.clear();
      return;
    }
    const lines = this.#rows.length;
    const upward = this.#upward;
    const edge = (layer: number): number => {
      const line = lineIndex({ layer }, run);
      return ROW_HEIGHT + (upward ? lines - line : line) * ROW_HEIGHT - 1;
    };
    this.#line.draw(depth, { span: this.#span, columnWidth: this.#width, edge, lines });
  }

  #markCurrent(state: ViewState): void {
    for (const element of this.#marked) element.classList.remove('selected', 'current', 'linked');
    const selected = selectedCell(state);
    const current = currentCell(state);
    for (const row of this.#rows) {
      const own = selected && isLine(row.line, selected);
      row.keep(own ? selected.pos : undefined);
    }
    const [cell, now] = [this.#at(selected), this.#at(current)];
    cell?.classList.add('selected');
    now?.classList.add('current');
    const linked = current ? [this.#head.at(current.pos), this.#rowOf(current)?.header] : [];
    this.#marked = [cell, now, ...linked].filter((e) => e !== undefined);
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

  #rowOf(cell: Cell): GridRow | undefined {
    const run = this.#ground?.run;
    return run && this.#rows[lineIndex(cell, run)];
  }

  #at(cell: Cell | undefined): HTMLElement | undefined {
    return cell && this.#rowOf(cell)?.strip.at(cell.pos);
  }

  #place(event: Event): Cell | undefined {
    return event.target ? this.#places.get(event.target) : undefined;
  }

  #select(cell: Cell, focus: boolean): void {
    const { selection, store } = this.#session ?? {};
    if (!sameCell(store?.state.selected, cell)) selection?.select(cell);
    if (!focus) return;
    // The selected cell is in the document even where it was out of sight.
    const element = this.#at(cell);
    element?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    element?.focus({ preventScroll: true });
  }

  #keydown(event: KeyboardEvent): void {
    const { store, selection } = this.#session ?? {};
    const run = store?.state.run;
    const from = store && selectedCell(store.state);
    if (!store || !run || !from) return;
    if (event.key === 'Enter' || event.key === ' ') {
      const { topIds, k } = lineReadings(run, from)?.readings ?? {};
      const id = topIds?.[from.pos * (k ?? 1)];
      if (id !== undefined) selection?.toggle(id);
    } else if (event.key === 'Escape') selection?.clear();
    else {
      const line = lineIndex(from, run);
      const there = this.#rows.findLastIndex((row) => lineReadings(run, row.line) !== undefined);
      const to = moveBy(
        event,
        { line, pos: from.pos },
        {
          lines: there + 1,
          positions: run.ids.length,
          up: store.state.order === 'last-on-top' ? 1 : -1,
        },
      );
      const target = to && this.#rows[to.line]?.line;
      if (!to || !target) return;
      this.#select({ layer: target.layer, pos: to.pos, ...(target.mid && { mid: true }) }, true);
    }
    event.preventDefault();
  }
}
customElements.define('rs-lens-grid', LensGridElement);

function isLine(line: Line, cell: Cell): boolean {
  return line.layer === cell.layer && line.mid === (cell.mid === true);
}
