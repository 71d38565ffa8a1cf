/** The lens view: controls, the table, its legend and what it says; in its place, what is missing or went wrong. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { visibleText } from '../../shared/picture/visible.ts';
import { rampColor } from '../../shared/picture/ramp.ts';
import { nats } from '../controllers/numbers.ts';
import { sentences, type Segment } from '../controllers/sentence.ts';
import { COLOURS, ORDERS, type ColourBy, type RowOrder, type ViewState } from '../controllers/view-state.ts';
import { lensStyles } from '../styles/lens.ts';
import { shared } from '../styles/shared.ts';
import { termStyles } from '../styles/term.ts';
import { scaleOf } from './cell-painter.ts';
import { termButton } from './open.ts';
import { emptyNotice, problemNotice, progressLine } from './notices.ts';
import { Panel } from './panel.ts';
import './lens-grid.ts';

const COLOUR_WORDS: Record<ColourBy, string> = { probability: 'probability', entropy: 'entropy', kl: 'KL' };
const COLOUR_LEGENDS: Record<ColourBy, string> = {
  probability: 'probability of the top token',
  entropy: 'entropy, nats',
  kl: 'KL to the output, nats',
};
const ORDER_WORDS: Record<RowOrder, string> = {
  'last-on-top': 'last on top',
  'first-on-top': 'first on top',
};

export class LensElement extends Panel {
  static override styles = [shared, termStyles, lensStyles];
  protected readonly shows = [
    'phase',
    'problem',
    'run',
    'weights',
    'info',
    'colour',
    'order',
    'scheme',
    'cancelled',
    'note',
  ] as const satisfies (keyof ViewState)[];

  protected override render(): TemplateResult {
    const { run, problem, phase } = this.state;
    const busy = phase === 'loading' || phase === 'running';
    return html`<section aria-labelledby="title">
      <div class="head">
        <h2 id="title">
          What each layer would say next ${termButton('lens')}
          <small>rows: layers · columns: tokens · colour: ${COLOUR_LEGENDS[this.state.colour]}</small>
        </h2>
        ${run ? this.#controls() : nothing}
      </div>
      ${busy ? progressLine(this.state) : nothing}
      <div role="alert">${problem ? problemNotice(problem, this.session) : nothing}</div>
      <rs-lens-grid .session=${this.session} ?hidden=${!run}></rs-lens-grid>
      ${run ? this.#below() : !busy && !problem ? emptyNotice(this.state, this.session) : nothing}
    </section>`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    const ramp = this.renderRoot.querySelector<HTMLElement>('.ramp');
    if (!ramp) return;
    const stops = Array.from({ length: 9 }, (_, i) => rampColor(i / 8, this.state.scheme));
    ramp.style.background = `linear-gradient(90deg, ${stops.join(', ')})`;
  }

  #controls(): TemplateResult {
    const { colour, order } = this.state;
    return html`<div class="controls">
      <fieldset>
        <legend>colour</legend>
        ${COLOURS.map(
          (name) =>
            html`<label
              ><input
                type="radio"
                name="colour"
                .checked=${name === colour}
                @change=${() => this.session.setColour(name)}
              />${COLOUR_WORDS[name]}</label
            >`,
        )}
      </fieldset>
      <fieldset>
        <legend>layers</legend>
        ${ORDERS.map(
          (name) =>
            html`<label
              ><input
                type="radio"
                name="order"
                .checked=${name === order}
                @change=${() => this.session.setOrder(name)}
              />${ORDER_WORDS[name]}</label
            >`,
        )}
      </fieldset>
    </div>`;
  }

  #below(): TemplateResult {
    const { run, colour, cancelled, phase, note } = this.state;
    if (!run) return html``;
    const { most } = scaleOf(run, colour);
    const end = colour === 'probability' ? '1' : colour === 'kl' ? `${nats(most)}, logarithmic` : nats(most);
    const pending = colour === 'kl' && !run.late;
    return html`
      <div class="legend">
        <span>
          ${COLOUR_LEGENDS[colour]} ${termButton(colour)} 0
          <span class="ramp" role="img" aria-label="Colour scale from pale to strong"></span>
          ${pending ? 'comes with the last row' : end}
        </span>
        <span><i class="stroke"></i> where the answer settles ${termButton('settles')}</span>
      </div>
      <div class="say" role="status">
        ${
          cancelled
            ? html`<p>
                Cancelled after ${run.rows.length} of ${run.model.spec.nLayers + 1} rows. Run starts again.
              </p>`
            : phase === 'done'
              ? sentences(run).map((segments) => html`<p>${segments.map(segment)}</p>`)
              : nothing
        }
        ${note === undefined ? nothing : html`<p class="small">${note}</p>`}
      </div>
    `;
  }
}
customElements.define('rs-lens', LensElement);

function segment(part: Segment): TemplateResult | string {
  return typeof part === 'string' ? part : html`<span class="token">${visibleText(part.token)}</span>`;
}
