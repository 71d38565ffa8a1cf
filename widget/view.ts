/** A trace drawn: the table in its window, its legend and sentence, the card, the pins with their chart. */
import { runSummary, settlingSentence } from '../shared/picture/lens-table.ts';
import { RAMP_CLASSES } from '../shared/picture/palette.ts';
import { readableText, visibleText } from '../shared/picture/visible.ts';
import type { TraceData } from '../shared/trace/data.ts';
import { Card } from './card.ts';
import { chart } from './chart.ts';
import { make } from './dom.ts';
import { Table, type Place } from './table.ts';
import { candidatesOf, type Pin } from './trajectory.ts';

export interface ViewOptions {
  /** Rows of the lens, ascending. */
  readonly rows: readonly number[];
  /** In a card. */
  readonly candidates: number;
  /** CSS; undefined: as high as the table is. */
  readonly height: string | undefined;
  /** CSS pixels that the view has. */
  readonly width: number;
  readonly onSelect: (place: Place) => void;
}

/** Pins at once: as many as there are colours that are told apart. */
const PINS = 6;

/** The prompt as its writer typed it. */
export function promptOf({ pieces, bos }: TraceData): string {
  return pieces.slice(bos ? 1 : 0).join('');
}

export class View {
  readonly element = make('div', { class: 'view' });
  readonly #trace: TraceData;
  readonly #options: ViewOptions;
  readonly #table: Table;
  readonly #card: Card;
  readonly #scroll = make('div', { class: 'scroll' });
  readonly #hint = make(
    'p',
    { class: 'dim hint' },
    'Click a cell, or press Enter on it, to follow its token.',
  );
  readonly #pinned = make('div', { class: 'pins', part: 'pins' });
  readonly #said = make('p', { class: 'hidden', role: 'status' });
  #pins: readonly Pin[] = [];
  #selected: Place | undefined;
  #width: number;

  constructor(trace: TraceData, options: ViewOptions) {
    this.#trace = trace;
    this.#options = options;
    this.#width = options.width;
    this.#table = new Table(trace, options.rows, options.width);
    this.#card = new Card({
      colourOf: (pos, id) => this.#pins.find((pin) => pin.pos === pos && pin.id === id)?.colour ?? -1,
      pin: (pos, id) => this.toggle(pos, id),
      cellAt: (place) => this.#table.cellAt(place),
    });
    if (options.height !== undefined) this.#scroll.style.maxHeight = options.height;
    this.#scroll.append(this.#table.element);
    this.#listen();
    this.element.append(this.#scroll, legend(), this.#sentence(), this.#hint, this.#pinned, this.#said);
    this.element.append(this.#card.element);
    this.#card.show(trace, options.candidates);
    const { current } = this.#table;
    this.#table.select(current, false);
  }

  /** The last column, where the answer is, comes into sight: what is drawn must be in the page first. */
  reveal(): void {
    this.#scroll.scrollLeft = this.#scroll.scrollWidth;
  }

  /** @param width CSS pixels that the view now has. */
  resize(width: number): void {
    if (Math.abs(width - this.#width) < 1) return;
    this.#width = width;
    if (this.#pins.length > 0) this.#drawPins();
  }

  close(): void {
    this.#table.close();
    this.#card.hide();
  }

  toggle(pos: number, id: number): void {
    const known = this.#pins.find((pin) => pin.pos === pos && pin.id === id);
    const kept = known ? this.#pins.filter((pin) => pin !== known) : this.#pins.slice(-PINS + 1);
    const free = Array.from({ length: PINS }, (_, i) => i).find((i) =>
      kept.every(({ colour }) => colour !== i),
    );
    this.#set(known ? kept : [...kept, { pos, id, colour: free ?? 0 }]);
    this.#said.textContent = `${known ? 'Unpinned' : 'Pinned'} ${this.#name({ pos, id, colour: 0 })}`;
  }

  #set(pins: readonly Pin[]): void {
    this.#pins = pins;
    this.#table.mark(pins);
    this.#card.refresh();
    this.#drawPins();
  }

  #drawPins(): void {
    const pins = this.#pins;
    this.#hint.hidden = pins.length > 0;
    if (pins.length === 0) {
      this.#pinned.replaceChildren();
      return;
    }
    const chips = pins.map((pin) => {
      const chip = make(
        'button',
        { class: 'chip', title: 'Unpin' },
        make('span', { class: 'hidden' }, 'Unpin '),
        make('i', { class: `s${pin.colour}` }),
        make('b', {}, this.#text(pin.id)),
        ` after ${visibleText(this.#trace.pieces[pin.pos] ?? '')}`,
        make('span', { 'aria-hidden': 'true' }, '×'),
      );
      chip.addEventListener('click', () => this.toggle(pin.pos, pin.id));
      return make('li', {}, chip);
    });
    this.#pinned.replaceChildren(
      make('p', { class: 'title' }, 'Pinned tokens ', make('span', { class: 'dim' }, 'probability by layer')),
      chart(this.#trace, pins, Math.max(this.#width, 160), (pin) => this.#name(pin)),
      make('ul', {}, ...chips),
    );
  }

  #text(id: number): string {
    return visibleText(this.#trace.texts.get(id) ?? '');
  }

  #name({ pos, id }: Pin): string {
    return `“${this.#text(id)}” after “${visibleText(this.#trace.pieces[pos] ?? '')}”`;
  }

  #sentence(): HTMLParagraphElement {
    return make('p', { class: 'sentence', part: 'sentence' }, settlingSentence(this.#trace));
  }

  #select(place: Place, focus: boolean): void {
    this.#table.select(place, focus);
    const { row, pos } = this.#selected ?? {};
    if (row === place.row && pos === place.pos) return;
    this.#selected = place;
    this.#options.onSelect(place);
  }

  #pinTop({ row, pos }: Place, rank = 0): void {
    const found = candidatesOf(this.#trace, row, pos, rank + 1)[rank];
    if (found) this.toggle(pos, found.id);
  }

  #listen(): void {
    const table = this.#table.element;
    let touched = false;
    table.addEventListener('pointerover', (event) => {
      if (event.pointerType !== 'touch') this.#card.rest(this.#table.placeOf(event.target), 'pointer');
    });
    table.addEventListener('pointerleave', (event) => {
      if (event.pointerType !== 'touch') this.#card.rest(undefined, 'pointer');
    });
    table.addEventListener('pointerdown', (event) => (touched = event.pointerType === 'touch'));
    table.addEventListener('click', (event) => {
      const place = this.#table.placeOf(event.target);
      if (!place) return;
      this.#select(place, true);
      // A finger sees the card first: the token is under it.
      if (touched) this.#card.present(place, true);
      else this.#pinTop(place);
    });
    table.addEventListener('focusin', (event) => {
      const place = this.#table.placeOf(event.target);
      if (!place) return;
      this.#select(place, false);
      if (event.target instanceof Element && event.target.matches(':focus-visible'))
        this.#card.rest(place, 'keys');
    });
    table.addEventListener('focusout', () => this.#card.rest(undefined, 'keys'));
    table.addEventListener('keydown', (event) => this.#keydown(event));
    this.#scroll.addEventListener('scroll', () => this.#card.hide(), { passive: true });
  }

  #keydown(event: KeyboardEvent): void {
    const { current } = this.#table;
    const to = this.#table.moved(event);
    if (to) this.#select(to, true);
    else if (event.altKey || event.ctrlKey || event.metaKey) return;
    else if (event.key === 'Enter' || event.key === ' ') this.#pinTop(current);
    else if (/^[1-9]$/.test(event.key)) this.#pinTop(current, Number(event.key) - 1);
    else if (event.key === 'Escape' && (this.#card.open || this.#pins.length > 0)) {
      this.#card.hide();
      this.#set([]);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** `fable-4m · 8 layers · wasm · checks pass`, and what isn't plain about the run. */
export function summaryOf(trace: TraceData): string {
  const { lens, interventions } = trace;
  return [
    runSummary(trace),
    ...(lens.kind === 'raw' ? [] : [`${lens.kind} lens`]),
    ...(interventions.length === 0 ? [] : [`${interventions.length} changed in the run`]),
  ].join(' · ');
}

/** The prompt's line: no line of a stranger's text can be longer than this to a screen. */
export function shownPrompt(text: string): string {
  const line = readableText(text).replace(/\s+/g, ' ').trim();
  return line.length > 2000 ? `${line.slice(0, 2000)}…` : line;
}

function legend(): HTMLElement {
  const swatches = RAMP_CLASSES.filter((_, i) => i % 2 === 0).map((name) => make('i', { class: name }));
  return make(
    'p',
    { class: 'legend dim', part: 'legend' },
    '0',
    make('span', { class: 'ramp', 'aria-hidden': 'true' }, ...swatches),
    '1 probability of the top token',
    make('span', { class: 'key' }, 'settled from here up'),
  );
}
