/**
 * When a cell's card shows: after the pointer has rested on the cell, after the keyboard has, or by a long press.
 * The card itself, and its code, come with the first one.
 */
import { LongPress } from '../controllers/long-press.ts';
import { sameCell } from '../controllers/selection.ts';
import type { Cell } from '../controllers/view-state.ts';
import type { CellCard } from './cell-card.ts';

/** Milliseconds until a card shows, moves to the next cell, goes. */
const REST = { pointer: 350, keys: 700 } as const;
const MOVE = 90;
const LEAVE = 180;

/** A table with cards. */
export interface CardedGrid extends HTMLElement {
  /** Where a cell lies in the browser's window, where it is in the document. */
  boxOf(cell: Cell): DOMRect | undefined;
}

export class CellCards {
  readonly #grid: CardedGrid;
  readonly #make: () => Promise<CellCard | undefined>;
  #card: CellCard | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #press = new LongPress<Cell>({
    show: (cell) => this.#after(0, () => this.#show(cell, true)),
    hide: () => this.close(),
    within: () => this.#card,
  });

  /** @param make the card, on first need; undefined while there is nothing to show. */
  constructor(grid: CardedGrid, make: () => Promise<CellCard | undefined>) {
    this.#grid = grid;
    this.#make = make;
  }

  rest(cell: Cell | undefined, how: 'pointer' | 'keys'): void {
    clearTimeout(this.#timer);
    const open = this.#card?.cell;
    if (sameCell(cell, open) && open) return;
    if (cell) this.#after(open ? MOVE : REST[how], () => this.#show(cell, false));
    else if (open) this.#after(LEAVE, () => this.close());
  }

  /** A finger came down. */
  press(event: PointerEvent, cell: Cell | undefined): void {
    if (event.pointerType !== 'touch') return;
    this.close();
    this.#press.down(event, cell);
  }

  close(): void {
    clearTimeout(this.#timer);
    document.removeEventListener('keydown', this.#escape, true);
    this.#card?.hide();
  }

  /** Wherever the focus is; in the table Escape clears too, as it does without a card. */
  readonly #escape = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    this.close();
    if (!event.composedPath().includes(this.#grid)) event.stopPropagation();
  };

  #after(ms: number, act: () => unknown): void {
    this.#timer = setTimeout(() => void act(), ms);
  }

  async #show(cell: Cell, touch: boolean): Promise<void> {
    const turn = this.#timer;
    if (!this.#card) {
      const made = await this.#make();
      if (!made) return;
      this.#card ??= made;
      this.#card.addEventListener('pointerenter', () => clearTimeout(this.#timer));
      this.#card.addEventListener('pointerleave', () => this.rest(undefined, 'pointer'));
      this.#card.addEventListener('rs-close', () => this.close());
    }
    if (turn !== this.#timer) return;
    const box = this.#grid.boxOf(cell);
    if (!box) return;
    if (!this.#card.isConnected) this.#grid.shadowRoot?.append(this.#card);
    document.addEventListener('keydown', this.#escape, true);
    this.#card.show(cell, box, touch);
  }
}
