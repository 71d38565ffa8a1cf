/** The lens table's parts as plain elements: headers, rows and cells with their roles and accessible names. */
import type { LayerReadings } from '../../shared/lens/readings.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import { probabilityOf } from '../controllers/numbers.ts';
import { layerLabel, type RunView } from '../controllers/view-state.ts';

/** What the narrowest column shows in full: seven characters of ordinary width. */
const FITTING = /^[\u0020-\u024f\u2190-\u24ff]{0,7}$/;

export function makeHead(headers: readonly HTMLElement[]): HTMLElement {
  const head = part('row', 'head', '');
  head.append(part('columnheader', 'corner', 'layer'), ...headers);
  return head;
}

export function makeColumnHeader(piece: string, pos: number, id: number | undefined): HTMLElement {
  const header = part('columnheader', 'column', visibleText(piece));
  header.setAttribute('aria-label', `position ${pos}, ${spoken(piece)}`);
  header.title = `${visibleText(piece)} (position ${pos}, id ${id ?? ''})`;
  return header;
}

/** A row without cells yet. */
export function makeRow(layer: number): HTMLElement {
  const row = part('row', 'waiting', '');
  const header = part('rowheader', 'layer', layerLabel(layer));
  header.setAttribute('aria-label', layer < 0 ? 'embedding, layer −1' : `layer ${layer}`);
  row.append(header);
  return row;
}

/** A cell with its row's top token at a position; `piece` is the token read there. */
export function makeCell(
  { texts }: Pick<RunView, 'texts'>,
  { layer, k, topIds, topLogprobs }: LayerReadings,
  pos: number,
  piece: string,
): HTMLElement {
  const text = texts.get(topIds[pos * k] ?? -1) ?? '';
  const shown = visibleText(text);
  const cell = part('gridcell', FITTING.test(shown) ? '' : 'long', shown);
  const where = layer < 0 ? 'Embedding, layer −1' : `Layer ${layer}`;
  const p = probabilityOf(topLogprobs[pos * k] ?? Number.NaN);
  cell.setAttribute(
    'aria-label',
    `${where}, position ${pos} after ${spoken(piece)}: ${spoken(text)}, probability ${p}`,
  );
  cell.tabIndex = -1;
  return cell;
}

function part(role: string, kind: string, text: string): HTMLElement {
  const element = document.createElement('div');
  element.setAttribute('role', role);
  if (kind !== '') element.className = kind;
  if (text !== '') element.textContent = text;
  return element;
}

/** Names that a screen reader says for characters it would pass over. */
const SPOKEN: Readonly<Record<string, string>> = {
  ' ': 'space',
  '\n': 'line end',
  '\t': 'tab',
  '\r': 'return',
};

/** A token for a screen reader: its own text where that can be read out, else names and marks. */
function spoken(text: string): string {
  const trimmed = text.trim();
  if (trimmed !== '') return `“${visibleText(trimmed)}”`;
  return `“${Array.from(text, (c) => SPOKEN[c] ?? visibleText(c)).join(' ') || 'nothing'}”`;
}
