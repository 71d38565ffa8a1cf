/** The lens view: controls, the table, its legend and what it says; in its place, what is missing or went wrong. */
import { html, nothing, svg, type PropertyValues, type TemplateResult } from 'lit';
import { visibleText } from '../../shared/picture/visible.ts';
import { rampColor } from '../../shared/picture/ramp.ts';
import { sentences, type Segment } from '../words/lens.ts';
import { linesOf } from '../controllers/lines.ts';
import {
  COLOURS,
  ORDERS,
  TARGETS,
  tokenText,
  type ColourBy,
  type RowOrder,
  type ViewState,
} from '../controllers/view-state.ts';
import { lensStyles } from '../styles/lens.ts';
import { shared } from '../styles/shared.ts';
import { termStyles } from '../styles/term.ts';
import { legendOf, scaleOf } from './cell-painter.ts';
import type { LensGridElement } from './lens-grid.ts';
import { openTokenSearch, termButton } from './open.ts';
import { emptyNotice, problemNotice, progressLine } from './notices.ts';
import { Panel } from './panel.ts';
import './lens-grid.ts';
import './lens-ruler.ts';

const COLOUR_WORDS: Record<ColourBy, string> = {
  probability: 'probability',
  entropy: 'entropy',
  kl: 'KL',
  rank: 'rank',
  agreement: 'agreement',
};
const TARGET_WORDS = {
  output: 'the output',
  next: 'the actual next token',
  input: 'the input token',
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
    'target',
    'chosen',
    'mid',
    'pinTexts',
    'order',
    'lens',
    'lensAsked',
    'scheme',
    'cancelled',
    'note',
  ] as const satisfies (keyof ViewState)[];

  #goesOn = false;

  protected override render(): TemplateResult {
    const { run, problem, phase } = this.state;
    const busy = phase === 'loading' || phase === 'running';
    return html`<section aria-labelledby="title">
      <div class="head">
        <h2 id="title">
          What each layer would say next ${termButton('lens')}
          ${run?.lens ? html`<b>${run.lens.kind} lens</b>` : nothing}
          <small>rows: layers · columns: tokens · colour: ${this.#legend()}</small>
        </h2>
        ${run ? this.#controls() : nothing}
      </div>
      ${busy ? progressLine(this.state) : nothing}
      <div role="alert">${problem ? problemNotice(problem, this.session) : nothing}</div>
      ${this.#missingLens()}
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

  /** The address asks for a lens that this device does not have. */
  #missingLens(): TemplateResult | typeof nothing {
    const { lensAsked, lens, run, phase } = this.state;
    if (!lensAsked || lens || !run || run.trace || phase !== 'done') return nothing;
    const fitted = lensAsked === 'fitted';
    return html`<p class="small" role="status">
      This link asks for a ${lensAsked} lens,
      ${fitted ? 'which this device does not keep yet' : 'which came from a file that no link can bring back'}:
      the table is read with the raw one.
      <button class="button" @click=${() => this.session.setView('translate')}>
        ${fitted ? 'Fit it…' : 'Open the file…'}
      </button>
    </p>`;
  }

  /** What the colour says. */
  #legend(): string {
    const { colour, target } = this.state;
    return legendOf(
      colour,
      target,
      typeof target === 'number' ? visibleText(tokenText(this.state, target)) : '',
    );
  }

  #controls(): TemplateResult {
    const { colour, order, mid, run } = this.state;
    const parallel = run?.model.spec.parallel === true;
    const none = parallel ? 'none: blocks are parallel' : run?.trace ? 'not in this trace' : undefined;
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
      ${colour === 'probability' || colour === 'rank' ? this.#targets(colour) : nothing}
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
      <span class="switch"
        ><label
          title=${
            parallel
              ? 'This model’s attention and MLP read the same state: there is none between them.'
              : 'Reads the state between attention and MLP too'
          }
          ><input
            type="checkbox"
            .checked=${mid && none === undefined}
            ?disabled=${none !== undefined}
            @change=${() => this.session.setMid(!mid)}
          />after attention</label
        >${none === undefined ? nothing : html`<small>${none}</small>`}${termButton('mid')}</span
      >
    </div>`;
  }

  /** Whose probability or rank: the run's own tokens, or any that the reader searches. */
  #targets(colour: 'probability' | 'rank'): TemplateResult {
    const { target } = this.state;
    const words = { ...TARGET_WORDS, top: colour === 'rank' ? 'the output' : 'each cell’s top' };
    const names = colour === 'rank' ? TARGETS.filter((name) => name !== 'output') : TARGETS;
    const shown = colour === 'rank' && target === 'output' ? 'top' : target;
    return html`<label class="target"
      >of
      <select aria-label="Target" @change=${(event: Event) => this.#pickTarget(event)}>
        ${names.map((name) => html`<option value=${name} ?selected=${name === shown}>${words[name]}</option>`)}
        ${
          typeof target === 'number'
            ? html`<option value="chosen" selected>${visibleText(tokenText(this.state, target))}</option>`
            : nothing
        }
        ${this.state.run?.trace ? nothing : html`<option value="search">another token…</option>`}
      </select></label
    >`;
  }

  #pickTarget(event: Event): void {
    const select = event.target as HTMLSelectElement;
    const name = TARGETS.find((one) => one === select.value);
    if (name) this.session.setTarget(name);
    else if (select.value === 'search') {
      // The list shows what is, until another token is picked.
      this.requestUpdate();
      const { target } = this.state;
      select.value = typeof target === 'number' ? 'chosen' : target;
      openTokenSearch(this.session, 'target');
    }
  }

  #below(): TemplateResult {
    const { run, colour, cancelled, phase, note, scheme } = this.state;
    if (!run) return html``;
    const { ends, steps } = scaleOf(run, this.state);
    const term = colour === 'agreement' ? 'agreement' : colour;
    return html`
      <rs-ruler .session=${this.session} .grid=${this.#grid}></rs-ruler>
      <div class="legend">
        <span>
          ${this.#legend()} ${termButton(term)}
          ${
            steps
              ? steps.map(
                  ([share, name]) =>
                    html`<span
                      ><svg class="step" viewBox="0 0 14 14" aria-hidden="true">
                        ${svg`<rect width="14" height="14" rx="3" fill=${rampColor(share, scheme)}></rect>`}
                      </svg>
                      ${name}</span
                    >`,
                )
              : html`${ends[0]}
                  <span class="ramp" role="img" aria-label="Colour scale from pale to strong"></span>
                  ${ends[1]}`
          }
        </span>
        <span>bars: up, entropy of the output; down, where it settles</span>
        ${this.#reading()}
        <span><i class="stroke"></i> where the answer settles ${termButton('settles')}</span>
      </div>
      ${this.#generate()}
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

  /** Going on from the prompt: its code comes with the first run that is whole. */
  #generate(): TemplateResult | typeof nothing {
    const { run, phase } = this.state;
    if (!run || run.trace) return nothing;
    if (this.#goesOn) return html`<rs-generate .session=${this.session}></rs-generate>`;
    if (phase === 'done') {
      import('./generate.ts').then(
        () => {
          this.#goesOn = true;
          this.requestUpdate();
        },
        () => undefined, // the table is whole without it
      );
    }
    return html`<div class="going"></div>`;
  }

  /** How far the reading of the reader's own target is. */
  #reading(): TemplateResult | typeof nothing {
    const { chosen, run, target } = this.state;
    const all = run ? linesOf(run).length : 0;
    if (typeof target !== 'number' || !chosen || chosen.rows.length >= all) return nothing;
    return html`<progress max=${all} value=${chosen.rows.length} aria-label="Reading the target"></progress>`;
  }

  get #grid(): LensGridElement | null {
    return this.renderRoot.querySelector<LensGridElement>('rs-lens-grid');
  }
}
customElements.define('rs-lens', LensElement);

function segment(part: Segment): TemplateResult | string {
  return typeof part === 'string' ? part : html`<span class="token">${visibleText(part.token)}</span>`;
}
