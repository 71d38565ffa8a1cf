/** The parts of the table of two runs as plain elements: headers, rows and cells with their roles and accessible names. */
import { visibleText } from '../../shared/picture/visible.ts';
import type { RowPair } from '../../shared/compare/align.ts';
import type { ComparedCells, ComparedSide } from '../../shared/compare/cells.ts';
import type { ComparedRun, Comparison } from '../controllers/compare.ts';
import { probabilityOf } from '../controllers/numbers.ts';
import { layerLabel, layerName, type Cell } from '../controllers/view-state.ts';
import { spokenText } from '../../shared/picture/spoken.ts';
import { part } from './grid-parts.ts';

/** The text of a side's top token in a column; undefined where it has none. */
export function topOf(
  { k }: ComparedCells,
  side: ComparedSide,
  { texts }: ComparedRun,
  pos: number,
): string | undefined {
  const id = side.topIds[pos * k] ?? -1;
  return id < 0 ? undefined : (texts.get(id) ?? '');
}

/** `Layer 5`, `Layer 5 of A, layer 9 of B` */
export function rowName({ a, b }: RowPair): string {
  const name = (layer: number | undefined, side: string): string =>
    layer === undefined ? `none of ${side}` : `${layerName(layer)} of ${side}`;
  const words = a === b ? layerName(a ?? -1) : `${name(a, 'A')}, ${name(b, 'B')}`;
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `after “France” in A and “Japan” in B` */
export function columnName({ a, b, columns }: Comparison, pos: number): string {
  const column = columns[pos] ?? { a: -1, b: -1 };
  const [x, y] = [a.pieces[column.a], b.pieces[column.b]];
  if (x === undefined) return `after ${spokenText(y ?? '')}, in B alone`;
  if (y === undefined) return `after ${spokenText(x)}, in A alone`;
  return x === y ? `after ${spokenText(x)}` : `after ${spokenText(x)} in A and ${spokenText(y)} in B`;
}

export function labelOf(
  {
    found,
    say,
  }: {
    readonly found: Comparison;
    readonly say: (cells: ComparedCells, cell: number) => string;
  },
  cells: ComparedCells,
  { layer, pos }: Cell,
  [a, b]: readonly [string | undefined, string | undefined],
): string {
  const row = rowName(found.rows[layer + 1] ?? { a: undefined, b: undefined });
  // What the cell shows, in its order, so that what is seen is what is said.
  const tokens = [...new Set([a, b])].flatMap((text) => (text === undefined ? [] : [spokenText(text)]));
  const likely = (name: string, text: string | undefined, { topLogprobs }: ComparedSide): string[] =>
    text === undefined ? [] : [`${probabilityOf(topLogprobs[pos * cells.k] ?? NaN)} in ${name}`];
  const both = [...likely('A', a, cells.a), ...likely('B', b, cells.b)];
  return `${row}, column ${pos} ${columnName(found, pos)}: ${tokens.join(', ')}; probability ${both.join(', ')}; ${say(cells, pos)}`;
}

export function makeColumn(): HTMLElement {
  const header = part('columnheader', 'column', '');
  header.append(document.createElement('span'), ' ', document.createElement('span'));
  return header;
}

export function showColumn(header: HTMLElement, found: Comparison, pos: number): void {
  const { a, b, columns } = found;
  const column = columns[pos] ?? { a: -1, b: -1 };
  const [x, y] = [a.pieces[column.a], b.pieces[column.b]];
  const shown = (x === y ? [x] : [x, y]).map((text) => (text === undefined ? '–' : visibleText(text)));
  [...header.children].forEach((line, i) => {
    if (!(line instanceof HTMLElement)) return;
    line.textContent = shown[i] ?? '';
    line.style.display = shown[i] === undefined ? 'none' : '';
  });
  header.classList.toggle('gap', x === undefined || y === undefined);
  header.setAttribute('aria-colindex', String(pos + 2));
  header.setAttribute('aria-label', `column ${pos}, ${columnName(found, pos)}`);
  header.title = `${columnName(found, pos)} (position ${column.a < 0 ? 'none' : column.a} in A, ${column.b < 0 ? 'none' : column.b} in B)`;
}

export function makeRow({ a, b }: RowPair): HTMLElement {
  const row = part('row', 'waiting', '');
  const header = part('rowheader', 'layer', '');
  const label = (layer: number | undefined): string => (layer === undefined ? '–' : layerLabel(layer));
  for (const text of a === b ? [label(a)] : [label(a), label(b)]) {
    header.append(Object.assign(document.createElement('span'), { textContent: text }));
  }
  header.setAttribute('aria-label', rowName({ a, b }));
  header.setAttribute('aria-colindex', '1');
  row.append(header);
  return row;
}

export function makeCell(): HTMLElement {
  const cell = part('gridcell', '', '');
  cell.append(document.createElement('span'), ' ', document.createElement('span'));
  cell.tabIndex = -1;
  return cell;
}
