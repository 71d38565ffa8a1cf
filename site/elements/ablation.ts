/** The ablation view: heads, layers and neurons taken out of the model, and what that changes, cell by cell. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import {
  MOST_FACTOR,
  readChoice,
  toggled,
  unitName,
  writeChoice,
  type Choice,
} from '../controllers/ablation-choice.ts';
import { ablationExports, type Difference } from '../controllers/ablation-exports.ts';
import { StudyReader } from '../controllers/study.ts';
import type { RunView, ViewState } from '../controllers/view-state.ts';
import { headsStyles } from '../styles/heads.ts';
import { ablationStyles } from '../styles/ablation.ts';
import { lensStyles } from '../styles/lens.ts';
import { shared } from '../styles/shared.ts';
import { termStyles } from '../styles/term.ts';
import type { ShownAblation } from './ablation-changes.ts';
import { termButton } from './open.ts';
import { Panel } from './panel.ts';
import { studyProgress } from './study-progress.ts';
import './ablation-changes.ts';
import './ablation-picker.ts';

export class AblationElement extends Panel {
  static override properties = { ...Panel.properties, of: { state: true } };
  static override styles = [shared, termStyles, lensStyles, headsStyles, ablationStyles];
  /** Whose log-probability is compared. */
  declare of: Difference;
  protected readonly shows = ['info', 'run', 'phase', 'options'] as const satisfies (keyof ViewState)[];
  readonly #reader = new StudyReader(this, 'ablate');
  #asked: { readonly run: RunView; readonly choice: Choice } | undefined;
  #shown: ShownAblation | undefined;

  constructor() {
    super();
    this.of = 'own';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.session.exports.offer('ablation', () => {
      const shown = this.#shown;
      return shown ? ablationExports(shown.answer, shown.choice, shown.run, this.of) : [];
    });
  }

  get #choice(): Choice {
    const { info, run, options } = this.state;
    const spec = info?.spec ?? run?.model.spec;
    return spec ? readChoice(options.off, spec) : { units: [], how: 'zero' };
  }

  #set(choice: Choice): void {
    this.session.setOption('off', writeChoice(choice));
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    const { run } = this.state;
    const choice = this.#choice;
    if (!run || choice.units.length === 0) {
      this.#reader.forget();
      this.#asked = this.#shown = undefined;
      return;
    }
    const { ids, model } = run;
    if (this.state.phase === 'done') {
      this.#reader.follow(this.session, `${model.id}:${ids.join()}:${writeChoice(choice)}`, () => {
        this.#asked = { run, choice };
        return { ids, ablation: choice };
      });
    }
    const { answer, busy } = this.#reader;
    if (answer && !busy && this.#asked && this.#shown?.answer !== answer) {
      this.#shown = { answer, ...this.#asked };
    }
    if (this.#shown && this.#shown.run.ids !== run.ids) this.#shown = undefined;
  }

  protected override render(): TemplateResult {
    const { run } = this.state;
    const { problem, busy } = this.#reader;
    return html`<section aria-labelledby="title" aria-busy=${busy}>
      <div class="head">
        <h2 id="title">
          Ablation ${termButton('ablation')}
          <small>take parts of the model out, and see what they were there for</small>
        </h2>
      </div>
      ${
        run
          ? html`${this.#chips()}
              <div class="parts">
                <rs-ablation-picker .session=${this.session}></rs-ablation-picker>
                <section class="card" aria-labelledby="changes">
                  <h2 id="changes">What it changes <small>against the run as it is</small></h2>
                  ${busy ? this.#progress() : nothing}
                  <div role="alert">
                    ${problem === undefined ? nothing : html`<p class="bad">${problem}</p>`}
                  </div>
                  ${this.#shown ? html`<rs-ablation-changes .of=${this.of} .setOf=${(of: Difference) => (this.of = of)} .session=${this.session} .shown=${this.#shown} .busy=${busy}></rs-ablation-changes>` : this.#nothing(busy)}
                </section>
              </div>`
          : html`<div class="card notice">
              <h3>Nothing has run yet</h3>
              <p>Type a prompt above and press Run: then parts of the model can be taken out here.</p>
            </div>`
      }
    </section>`;
  }

  #nothing(busy: boolean): TemplateResult | typeof nothing {
    if (busy) return nothing;
    return html`<p class="said">
      ${
        this.#reader.cancelled
          ? 'Cancelled. Choose something else, or the same again.'
          : 'Nothing is off. Pick a head, an attention or an MLP layer beside: the prompt runs without it, and every cell of the lens says what changed.'
      }
    </p>`;
  }

  /** What is off, one click to bring each back. */
  #chips(): TemplateResult {
    const choice = this.#choice;
    const { units, how } = choice;
    const factor = typeof how === 'object' ? how.factor : 0.5;
    const radio = (label: string, value: Choice['how'], on: boolean): TemplateResult =>
      html`<label
        ><input
          type="radio"
          name="how"
          .checked=${on}
          @change=${() => this.#set({ units, how: value })}
        />${label}</label
      >`;
    return html`<div class="off" role="group" aria-label="What is off">
      <fieldset>
        <legend>set to</legend>
        ${radio('zero', 'zero', how === 'zero')} ${radio('their mean', 'mean', how === 'mean')}
        ${radio('a factor', { factor }, typeof how === 'object')}
      </fieldset>
      ${
        typeof how === 'object'
          ? html`<label class="pick"
              >times
              <input
                type="number"
                step="0.25"
                min=${-MOST_FACTOR}
                max=${MOST_FACTOR}
                .value=${String(how.factor)}
                @change=${(event: Event) => {
                  const value = (event.target as HTMLInputElement).valueAsNumber;
                  if (Math.abs(value) <= MOST_FACTOR) this.#set({ units, how: { factor: value } });
                }}
            /></label>`
          : nothing
      }
      ${units.map(
        (unit) =>
          html`<button
            class="pill chip"
            aria-label="${unitName(unit)}: bring it back"
            @click=${() => this.#set(toggled(choice, unit))}
          >
            ${unitName(unit)} <span aria-hidden="true">×</span>
          </button>`,
      )}
      ${
        units.length > 0
          ? html`<button class="button" @click=${() => this.#set({ units: [], how })}>All back</button>`
          : nothing
      }
    </div>`;
  }

  #progress(): TemplateResult {
    const { step } = this.#reader;
    const words = step
      ? `means over reference prompts, ${step.done} of ${step.total}`
      : 'running the prompt without them';
    return studyProgress('Ablation', words, step ?? { done: 0, total: 0 }, () => this.#reader.cancel());
  }
}
customElements.define('rs-ablation', AblationElement);
