/**
 * What the cards of a table's cells have in common: a card lies beside its cell, never on it; in a narrow window, and
 * by touch, it is a sheet at the edge that is away from the cell.
 */
import { html, nothing, type TemplateResult } from 'lit';
import type { Cell } from '../controllers/view-state.ts';
import { lensCardStyles } from '../styles/lens-card.ts';
import { shared } from '../styles/shared.ts';
import { Panel } from './panel.ts';

/** CSS pixels: between card and cell, and from the window's edge; windows under this width get a sheet. */
const GAP = 8;
const NARROW = 600;

export abstract class CellCard extends Panel {
  static override styles = [shared, lensCardStyles];
  #cell: Cell | undefined;
  #touch = false;

  /** The cell that it shows, while it shows. */
  get cell(): Cell | undefined {
    return this.#cell;
  }

  /** @param box where the cell lies in the window. */
  show(cell: Cell, box: DOMRect, touch: boolean): void {
    this.#cell = cell;
    this.#touch = touch;
    this.popover = 'manual';
    this.setAttribute('role', touch ? 'dialog' : 'tooltip');
    this.setAttribute('aria-label', 'Cell in short');
    this.requestUpdate();
    void this.updateComplete.then(() => {
      if (this.#cell !== cell || !this.isConnected) return;
      const sheet = touch || innerWidth < NARROW;
      this.classList.toggle('sheet', sheet);
      this.#place(undefined, 0);
      if (!this.matches(':popover-open')) this.showPopover();
      const { width, height } = this.getBoundingClientRect();
      if (sheet) {
        const above = box.bottom + GAP > innerHeight - height;
        this.#place(undefined, above ? 0 : innerHeight - height);
        return;
      }
      const right = box.right + GAP;
      const left = right + width + GAP <= innerWidth ? right : box.left - GAP - width;
      const top = box.top + box.height / 2 - height / 2;
      if (left >= GAP) this.#place(left, Math.min(Math.max(top, GAP), innerHeight - height - GAP));
      else {
        const middle = box.left + box.width / 2 - width / 2;
        const below = box.bottom + GAP + height <= innerHeight;
        const at = Math.min(Math.max(middle, GAP), innerWidth - width - GAP);
        this.#place(at, below ? box.bottom + GAP : Math.max(box.top - GAP - height, 0));
      }
    });
  }

  #place(left: number | undefined, top: number): void {
    this.style.left = left === undefined ? '' : `${left}px`;
    this.style.top = `${top}px`;
  }

  hide(): void {
    this.#cell = undefined;
    if (this.isConnected && this.matches(':popover-open')) this.hidePopover();
  }

  /** Of a sheet, which nothing else closes by touch. */
  protected closeButton(): TemplateResult | typeof nothing {
    if (!this.#touch) return nothing;
    return html`<button
      class="close"
      aria-label="Close"
      @click=${() => this.dispatchEvent(new Event('rs-close'))}
    >
      ×
    </button>`;
  }
}
