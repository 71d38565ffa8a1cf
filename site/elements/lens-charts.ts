/**
 * The charts under the table. Their code, and uPlot's, come once a table is finished, when they are in sight or
 * something is pinned: the first table doesn't wait for them.
 */
import { css, html, type PropertyValues, type TemplateResult } from 'lit';
import { NetworkError } from '../../shared/errors.ts';
import type { ViewState } from '../controllers/view-state.ts';
import { shared } from '../styles/shared.ts';
import { Panel } from './panel.ts';

export class LensChartsElement extends Panel {
  static override properties = { ...Panel.properties, there: { state: true } };
  static override styles = [
    shared,
    css`
      div {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(320px, 100%), 1fr));
        gap: 16px;
        align-items: start;
        min-height: 320px;
      }
    `,
  ];
  declare there: boolean;
  protected readonly shows = ['phase', 'pins'] as const satisfies (keyof ViewState)[];
  #asked = false;
  readonly #sight = new IntersectionObserver((entries) => {
    if (entries.some(({ isIntersecting }) => isIntersecting)) this.#load();
  });

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#sight.disconnect();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    // Before that the table is short, and the charts are in sight on every screen.
    if (this.state.phase !== 'done') return;
    if (this.state.pins.length > 0) this.#load();
    this.#sight.observe(this);
  }

  #load(): void {
    if (this.#asked) return;
    this.#asked = true;
    import('./lens-chart-cards.ts').then(
      () => (this.there = true),
      (error: unknown) => {
        this.#asked = false;
        const missing = 'The charts did not load: check the connection, then reload the page.';
        this.session.complain(new NetworkError(missing, { cause: error }));
      },
    );
  }

  protected override render(): TemplateResult {
    return html`<div>
      ${
        this.there
          ? html`<rs-pins .session=${this.session}></rs-pins
              ><rs-certainty .session=${this.session}></rs-certainty>`
          : ''
      }
    </div>`;
  }
}
customElements.define('rs-lens-charts', LensChartsElement);
