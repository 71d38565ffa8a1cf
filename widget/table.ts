/**
 * The lens table: a real table with `role="grid"`, layers as rows, the last on top, tokens as columns. The columns in
 * sight are made at once, further ones a slice at a time, so that a long prompt doesn't hold its page up.
 */
import { displayWidth } from '../shared/picture/display-width.ts';
import { lensTable, probabilityText, type LensCell, type LensTable } from '../shared/picture/lens-table.ts';
import { rampClass } from '../shared/picture/palette.ts';
import { spokenText } from '../shared/picture/spoken.ts';
import type { TraceData } from '../shared/trace/data.ts';
import { make } from './dom.ts';
import type { Pin } from './trajectory.ts';

/** A cell of the trace: index of the lens's rows, bottom up, and position. */
export interface Place {
  readonly row: number;
  readonly pos: number;
}

/** CSS pixels: a character of the cells' font, a column's padding, its bounds, the gap. */
const WIDTH = { character: 7.4, padding: 12, least: 40, most: 112, gap: 2, header: 46 } as const;
/** How much wider than they need to be columns may get. */
const SPREAD = 1.4;
/** Columns that are made in one go beyond those in sight. */
const SLICE = 24;
const PLAIN = /^[\u0020-\u02ff\u2190-\u24ff]*$/;
/** Characters of a token that a screen reader is told. */
const SPOKEN = 80;

interface Line {
  /** Index of the lens's rows. */
  readonly row: number;
  readonly element: HTMLTableRowElement;
  readonly cells: readonly LensCell[];
}

export class Table {
  readonly element: HTMLTableElement;
  readonly #trace: TraceData;
  readonly #table: LensTable;
  readonly #lines: readonly Line[];
  readonly #head: HTMLTableRowElement;
  /** Where each position's answer is marked as settled: index of {@link Table.#lines}, −1 for nowhere. */
  readonly #settles: readonly number[];
  #made = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #current: HTMLTableCellElement | undefined;

