/**
 * A cell's card: its candidates with bars, and how its numbers differ from the line below. It lies beside the cell,
 * never on it; in a narrow window, and by touch, it is a sheet at the edge that is away from the cell.
 */
import { html, svg, type TemplateResult } from 'lit';
import { visibleText } from '../../shared/picture/visible.ts';
import { lineBelow, lineReadings, lineTitle, targetIn, type LineReadings } from '../controllers/lines.ts';
import { change, count, logProbability, nats, probabilityOf } from '../controllers/numbers.ts';
import { tokenText, type Cell, type RunView, type ViewState } from '../controllers/view-state.ts';
import { lensCardStyles } from '../styles/lens-card.ts';
import { shared } from '../styles/shared.ts';
import { Panel } from './panel.ts';

const CANDIDATES = 5;
/** CSS pixels: between card and cell, and from the window's edge; windows under this width get a sheet. */
const GAP = 8;
const NARROW = 600;

export class LensCardElement extends Panel {
  static override styles = [shared, lensCardStyles];
  protected readonly shows = ['run', 'target', 'chosen'] as const satisfies (keyof ViewState)[];
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

  protected override render(): TemplateResult {
    const { run, chosen } = this.state;
    const cell = this.#cell;
    const line = run && cell && lineReadings(run, cell, chosen);
    if (!line) return html``;
    const under = lineBelow(cell, run);
    const below = under && lineReadings(run, under, chosen);
    return html`
      <header>
        ${lineTitle(cell)}, after <span class="token">${visibleText(run.pieces[cell.pos] ?? '')}</span>
        ${
          this.#touch
            ? html`<button
                class="close"
                aria-label="Close"
                @click=${() => this.dispatchEvent(new Event('rs-close'))}
              >
                ×
              </button>`
            : ''
        }
      </header>
      ${this.#candidates(run, cell, line)} ${this.#numbers(cell, line, below)}
    `;
  }

  #candidates(
    run: RunView,
    { pos }: Cell,
    { readings: { k, topIds, topLogprobs } }: LineReadings,
  ): TemplateResult {
    const rows = Array.from({ length: Math.min(k, CANDIDATES) }, (_, i) => {
      const [id = -1, logprob = Number.NaN] = [topIds[pos * k + i], topLogprobs[pos * k + i]];
      if (id < 0) return '';
      return html`<li>
        <span>${visibleText(run.texts.get(id) ?? '')}</span>
        <svg aria-hidden="true">
          ${svg`<rect width=${`${Math.max(Math.exp(logprob) * 100, 0.4)}%`} height="100%" rx="3"></rect>`}
        </svg>
        <span class="p">${probabilityOf(logprob)}</span>
      </li>`;
    });
    return html`<ol>
      ${rows}
    </ol>`;
  }

  #numbers({ pos }: Cell, line: LineReadings, below: LineReadings | undefined): TemplateResult {
    const { target } = this.state;
    const own = targetIn(line, target);
    const id = own?.ids[pos] ?? -1;
    const name = typeof target === 'number' ? 'target' : target === 'top' ? 'output' : target;
    const before = below && targetIn(below, target);
    const rank = own?.ranks[pos];
    const rankBefore = before?.ranks[pos];
    const row = (title: TemplateResult | string, value: string, delta: string): TemplateResult =>
      html`<tr>
        <th scope="row">${title}</th>
        <td>${value}</td>
        <td>${delta}</td>
      </tr>`;
    const difference = (now: number | undefined, then: number | undefined): string =>
      now === undefined || then === undefined ? '' : change(now - then);
    return html`<table>
      <thead>
        <tr>
          <th scope="col"><span class="hidden-text">reading</span></th>
          <th scope="col">here</th>
          <th scope="col">from below</th>
        </tr>
      </thead>
      <tbody>
        ${
          own && id >= 0
            ? html`${row(
                html`ln p, ${name} <span class="token">${visibleText(tokenText(this.state, id))}</span>`,
                logProbability(own.logprobs[pos] ?? Number.NaN),
                difference(own.logprobs[pos], before?.logprobs[pos]),
              )}${row(
                `rank, ${name}`,
                rank === undefined ? '–' : count(rank),
                rank === undefined || rankBefore === undefined ? '' : change(rank - rankBefore, 0),
              )}`
            : ''
        }
        ${row('entropy, nats', nats(line.readings.entropy[pos] ?? Number.NaN), difference(line.readings.entropy[pos], below?.readings.entropy[pos]))}
        ${row('KL, nats', line.kl ? nats(line.kl[pos] ?? Number.NaN) : 'at the end', difference(line.kl?.[pos], below?.kl?.[pos]))}
      </tbody>
    </table>`;
  }
}
customElements.define('rs-lens-card', LensCardElement);
