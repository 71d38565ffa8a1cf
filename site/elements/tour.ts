/**
 * The guided tour: a modal dialog over the page that outlines one thing after the other and says what it is. The page
 * beneath is at rest meanwhile; Escape and a button leave at any time, and the focus goes back where it was.
 */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { keepTourSeen } from '../controllers/keepsakes.ts';
import type { Session } from '../controllers/session.ts';
import { DEFAULT_VIEW } from '../controllers/views.ts';
import { shared } from '../styles/shared.ts';
import { tourStyles } from '../styles/tour.ts';
import { STOPS, TOUR, type Stop } from '../words/tour.ts';
import { LensGridElement } from './lens-grid.ts';
import { type Box, outline, placeCard } from './tour-place.ts';

/** Ways to the things, through their shadow roots. */
const TARGETS: Readonly<Record<Exclude<Stop, 'settles'>, readonly string[]>> = {
  prompt: ['rs-app', 'rs-prompt'],
  table: ['rs-app', 'rs-lens', 'rs-lens-grid'],
  inspector: ['rs-app', 'rs-inspector'],
  views: ['rs-app', '[role="tablist"]'],
  checks: ['rs-app', '.chips'],
  tools: ['rs-app', '.tools'],
};

const HELP = ['rs-app', '.help'];
/** CSS pixels of a window in which every line counts. */
const LOW = 480;

export class TourElement extends LitElement {
  static override properties = { stop: { state: true } };
  static override styles = [shared, tourStyles];
  declare session: Session;
  /** Which of `#stops` is shown. */
  declare stop: number;
  #stops: readonly Stop[] = [];
  readonly #place = (): void => this.#position();

