/**
 * When a cell's card shows: after the pointer has rested on the cell, after the keyboard has, or by a long press.
 * The card itself, and its code, come with the first one.
 */
import type { Session } from '../controllers/session.ts';
import { sameCell } from '../controllers/selection.ts';
import type { Cell } from '../controllers/view-state.ts';
import type { LensCardElement } from './lens-card.ts';
import type { LensGridElement } from './lens-grid.ts';

/** Milliseconds until a card shows, moves to the next cell, goes. */
const REST = { pointer: 350, keys: 700, touch: 480 } as const;
const MOVE = 90;
const LEAVE = 180;
/** CSS pixels that a finger may move in a long press. */
const SLACK = 10;

export class CellCards {
  session: Session | undefined;
  readonly #grid: LensGridElement;
  #card: LensCardElement | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pressed: { readonly cell: Cell; x: number; y: number } | undefined;

  constructor(grid: LensGridElement) {
    this.#grid = grid;
  }

  /** A finger is down, or its card is up. */
  get pressing(): boolean {
    return this.#pressed !== undefined;
  }

  rest(cell: Cell | undefined, how: 'pointer' | 'keys'): void {
    clearTimeout(this.#timer);
    const open = this.#card?.cell;
    if (sameCell(cell, open) && open) return;
    if (cell) this.#after(open ? MOVE : REST[how], () => this.#show(cell, false));
    else if (open) this.#after(LEAVE, () => this.close());
  }

  press(cell: Cell | undefined): void {
    clearTimeout(this.#timer);
    this.close();
    this.#pressed = cell && { cell, x: Number.NaN, y: Number.NaN };
    if (cell) this.#after(REST.touch, () => this.#show(cell, true));
  }

  lift(name: 'pointerup' | 'pointercancel' | 'pointermove', event: PointerEvent): void {
    const pressed = this.#pressed;
    if (!pressed) return;
    if (name === 'pointermove') {
      if (Number.isNaN(pressed.x)) [pressed.x, pressed.y] = [event.clientX, event.clientY];
      if (Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) < SLACK) return;
    }
    this.#pressed = undefined;
    if (!this.#card?.cell) clearTimeout(this.#timer);
  }

  close(): void {
    clearTimeout(this.#timer);
    document.removeEventListener('keydown', this.#escape, true);
    document.removeEventListener('pointerdown', this.#outside, true);
    this.#card?.hide();
  }

  /** A touch beside a sheet closes it. */
  readonly #outside = (event: PointerEvent): void => {
    if (this.#card && !event.composedPath().includes(this.#card)) this.close();
  };

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
    const { session } = this;
    const turn = this.#timer;
    if (!session) return;
    if (!this.#card) {
      const { LensCardElement } = await import('./lens-card.ts');
      this.#card ??= new LensCardElement();
      this.#card.session = session;
      this.#card.addEventListener('pointerenter', () => clearTimeout(this.#timer));
      this.#card.addEventListener('pointerleave', () => this.rest(undefined, 'pointer'));
      this.#card.addEventListener('rs-close', () => this.close());
    }
    if (turn !== this.#timer) return;
    const box = this.#grid.boxOf(cell);
    if (!box) return;
    if (!this.#card.isConnected) this.#grid.shadowRoot?.append(this.#card);
    document.addEventListener('keydown', this.#escape, true);
    if (touch) document.addEventListener('pointerdown', this.#outside, true);
    this.#card.show(cell, box, touch);
  }
}