  /** @param rows of the lens to show, ascending. @param sight CSS pixels of the window that it lies in. */
  constructor(trace: TraceData, rows: readonly number[], sight: number) {
    this.#trace = trace;
    this.#table = lensTable(trace);
    const top = this.#table.rows.length - 1;
    this.#head = make(
      'tr',
      {},
      make('th', { scope: 'col', class: 'corner', part: 'column-header' }, 'layer'),
    );
    this.#lines = rows.toReversed().map((row): Line => {
      const { layer, label, cells } = this.#table.rows[top - row] ?? { layer: 0, label: '', cells: [] };
      const name = layer === -1 ? 'embedding, layer −1' : `layer ${label}`;
      const header = make('th', { scope: 'row', part: 'row-header', 'aria-label': name }, label);
      return { row, cells, element: make('tr', {}, header) };
    });
    this.#settles = this.#table.columns.map(({ pos }) => {
      const row = this.#table.rows.findIndex(({ cells }) => cells[pos]?.settles === true);
      return row === -1 ? -1 : this.#lines.findLastIndex((line) => top - line.row <= row);
    });
    const widths = this.#table.columns.map(({ pos, label }) => {
      const labels = [label, ...this.#lines.map(({ cells }) => cells[pos]?.label ?? '')];
      const widest = Math.max(...labels.map((text) => (PLAIN.test(text) ? text.length : displayWidth(text))));
      const wanted = Math.ceil(widest * WIDTH.character + WIDTH.padding);
      return Math.min(Math.max(wanted, WIDTH.least), WIDTH.most);
    });
    this.element = make(
      'table',
      {
        role: 'grid',
        part: 'table',
        'aria-label': 'Logit lens',
        'aria-colcount': String(widths.length + 1),
        'aria-rowcount': String(this.#lines.length + 1),
      },
      make('colgroup', {}, ...[WIDTH.header, ...widths].map(columnOf)),
      make('thead', {}, this.#head),
      make('tbody', {}, ...this.#lines.map(({ element }) => element)),
    );
    const all = widths.reduce((sum, width) => sum + width + WIDTH.gap, WIDTH.header + WIDTH.gap);
    // A short prompt's columns spread a little.
    this.element.style.width = `${Math.max(all, Math.min(sight, all * SPREAD))}px`;
    let [first, used] = [0, WIDTH.header];
    while (first < widths.length && used < sight) used += (widths[first++] ?? 0) + WIDTH.gap;
    this.#extend(first + 1);
    this.#goOn();
  }

  /** Ends what is still being made. */
  close(): void {
    clearTimeout(this.#idle);
  }

  /** The place of an element inside a cell. */
  placeOf(target: EventTarget | null): Place | undefined {
    const cell = target instanceof Element ? target.closest('td') : null;
    const line = this.#lines.find(({ element }) => element === cell?.parentElement);
    return cell && line ? { row: line.row, pos: cell.cellIndex - 1 } : undefined;
  }

  cellAt({ row, pos }: Place): HTMLTableCellElement | undefined {
    this.#extend(pos + 1);
    return this.#lines.find((line) => line.row === row)?.element.cells[pos + 1];
  }

  /** The cell that Tab leads to: the last chosen one, or the answer, top right. */
  get current(): Place {
    return (
      (this.#current && this.placeOf(this.#current)) ?? {
        row: this.#lines[0]?.row ?? 0,
        pos: this.#table.columns.length - 1,
      }
    );
  }

  /** @param focus whether the keyboard goes there too. */
  select(place: Place, focus: boolean): void {
    const cell = this.cellAt(place);
    if (!cell) return;
    if (this.#current && this.#current !== cell) {
      this.#current.tabIndex = -1;
      this.#current.removeAttribute('aria-selected');
    }
    this.#current = cell;
    cell.tabIndex = 0;
    cell.setAttribute('aria-selected', 'true');
    if (focus) cell.focus();
  }

  /** Where a key leads from the current cell; undefined for other keys. */
  moved({ key, ctrlKey, metaKey }: KeyboardEvent): Place | undefined {
    const { row, pos } = this.current;
    const line = this.#lines.findIndex((each) => each.row === row);
    const whole = ctrlKey || metaKey;
    const last = this.#table.columns.length - 1;
    const to: Readonly<Record<string, readonly [line: number, pos: number]>> = {
      ArrowUp: [line - 1, pos],
      ArrowDown: [line + 1, pos],
      ArrowLeft: [line, pos - 1],
      ArrowRight: [line, pos + 1],
      PageUp: [line - 5, pos],
      PageDown: [line + 5, pos],
      Home: [whole ? 0 : line, 0],
      End: [whole ? this.#lines.length - 1 : line, last],
    };
    const found = Object.hasOwn(to, key) ? to[key] : undefined;
    if (!found) return undefined;
    const bound = (n: number, most: number): number => Math.min(Math.max(n, 0), most);
    return {
      row: this.#lines[bound(found[0], this.#lines.length - 1)]?.row ?? row,
      pos: bound(found[1], last),
    };
  }

  /** Puts the pins' dots on the cells whose top token they are. */
  mark(pins: readonly Pin[]): void {
    for (const dot of this.element.querySelectorAll('td > i')) dot.remove();
    const { lens, ids } = this.#trace;
    for (const { pos, id, colour } of pins) {
      for (const { row } of this.#lines) {
        if (lens.topIds[(row * ids.length + pos) * lens.k] !== id) continue;
        this.cellAt({ row, pos })?.append(make('i', { class: `s${colour}` }));
      }
    }
  }

  #goOn(): void {
    if (this.#made >= this.#table.columns.length) return;
    this.#idle = setTimeout(() => {
      this.#extend(this.#made + SLICE);
      this.#goOn();
    });
  }

  /** Makes columns up to before `end`. */
  #extend(end: number): void {
    const columns = this.#table.columns.slice(this.#made, end);
    if (columns.length === 0) return;
    const { pieces, texts, lens, ids } = this.#trace;
    const after = columns.map(({ pos }) => spokenText((pieces[pos] ?? '').slice(0, SPOKEN)));
    this.#head.append(
      ...columns.map(({ pos, label }, i) => {
        const name = `position ${pos}, ${after[i] ?? ''}`;
        return make('th', { scope: 'col', part: 'column-header', title: label, 'aria-label': name }, label);
      }),
    );
    this.#lines.forEach(({ element, row, cells }, line) => {
      const { layer = 0, mid } = lens.rows[row] ?? {};
      const where = layer === -1 ? 'Embedding, layer −1' : `Layer ${layer}${mid ? ' mid' : ''}`;
      element.append(
        ...columns.map(({ pos }, i) => {
          const { label, p } = cells[pos] ?? { label: '', p: Number.NaN };
          const id = lens.topIds[(row * ids.length + pos) * lens.k] ?? -1;
          const text = spokenText((texts.get(id) ?? '').slice(0, SPOKEN));
          const settles = this.#settles[pos] === line;
          const said = `${where}, position ${pos} after ${after[i] ?? ''}: ${text}, probability ${probabilityText(p)}`;
          return make(
            'td',
            {
              class: settles ? `${rampClass(p)} settles` : rampClass(p),
              part: settles ? 'cell settled' : 'cell',
              tabindex: '-1',
              'aria-label': settles ? `${said}, settled from here on` : said,
            },
            label,
          );
        }),
      );
    });
    this.#made += columns.length;
  }
}

function columnOf(width: number): HTMLTableColElement {
  const column = make('col');
  column.style.width = `${width}px`;
  return column;
}
