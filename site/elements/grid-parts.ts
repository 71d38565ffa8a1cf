/** The lens table's parts as plain elements: headers, rows and cells with their roles and accessible names. */
import { spokenText } from '../../shared/picture/spoken.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import { lineLabel, lineTitle, type Line, type LineReadings } from '../controllers/lines.ts';
import { probabilityOf } from '../controllers/numbers.ts';
import type { RunView } from '../controllers/view-state.ts';

/** What the narrowest column shows in full: seven characters of ordinary width. */
const FITTING = /^[\u0020-\u024f\u2190-\u24ff]{0,7}$/;

/** The row of column headers, which come and go as the table scrolls. */
export function makeHead(): HTMLElement {
  const head = part('row', 'head', '');
  const corner = part('columnheader', 'corner', 'layer');
  head.setAttribute('aria-rowindex', '1');
  corner.setAttribute('aria-colindex', '1');
  head.append(corner);
  return head;
}

export function makeColumnHeader(): HTMLElement {
  return part('columnheader', 'column', '');
}

export function showColumnHeader(header: HTMLElement, { pieces, ids }: RunView, pos: number): void {
  const piece = pieces[pos] ?? '';
  header.textContent = visibleText(piece);
  header.setAttribute('aria-colindex', String(pos + 2));
  header.setAttribute('aria-label', `position ${pos}, ${spokenText(piece)}`);
  header.title = `${visibleText(piece)} (position ${pos}, id ${ids[pos] ?? ''})`;
}

/** A row without cells yet. */
export function makeRow(line: Line): HTMLElement {
  const row = part('row', 'waiting', '');
  const header = part('rowheader', line.mid ? 'layer mid' : 'layer', lineLabel(line));
  header.setAttribute('aria-label', line.layer < 0 ? 'embedding, layer −1' : lineTitle(line).toLowerCase());
  header.setAttribute('aria-colindex', '1');
  row.append(header);
  return row;
}

export function makeCell(): HTMLElement {
  const cell = part('gridcell', '', '');
  cell.append('');
  cell.tabIndex = -1;
  return cell;
}

/** Shows a line's top token at a position in a cell. */
export function showCell(cell: HTMLElement, run: RunView, { readings }: LineReadings, pos: number): void {
  const { layer, mid, k, topIds, topLogprobs } = readings;
  const text = run.texts.get(topIds[pos * k] ?? -1) ?? '';
  const shown = visibleText(text);
  if (cell.firstChild) cell.firstChild.nodeValue = shown;
  cell.className = FITTING.test(shown) ? '' : 'long';
  const where = layer < 0 ? 'Embedding, layer −1' : lineTitle({ layer, mid: mid === true });
  const p = probabilityOf(topLogprobs[pos * k] ?? Number.NaN);
  cell.setAttribute('aria-colindex', String(pos + 2));
  cell.setAttribute(
    'aria-label',
    `${where}, position ${pos} after ${spokenText(run.pieces[pos] ?? '')}: ${spokenText(text)}, probability ${p}`,
  );
}

export function part(role: string, kind: string, text: string): HTMLElement {
  const element = document.createElement('div');
  element.setAttribute('role', role);
  if (kind !== '') element.className = kind;
  if (text !== '') element.textContent = text;
  return element;
}
