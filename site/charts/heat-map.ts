/**
 * A table of coloured cells, a number in each where there is room: rows and columns have names, arrow keys walk, Enter
 * and a click open a cell. For some thousand cells; they are real ones, so that everybody can read them.
 */
import { LongPress } from '../controllers/long-press.ts';
import { inkOn } from '../../shared/picture/ramp.ts';
import { heatMapSheet } from '../styles/heat-map.ts';

export interface HeatCell {
  /** `#rrggbb`; undefined: nothing was read here. */
  readonly colour: string | undefined;
  /** In the cell. */
  readonly text: string;
  /** For people who don't see it, and on hover: the whole of it. */
  readonly name: string;
  /** Stands out, by a corner. */
  readonly marked?: boolean;
}

export interface HeatMapContent {
  readonly label: string;
  /** In the corner: what rows and columns are. */
  readonly corner: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** [row][column] */
  readonly cells: readonly (readonly HeatCell[])[];
  readonly selected: CellPlace | undefined;
}

export interface CellPlace {
  readonly row: number;
  readonly column: number;
}

/** Null: no cell. An event has no `undefined` for its detail. */
export type CellEvent = CustomEvent<CellPlace | null>;

export class HeatMapElement extends HTMLElement {
  readonly #table = document.createElement('table');
  #content: HeatMapContent | undefined;
  #cells: HTMLTableCellElement[][] = [];
  #at: CellPlace = { row: 0, column: 0 };

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open', delegatesFocus: true });
    root.adoptedStyleSheets = [heatMapSheet()];
    this.#table.setAttribute('role', 'grid');
    root.append(this.#table);
    this.#table.addEventListener('click', (event) => this.#open(this.#placeOf(event)));
    this.#table.addEventListener('keydown', (event) => this.#keydown(event));
    this.#table.addEventListener('pointerover', (event) => {
      if (event.pointerType !== 'touch') this.#tell('look', this.#placeOf(event));
    });
    this.#table.addEventListener('focusin', (event) => {
      const place = this.#placeOf(event);
      this.#at = place ?? this.#at;
      this.#rove();
      this.#tell('look', place);
    });
    this.#table.addEventListener('pointerleave', (event) => {
      if (event.pointerType !== 'touch') this.#tell('look', undefined);
    });
    const press = new LongPress<CellPlace>({
      show: (place) => this.#tell('look', place),
      hide: () => this.#tell('look', undefined),
    });
    this.#table.addEventListener('pointerdown', (event) => press.down(event, this.#placeOf(event)));
  }

  set content(content: HeatMapContent) {
    const before = this.#content;
    if (content === before) return;
    this.#content = content;
    const same =
      before?.rows.join('\n') === content.rows.join('\n') &&
      before.columns.join('\n') === content.columns.join('\n');
    if (!same) this.#make(content);
    this.#table.setAttribute('aria-label', content.label);
    content.cells.forEach((row, r) => row.forEach((cell, c) => this.#fill(r, c, cell)));
    if (content.selected) this.#at = content.selected;
    this.#rove();
  }

  #make({ rows, columns, corner }: HeatMapContent): void {
    this.#table.replaceChildren();
    const head = this.#table.createTHead().insertRow();
    head.append(header('', corner), ...columns.map((name) => header('col', name)));
    const body = this.#table.createTBody();
    this.#cells = rows.map((name) => {
      const line = body.insertRow();
      line.append(header('row', name));
      return columns.map(() => {
        const cell = line.insertCell();
        cell.setAttribute('role', 'gridcell');
        return cell;
      });
    });
    this.#table.classList.toggle('small', columns.length > 16);
    if (!this.#cells[this.#at.row]?.[this.#at.column]) this.#at = { row: 0, column: 0 };
  }

  #fill(r: number, c: number, { colour, text, name, marked = false }: HeatCell): void {
    const cell = this.#cells[r]?.[c];
    if (!cell) return;
    if (cell.textContent !== text) cell.textContent = text;
    cell.title = name;
    cell.setAttribute('aria-label', name);
    cell.style.background = colour ?? '';
    cell.style.color = colour ? inkOn(colour) : '';
    cell.classList.toggle('none', colour === undefined);
    cell.classList.toggle('marked', marked);
  }

  #rove(): void {
    const selected = this.#content?.selected;
    this.#cells.forEach((row, r) =>
      row.forEach((cell, c) => {
        cell.tabIndex = r === this.#at.row && c === this.#at.column ? 0 : -1;
        cell.setAttribute('aria-selected', String(selected?.row === r && selected.column === c));
      }),
    );
  }

  #placeOf(event: Event): CellPlace | undefined {
    const cell = (event.target as Element).closest<HTMLTableCellElement>('td[role]');
    const line = cell?.parentElement as HTMLTableRowElement | null | undefined;
    return cell && line ? { row: line.sectionRowIndex, column: cell.cellIndex - 1 } : undefined;
  }

  #tell(type: 'look' | 'open', detail: CellPlace | undefined): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #open(place: CellPlace | undefined): void {
    if (!place) return;
    this.#at = place;
    this.#rove();
    this.#tell('open', place);
  }

  #keydown(event: KeyboardEvent): void {
    const { row, column } = this.#at;
    const [rows, columns] = [this.#cells.length, this.#cells[0]?.length ?? 0];
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      this.#open({ row, column });
      return;
    }
    const to: Partial<Record<string, CellPlace>> = {
      ArrowRight: { row, column: column + 1 },
      ArrowLeft: { row, column: column - 1 },
      ArrowDown: { row: row + 1, column },
      ArrowUp: { row: row - 1, column },
      Home: event.ctrlKey ? { row: 0, column: 0 } : { row, column: 0 },
      End: event.ctrlKey ? { row: rows - 1, column: columns - 1 } : { row, column: columns - 1 },
    };
    const place = to[event.key];
    if (!place) return;
    event.preventDefault();
    const cell = this.#cells[place.row]?.[place.column];
    if (!cell) return;
    cell.focus();
  }
}
customElements.define('rs-heat-map', HeatMapElement);

function header(scope: 'row' | 'col' | '', text: string): HTMLElement {
  const cell = document.createElement(scope === '' ? 'td' : 'th');
  if (cell instanceof HTMLTableCellElement && scope !== '') cell.scope = scope;
  cell.className = scope === '' ? 'corner' : scope;
  cell.textContent = text;
  return cell;
}
