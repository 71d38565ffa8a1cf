/**
 * The table of two runs side by side. As in the lens table, only what is in sight is in the document, and the counts
 * say what the whole is. A cell shows the top token that both have, or A's above B's.
 */
import { visibleText } from '../../shared/picture/visible.ts';
import { inkOn, type ColorScheme } from '../../shared/picture/ramp.ts';
import type { ComparedCells } from '../../shared/compare/cells.ts';
import type { CompareScale } from '../controllers/compare-scale.ts';
import type { Comparison } from '../controllers/compare.ts';
import { sameCell } from '../controllers/selection.ts';
import type { Cell, RowOrder } from '../controllers/view-state.ts';
import { compareGridSheets } from '../styles/compare.ts';
import type { CellCard } from './cell-card.ts';
import { CellCards } from './cell-cards.ts';
import { columnWidth, GAP, HEADER_WIDTH, spanInSight, type Span } from './grid-geometry.ts';
import { moveBy } from './grid-keys.ts';
import { labelOf, makeCell, makeColumn, makeRow, showColumn, topOf } from './compare-parts.ts';
import { makeHead } from './grid-parts.ts';
import { Strip } from './grid-strip.ts';

/** CSS pixels of a row with its gap, as in the styles. */
const ROW_HEIGHT = 42;
const NOWHERE: Span = { first: 0, end: 0 };

export interface CompareGridSpec {
  readonly found: Comparison;
  readonly scale: CompareScale;
  /** A cell's number, as its accessible name says it. */
  readonly say: (cells: ComparedCells, cell: number) => string;
  readonly order: RowOrder;
  readonly scheme: ColorScheme;
  /** `layer` is the row, from −1; `pos` the column. */
  readonly selected: Cell;
  readonly card: () => Promise<CellCard>;
}

interface Row {
  readonly element: HTMLElement;
  readonly strip: Strip;
}