  constructor() {
    super();
    this.stop = 0;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    // What is not on the page is not spoken of: no table before a run, say.
    const { run } = this.session.store.state;
    this.#stops = (Object.keys(STOPS) as Stop[]).filter((stop) =>
      stop === 'settles' ? run?.late !== undefined : this.#boxOf(stop) !== undefined,
    );
    addEventListener('resize', this.#place);
    addEventListener('scroll', this.#place, { capture: true, passive: true });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener('resize', this.#place);
    removeEventListener('scroll', this.#place, { capture: true });
  }

  protected override render(): TemplateResult | typeof nothing {
    const stop = this.#stops[this.stop];
    if (!stop) return nothing;
    const { heading, text } = STOPS[stop];
    const last = this.stop === this.#stops.length - 1;
    return html`<dialog
      aria-labelledby="heading"
      aria-describedby="text"
      @close=${() => this.#left()}
      @keydown=${(event: KeyboardEvent) => this.#keydown(event)}
    >
      <div class="spot"></div>
      <div class="stop">
        <div class="arrow" aria-hidden="true"></div>
        <div class="words" aria-live="polite" aria-atomic="true">
          <h2 id="heading">${heading}</h2>
          <p id="text">${text}</p>
        </div>
        <div class="steps">
          <span class="small">${TOUR.at(this.stop + 1, this.#stops.length)}</span>
          ${last ? nothing : html`<button class="button" @click=${() => this.#leave()}>${TOUR.leave}</button>`}
          ${this.stop > 0 ? html`<button class="button back" @click=${() => this.#go(-1)}>${TOUR.back}</button>` : nothing}
          <button class="button primary next" autofocus @click=${() => this.#go(1)}>
            ${last ? TOUR.done : TOUR.next}
          </button>
        </div>
      </div>
    </dialog>`;
  }

  protected override firstUpdated(): void {
    keepTourSeen();
    this.renderRoot.querySelector('dialog')?.showModal();
  }

  protected override updated(): void {
    const stop = this.#stops[this.stop];
    if (!stop) {
      this.remove();
      return;
    }
    this.#reveal(stop);
    this.#position();
    // On the way back to the first stop the button under the focus goes.
    if (!this.shadowRoot?.activeElement) this.renderRoot.querySelector<HTMLElement>('.next')?.focus();
  }

  #keydown(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    if (this.stop + step >= 0 && this.stop + step < this.#stops.length) this.#go(step);
  }

  #go(step: number): void {
    if (this.stop + step >= this.#stops.length) this.#leave();
    else this.stop += step;
  }

  /** The browser gives the focus back, unless what had it is gone, as the invitation is. */
  #left(): void {
    this.remove();
    if (document.activeElement === document.body) find(HELP)?.focus();
  }

  #leave(): void {
    this.renderRoot.querySelector('dialog')?.close();
  }

  /** Brings a stop's thing into the window's upper part, so that there is room for the card; tall things from their top. */
  #reveal(stop: Stop): void {
    if (stop === 'settles' && !this.#isInSight(this.#settlesAt())) {
      const pos = this.#lastPosition;
      this.#grid?.centre(pos);
      // The table makes the cells that have come into sight, and then the outline goes there.
      requestAnimationFrame(() => requestAnimationFrame(this.#place));
    }
    const box = this.#boxOf(stop);
    const above = innerHeight < LOW ? 10 : 80;
    const off = box && (box.top < above - 20 || box.top + Math.min(box.height, 240) > innerHeight - 200);
    if (off) scrollBy({ top: box.top - above, behavior: 'instant' });
  }

  #position(): void {
    const stop = this.#stops[this.stop];
    const target = stop && this.#boxOf(stop);
    const [spot, card, arrow] = ['.spot', '.stop', '.arrow'].map((name) =>
      this.renderRoot.querySelector<HTMLElement>(name),
    );
    if (!target || !spot || !card || !arrow) return;
    const window = { width: innerWidth, height: innerHeight };
    const size = { width: card.offsetWidth, height: card.offsetHeight };
    const { spot: shown, card: at } = placeCard(outline(target, window), size, window);
    for (const side of ['left', 'top', 'width', 'height'] as const) spot.style[side] = `${shown[side]}px`;
    card.style.left = `${at.left}px`;
    card.style.top = `${at.top}px`;
    arrow.className = `arrow ${at.side ?? ''}`;
    arrow.hidden = at.side === undefined;
    const along = at.side === 'top' || at.side === 'bottom';
    arrow.style.left = along ? `${at.arrow}px` : '';
    arrow.style.top = at.side && !along ? `${at.arrow}px` : '';
  }

  /** Where a stop's thing lies in the window; undefined when it isn't there. */
  #boxOf(stop: Stop): Box | undefined {
    const box = stop === 'settles' ? this.#settlesAt() : find(TARGETS[stop])?.getBoundingClientRect();
    return box && box.width > 0 && box.height > 0 ? box : undefined;
  }

  get #grid(): LensGridElement | undefined {
    const grid = find(TARGETS.table);
    return grid instanceof LensGridElement ? grid : undefined;
  }

  get #lastPosition(): number {
    return (this.session.store.state.run?.ids.length ?? 0) - 1;
  }

  /** The last token's cell on the line. */
  #settlesAt(): Box | undefined {
    const pos = this.#lastPosition;
    const layer = this.session.store.state.run?.late?.convergence[pos];
    return layer === undefined ? undefined : this.#grid?.boxOf({ layer, pos });
  }

  /** Whether the table shows it; what is scrolled out at its side has a place in the window too. */
  #isInSight(box: Box | undefined): boolean {
    const table = this.#grid?.getBoundingClientRect();
    return !!box && !!table && box.left >= table.left && box.left + box.width <= table.left + table.width;
  }
}
customElements.define('rs-tour', TourElement);

function find(path: readonly string[]): HTMLElement | undefined {
  let at: ParentNode | null = document;
  let found: HTMLElement | null = null;
  for (const name of path) {
    found = at?.querySelector<HTMLElement>(name) ?? null;
    at = found?.shadowRoot ?? null;
  }
  return found ?? undefined;
}

/** Starts the tour on the lens view, which it speaks about. */
export async function showTour(session: Session): Promise<void> {
  if (session.store.state.view !== DEFAULT_VIEW) {
    session.setView(DEFAULT_VIEW);
    await new Promise(requestAnimationFrame);
  }
  document.querySelector('rs-tour')?.remove();
  const tour = new TourElement();
  tour.session = session;
  document.body.append(tour);
}
