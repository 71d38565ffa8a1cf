/** The attribution view: a token's logit as bars, a part of the model each, that sum to it. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { Attribution } from '../../engine/attribution-api.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import {
  attributionExports,
  barsOf,
  GROUPS,
  GROUP_WORDS,
  sourcesOf,
  targetSaid,
  type Group,
} from '../controllers/attribution.ts';
import { probabilityOf } from '../controllers/numbers.ts';
import { readLogitChoice } from '../controllers/logit-choice.ts';
import { StudyReader } from '../controllers/study.ts';
import { selectedCell, type RunView, type ViewState } from '../controllers/view-state.ts';
import type { AttributionAnswer } from '../engine/study-protocol.ts';
import { ablationStyles } from '../styles/ablation.ts';
import { headsStyles } from '../styles/heads.ts';
import { lensStyles } from '../styles/lens.ts';
import { shared } from '../styles/shared.ts';
import { termStyles } from '../styles/term.ts';
import { logitBars } from './logit-bars.ts';
import { termButton } from './open.ts';
import { Panel } from './panel.ts';
import './logit-choice.ts';

export class AttributionElement extends Panel {
  static override properties = {
    ...Panel.properties,
    group: { state: true },
    head: { state: true },
  };
  static override styles = [shared, termStyles, lensStyles, headsStyles, ablationStyles];
  declare group: Group;
  /** The head whose sources are shown; undefined: the one with the largest part. */
  declare head: { readonly layer: number; readonly head: number } | undefined;
  protected readonly shows = [
    'info',
    'run',
    'phase',
    'selected',
    'scheme',
    'options',
  ] as const satisfies (keyof ViewState)[];
  readonly #reader = new StudyReader(this, 'attribution');
  #asked: RunView | undefined;
  #shown: { readonly answer: AttributionAnswer; readonly run: RunView } | undefined;

  constructor() {
    super();
    this.group = 'part';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.session.exports.offer('attribution', () => {
      const shown = this.#shown;
      return shown
        ? attributionExports(shown.answer.attribution, shown.run, this.group, this.#texts(shown.answer))
        : [];
    });
  }

  get #pos(): number {
    return selectedCell(this.state)?.pos ?? 0;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    const { run, options, phase } = this.state;
    if (!run) {
      this.#reader.forget();
      this.#asked = this.#shown = undefined;
      return;
    }
    const pos = this.#pos;
    const { target, against } = readLogitChoice(options.of, run.model.spec.dVocab);
    if (phase === 'done') {
      const key = [run.model.id, run.ids.join(), pos, target, against].join(':');
      this.#reader.follow(this.session, key, () => {
        this.#asked = run;
        return { ids: run.ids, pos, target, against };
      });
    }
    const { answer, busy } = this.#reader;
    if (answer && !busy && this.#asked && this.#shown?.answer !== answer)
      this.#shown = { answer, run: this.#asked };
    if (this.#shown && (this.#shown.run.ids !== run.ids || this.#reader.problem !== undefined))
      this.#shown = undefined;
  }

  protected override render(): TemplateResult {
    const { run } = this.state;
    const { problem, busy } = this.#reader;
    return html`<section aria-labelledby="title" aria-busy=${busy}>
      <div class="head">
        <h2 id="title">
          Attribution ${termButton('attribution')}
          <small>which parts of the model wrote a token’s logit</small>
        </h2>
      </div>
      <div role="alert">
        ${
          problem === undefined
            ? nothing
            : html`<div class="card notice error">
                <h3>No attribution here</h3>
                <p>${problem}</p>
              </div>`
        }
      </div>
      ${
        run
          ? html`${this.#controls()}${this.#shown ? this.#parts(this.#shown.answer, this.#shown.run) : html`<p class="small" role="status">${busy ? 'Taking the logit apart…' : ''}</p>`}`
          : html`<div class="card notice">
              <h3>Nothing has run yet</h3>
              <p>Type a prompt above and press Run: what its prediction is made of is shown here.</p>
            </div>`
      }
    </section>`;
  }

  #controls(): TemplateResult {
    return html`<div class="controls off">
      <rs-logit-choice
        .session=${this.session}
        .texts=${new Map(this.#shown?.answer.texts)}
        pair
      ></rs-logit-choice>
      <fieldset>
        <legend>by</legend>
        ${GROUPS.map(
          (name) =>
            html`<label
              ><input
                type="radio"
                name="group"
                .checked=${name === this.group}
                @change=${() => (this.group = name)}
              />${GROUP_WORDS[name]}</label
            >`,
        )}
      </fieldset>
    </div>`;
  }

  #texts(answer: AttributionAnswer): (id: number) => string {
    const texts = new Map(answer.texts);
    return (id) => visibleText(texts.get(id) ?? `id ${id}`);
  }

  #parts(answer: AttributionAnswer, run: RunView): TemplateResult {
    const { attribution: found } = answer;
    const rows = barsOf(found, this.group);
    const text = this.#texts(answer);
    const head = this.head ?? this.#strongest(found);
    return html`<div class="parts ${this.#reader.busy ? 'stale' : ''}">
        <section class="card" aria-labelledby="bars">
          <h2 id="bars">
            What makes ${targetSaid(found, text)} <small>logits; blue for it, orange against it</small>
          </h2>
          <p class="say" role="status">
            The parts sum to <b>${found.sum.toFixed(4)}</b>; the model’s own
            ${found.against === undefined ? 'logit' : 'difference'} is <b>${found.logit.toFixed(4)}</b>,
            probability ${probabilityOf(found.targetLogprob)}.
          </p>
          ${logitBars('Parts of the logit', [...rows, { name: 'sum', value: found.sum }], { shown: this.head, open: (one) => (this.head = one) })}
        </section>
        ${this.#sources(found, run, head)}
      </div>
      ${
        found.notes.length > 0
          ? html`<ul class="notes small">
              ${found.notes.map((note) => html`<li>${note}</li>`)}
            </ul>`
          : nothing
      }`;
  }

  #strongest({ byHead, heads }: Attribution): { readonly layer: number; readonly head: number } {
    let best = 0;
    byHead.forEach((value, i) => {
      if (Math.abs(value) > Math.abs(byHead[best] ?? 0)) best = i;
    });
    return { layer: Math.floor(best / heads), head: best % heads };
  }

  #sources(
    found: Attribution,
    run: RunView,
    { layer, head }: { readonly layer: number; readonly head: number },
  ): TemplateResult {
    const values = sourcesOf(found, layer, head);
    const rows = Array.from(values, (value, src) => ({
      name: `${src}: ${visibleText(run.pieces[src] ?? '')}`,
      value,
    }));
    const pick = (name: 'layer' | 'head', count: number, at: number): TemplateResult =>
      html`<label class="pick"
        >${name}
        <select
          @change=${(event: Event) =>
            (this.head = { layer, head, [name]: Number((event.target as HTMLSelectElement).value) })}
        >
          ${Array.from({ length: count }, (_, i) => html`<option value=${i} .selected=${i === at}>${i}</option>`)}
        </select></label
      >`;
    return html`<section class="card" aria-labelledby="sources">
      <h2 id="sources">What head ${layer}.${head} brings, by the token it reads</h2>
      <div class="controls">${pick('layer', found.layers, layer)} ${pick('head', found.heads, head)}</div>
      ${logitBars('Parts of the head', [...rows, { name: `head ${layer}.${head}`, value: found.byHead[layer * found.heads + head] ?? NaN }])}
    </section>`;
  }
}
customElements.define('rs-attribution', AttributionElement);
