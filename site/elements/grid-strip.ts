/**
 * The parts of one row that are in sight, out of as many as the prompt has tokens. Elements are used again for
 * other places as the table scrolls; the one that has the keyboard's place stays even when it is out of sight.
 */
import type { Span } from './grid-geometry.ts';

export interface StripParts {
  /** A new element, of no place yet. */
  make(): HTMLElement;
  /** Makes it show a place. */
  bind(element: HTMLElement, pos: number): void;
}

export class Strip {
  readonly #row: HTMLElement;
  readonly #parts: StripParts;
  /** Place p is in slot p modulo their number. */
  #slots: HTMLElement[] = [];
  #places: number[] = [];
  #kept: number | undefined;
  /** The kept place's element while it is out of sight. */
  #away: HTMLElement | undefined;

  constructor(row: HTMLElement, parts: StripParts) {
    this.#row = row;
    this.#parts = parts;
  }

  /** Shows a span; places that were there before are not touched. */
  show({ first, end }: Span): void {
    const length = end - first;
    if (this.#slots.length !== length) this.#resize(length);
    for (let pos = first; pos < end; pos++) {
      const slot = pos % length;
      if (this.#places[slot] !== pos) this.#put(slot, pos);
    }
  }

  at(pos: number): HTMLElement | undefined {
    if (this.#slots.length > 0 && this.#places[pos % this.#slots.length] === pos) {
      return this.#slots[pos % this.#slots.length];
    }
    return this.#kept === pos ? this.#away : undefined;
  }

  /** Keeps a place's element, or none: what scrolls away with the focus must not be used for another place. */
  keep(pos: number | undefined): void {
    if (pos === this.#kept) return;
    this.#away?.remove();
    this.#away = undefined;
    this.#kept = pos;
    if (pos === undefined || this.at(pos)) return;
    this.#away = this.#fresh(pos);
  }

  each(act: (element: HTMLElement, pos: number) => void): void {
    this.#slots.forEach((element, slot) => {
      const pos = this.#places[slot] ?? -1;
      if (pos >= 0) act(element, pos);
    });
    if (this.#away && this.#kept !== undefined) act(this.#away, this.#kept);
  }

  /** Binds everything anew. */
  refresh(): void {
    this.each((element, pos) => this.#parts.bind(element, pos));
  }

  /** Puts the elements in the order of their places, for those who read the table by its structure. */
  tidy(): void {
    const order = this.#slots
      .map((element, slot) => ({ element, pos: this.#places[slot] ?? -1 }))
      .sort((a, b) => a.pos - b.pos);
    const focused = order.findIndex(({ element }) => element.matches(':focus'));
    // Moving an element takes its focus: the others go around it.
    order.forEach(({ element }, i) => {
      if (i > focused) this.#row.append(element);
    });
    const anchor = order[focused]?.element;
    if (anchor) for (const { element } of order.slice(0, focused)) anchor.before(element);
  }

  #put(slot: number, pos: number): void {
    const old = this.#slots[slot];
    if (pos === this.#kept && this.#away) {
      old?.remove();
      this.#slots[slot] = this.#away;
      this.#away = undefined;
    } else if (old && this.#places[slot] === this.#kept) {
      this.#away = old;
      this.#slots[slot] = this.#fresh(pos);
    } else if (old) this.#parts.bind(old, pos);
    else this.#slots[slot] = this.#fresh(pos);
    this.#places[slot] = pos;
  }

  #fresh(pos: number): HTMLElement {
    const element = this.#parts.make();
    this.#parts.bind(element, pos);
    this.#row.append(element);
    return element;
  }

  /** Another window: all is laid anew, but for what has the focus. */
  #resize(length: number): void {
    const kept = this.#kept === undefined ? undefined : this.at(this.#kept);
    for (const element of this.#slots) if (element !== kept) element.remove();
    this.#away = kept;
    this.#slots = new Array<HTMLElement>(length);
    this.#places = new Array<number>(length).fill(-1);
  }
}