export class CompareGridElement extends HTMLElement {
  #spec: CompareGridSpec | undefined;
  /** What the rows were laid for: columns and layers of the two. */
  #laid: readonly unknown[] = [];
  readonly #stage = document.createElement('div');
  readonly #grid = document.createElement('div');
  readonly #cards = new CellCards(this, async () => this.#spec?.card());
  readonly #resized = new ResizeObserver(() => this.#measure());
  #head = new Strip(this.#grid, { make: makeColumn, bind: () => undefined });
  /** From the embedding up. */
  #rows: Row[] = [];
  readonly #places = new WeakMap<EventTarget, Cell>();
  #span = NOWHERE;
  #width = 0;
  #window = { width: 0, height: 0 };
  #marked: HTMLElement | undefined;
  #hovered: Cell | undefined;

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = compareGridSheets();
    this.#grid.setAttribute('role', 'grid');
    this.#grid.setAttribute('aria-label', 'Two runs side by side');
    this.#stage.className = 'stage';
    this.#stage.append(this.#grid);
    root.append(this.#stage);
    this.addEventListener('scroll', () => this.#look(), { passive: true });
    this.#grid.addEventListener('pointerover', (event) => {
      if (event.pointerType === 'touch') return;
      const cell = this.#place(event);
      this.#hover(cell);
      this.#cards.rest(cell, 'pointer');
    });
    this.#grid.addEventListener('pointerleave', (event) => {
      this.#hover(undefined);
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
      if (event.target instanceof Element && event.target.matches(':focus-visible')) {
        this.#cards.rest(cell, 'keys');
      }
    });
    this.#grid.addEventListener('focusout', () => this.#cards.rest(undefined, 'keys'));
    this.#grid.addEventListener('keydown', (event) => this.#keydown(event));
  }

  set spec(spec: CompareGridSpec) {
    const before = this.#spec;
    this.#spec = spec;
    if (!this.isConnected) return;
    const { columns, rows, a, b } = spec.found;
    const laid = [columns, rows, a.ids, b.ids];
    const other = laid.some((one, i) => one !== this.#laid[i]);
    if (other) this.#lay(spec);
    if (other || spec.order !== before?.order) this.#order(spec);
    else if (spec.found !== before.found || spec.scale !== before.scale || spec.scheme !== before.scheme) {
      for (const { strip } of this.#rows) strip.refresh();
      this.#look();
    }
    this.#mark();
  }

  connectedCallback(): void {
    this.#resized.observe(this);
    // What came while it was away.
    const spec = this.#spec;
    if (!spec) return;
    this.#laid = [];
    this.spec = spec;
  }

  disconnectedCallback(): void {
    this.#resized.disconnect();
    this.#cards.close();
  }

  boxOf(cell: Cell): DOMRect | undefined {
    return this.#at(cell)?.getBoundingClientRect();
  }

  #lay({ found }: CompareGridSpec): void {
    const { columns, rows, a, b } = found;
    this.#laid = [columns, rows, a.ids, b.ids];
    this.#cards.close();
    this.#span = NOWHERE;
    this.#width = 0;
    this.#marked = undefined;
    const head = makeHead();
    this.#head = new Strip(head, {
      make: makeColumn,
      bind: (header, pos) => {
        showColumn(header, found, pos);
        header.style.left = `${HEADER_WIDTH + pos * this.#width}px`;
      },
    });
    this.#rows = rows.map((pair, row) => {
      const element = makeRow(pair);
      const bind = (cell: HTMLElement, pos: number): void => this.#show(cell, { layer: row - 1, pos });
      return { element, strip: new Strip(element, { make: makeCell, bind }) };
    });
    this.#grid.replaceChildren(head);
    this.#grid.setAttribute('aria-colcount', String(columns.length + 1));
    this.#grid.setAttribute('aria-rowcount', String(rows.length + 1));
    this.#measure();
  }

  #order({ order }: CompareGridSpec): void {
    const rows = order === 'last-on-top' ? this.#rows.toReversed() : this.#rows;
    rows.forEach(({ element }, i) => element.setAttribute('aria-rowindex', String(i + 2)));
    this.#grid.append(...rows.map(({ element }) => element));
    this.#look();
  }

  #measure(): void {
    const columns = this.#spec?.found.columns.length ?? 0;
    this.#window = { width: this.clientWidth, height: this.clientHeight };
    if (columns === 0 || this.#window.width === 0) return;
    const width = columnWidth(this.#window.width - GAP, columns);
    if (width !== this.#width) {
      this.#width = width;
      this.#stage.style.width = `${HEADER_WIDTH + columns * width}px`;
      this.#stage.style.setProperty('--column', `${width - GAP}px`);
      this.#head.refresh();
      for (const { strip } of this.#rows) strip.refresh();
      this.#reveal();
    }
    this.#look();
  }

  /** Makes what has come into sight. */
  #look(): void {
    const spec = this.#spec;
    if (!spec || this.#width === 0) return;
    const { width, height } = this.#window;
    const columns = spec.found.columns.length;
    this.#span = spanInSight(this.scrollLeft, width - HEADER_WIDTH, this.#width, columns);
    this.#head.show(this.#span);
    const n = this.#rows.length;
    const { first, end } = spanInSight(this.scrollTop, height - ROW_HEIGHT, ROW_HEIGHT, n);
    const upward = spec.order === 'last-on-top';
    const shown = upward ? this.#rows.slice(n - end, n - first) : this.#rows.slice(first, end);
    for (const row of shown) {
      const read = spec.found.cells[this.#rows.indexOf(row)] !== undefined;
      row.element.className = read ? 'filled' : 'waiting';
      if (read) row.strip.show(this.#span);
    }
    this.#mark();
  }

  #show(element: HTMLElement, cell: Cell): void {
    const spec = this.#spec;
    const cells = spec?.found.cells[cell.layer + 1];
    if (!spec || !cells) return;
    const { found, scale, scheme } = spec;
    const { pos } = cell;
    const [a, b] = [topOf(cells, cells.a, found.a, pos), topOf(cells, cells.b, found.b, pos)];
    const shown = (a === b ? [a] : [a, b]).map((text) => (text === undefined ? '–' : visibleText(text)));
    const [one, other] = element.children;
    if (one) one.textContent = shown[0] ?? '';
    if (other instanceof HTMLElement) {
      other.textContent = shown[1] ?? '';
      other.hidden = shown.length < 2;
      other.style.display = shown.length < 2 ? 'none' : '';
    }
    element.className = shown.length < 2 ? '' : 'two';
    const value = scale.value(cells, pos);
    const none = Number.isNaN(value);
    const background = none ? '' : scale.colour(scale.share(value), scheme);
    element.classList.toggle('none', none);
    element.style.backgroundColor = background;
    element.style.color = none ? '' : inkOn(background);
    element.style.left = `${HEADER_WIDTH + pos * this.#width}px`;
    element.setAttribute('aria-colindex', String(pos + 2));
    element.setAttribute('aria-label', labelOf(spec, cells, cell, [a, b]));
    this.#places.set(element, cell);
  }

  #mark(): void {
    const spec = this.#spec;
    if (!spec) return;
    const { selected } = spec;
    for (const [row, { strip }] of this.#rows.entries()) {
      if (spec.found.cells[row]) strip.keep(row === selected.layer + 1 ? selected.pos : undefined);
    }
    const cell = this.#at(selected);
    if (this.#marked !== cell) {
      this.#marked?.classList.remove('selected');
      this.#marked?.removeAttribute('aria-selected');
      if (this.#marked) this.#marked.tabIndex = -1;
    }
    this.#marked = cell;
    cell?.classList.add('selected');
    cell?.setAttribute('aria-selected', 'true');
    if (cell) cell.tabIndex = 0;
  }

  /** Brings the selected column into sight, and nothing else. */
  #reveal(): void {
    const pos = this.#spec?.selected.pos ?? 0;
    const right = (pos + 1) * this.#width - (this.#window.width - HEADER_WIDTH);
    if (right > this.scrollLeft) this.scrollLeft = right;
  }

  #at(cell: Cell): HTMLElement | undefined {
    return this.#rows[cell.layer + 1]?.strip.at(cell.pos);
  }

  #place(event: Event): Cell | undefined {
    const at = event.target instanceof Element ? event.target.closest('[role="gridcell"]') : null;
    return at ? this.#places.get(at) : undefined;
  }

  #hover(cell: Cell | undefined): void {
    if (sameCell(cell, this.#hovered)) return;
    this.#hovered = cell;
    this.dispatchEvent(new CustomEvent('rs-hover', { detail: cell }));
  }

  #select(cell: Cell, focus: boolean): void {
    if (!sameCell(this.#spec?.selected, cell))
      this.dispatchEvent(new CustomEvent('rs-cell', { detail: cell }));
    if (!focus) return;
    const element = this.#at(cell);
    element?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    element?.focus({ preventScroll: true });
  }

  #keydown(event: KeyboardEvent): void {
    const spec = this.#spec;
    if (!spec) return;
    const { layer, pos } = spec.selected;
    const extent = {
      lines: this.#rows.length,
      positions: spec.found.columns.length,
      up: spec.order === 'last-on-top' ? 1 : -1,
    } as const;
    const to = moveBy(event, { line: layer + 1, pos }, extent);
    if (!to || spec.found.cells[to.line] === undefined) return;
    event.preventDefault();
    this.#select({ layer: to.line - 1, pos: to.pos }, true);
  }
}
customElements.define('rs-compare-grid', CompareGridElement);
