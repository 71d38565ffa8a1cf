/** The ablation view: heads, layers and neurons taken out of the model, and what that changes, cell by cell. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { AblationUnit } from '../../shared/ablation.ts';
import { divergingColor, rampColor } from '../../shared/picture/ramp.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import type { CellEvent, HeatMapContent, HeatMapElement } from '../charts/heat-map.ts';
import {
  codeOf,
  howSaid,
  MOST_FACTOR,
  readChoice,
  toggled,
  unitName,
  writeChoice,
  type Choice,
} from '../controllers/ablation-choice.ts';
import { ablationExports, changeAt, DIFFERENCES, type Difference } from '../controllers/ablation-exports.ts';
import { labelsOf } from '../controllers/head-labels.ts';
import { change, plural, probabilityOf } from '../controllers/numbers.ts';
import { StudyReader } from '../controllers/study.ts';
import { layerLabel, layerName, type RunView, type ViewState } from '../controllers/view-state.ts';
import type { AblateAnswer } from '../engine/study-protocol.ts';
import { headsStyles } from '../styles/heads.ts';
import { ablationStyles } from '../styles/ablation.ts';
import { lensStyles } from '../styles/lens.ts';
import { shared } from '../styles/shared.ts';
import { termStyles } from '../styles/term.ts';
import { termButton } from './open.ts';
import { Panel } from './panel.ts';
import { studyProgress } from './study-progress.ts';
import '../charts/heat-map.ts';

/** Tokens side by side: more would not be read, and take long to lay out. */
const COLUMNS = 48;

const DIFFERENCE_WORDS: Readonly<Record<Difference, string>> = {
  own: 'each cell’s own first choice',
  output: 'the output’s first choice',
};

/** An answer with the run and the choice that it is of. */
interface Shown {
  readonly answer: AblateAnswer;
  readonly run: RunView;
  readonly choice: Choice;
}

export class AblationElement extends Panel {
  static override properties = {
    ...Panel.properties,
    of: { state: true },
    from: { state: true },
    looked: { state: true },
    wrong: { state: true },
  };
  static override styles = [shared, termStyles, lensStyles, headsStyles, ablationStyles];
  declare of: Difference;
  /** The first token shown. */
  declare from: number;
  declare looked: { readonly row: number; readonly column: number } | undefined;
  /** What is wrong with the neuron that was typed. */
  declare wrong: string | undefined;
  protected readonly shows = [
    'info',
    'run',
    'phase',
    'scheme',
    'options',
    'headLabels',
  ] as const satisfies (keyof ViewState)[];
  readonly #reader = new StudyReader(this, 'ablate');
  #asked: { readonly run: RunView; readonly choice: Choice } | undefined;
  #shown: Shown | undefined;

  constructor() {
    super();
    this.of = 'own';
    this.from = 0;
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
      this.from = 0;
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
                ${this.#picker(run)}
                <section class="card" aria-labelledby="changes">
                  <h2 id="changes">What it changes <small>against the run as it is</small></h2>
                  ${busy ? this.#progress() : nothing}
                  <div role="alert">
                    ${problem === undefined ? nothing : html`<p class="bad">${problem}</p>`}
                  </div>
                  ${this.#shown ? this.#changes(this.#shown) : this.#nothing(busy)}
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

  #picker(run: RunView): TemplateResult {
    const { nLayers, dMlp } = run.model.spec;
    return html`<section class="card" aria-labelledby="pick">
      <h2 id="pick">Parts of the model <small>rows: layers · columns: heads, attention, MLP</small></h2>
      <rs-heat-map
        class="picker"
        @open=${({ detail }: CellEvent) => {
          if (detail) this.#set(toggled(this.#choice, this.#unitAt(run, detail.row, detail.column)));
        }}
      ></rs-heat-map>
      <p class="small on-screen">A click or Enter takes a part out, or brings it back.</p>
      <form
        class="line"
        @submit=${(event: Event) => {
          event.preventDefault();
          this.#addNeuron(event.target as HTMLFormElement, run);
        }}
      >
        <label for="neuron">Neuron</label>
        <input
          id="neuron"
          name="neuron"
          type="text"
          inputmode="decimal"
          autocomplete="off"
          placeholder="layer.number, to ${nLayers - 1}.${dMlp - 1}"
        />
        <button class="button">Take it out</button>
      </form>
      <div role="alert">${this.wrong === undefined ? nothing : html`<p class="bad">${this.wrong}</p>`}</div>
    </section>`;
  }

  #unitAt(run: RunView, layer: number, column: number): AblationUnit {
    const { nHeads } = run.model.spec;
    if (column < nHeads) return { kind: 'head', layer, head: column };
    return { kind: column === nHeads ? 'attn' : 'mlp', layer };
  }

  #addNeuron(form: HTMLFormElement, run: RunView): void {
    const input = form.elements.namedItem('neuron');
    if (!(input instanceof HTMLInputElement)) return;
    const { nLayers, dMlp } = run.model.spec;
    const [unit] = readChoice(`n${input.value.trim()}`, run.model.spec).units;
    this.wrong = unit
      ? undefined
      : `“${input.value}” is no neuron here: layer.number, from 0.0 to ${nLayers - 1}.${dMlp - 1}.`;
    if (!unit) return;
    if (!this.#choice.units.some((one) => codeOf(one) === codeOf(unit)))
      this.#set(toggled(this.#choice, unit));
    input.value = '';
  }

  #progress(): TemplateResult {
    const { step } = this.#reader;
    const words = step
      ? `means over reference prompts, ${step.done} of ${step.total}`
      : 'running the prompt without them';
    return studyProgress('Ablation', words, step ?? { done: 0, total: 0 }, () => this.#reader.cancel());
  }

  #changes(shown: Shown): TemplateResult {
    const { run, answer } = shown;
    const tokens = run.ids.length;
    return html`<div class=${this.#reader.busy ? 'stale' : ''}>
      <p class="say" role="status">${this.#sentence(shown)}</p>
      <div class="controls">
        <fieldset>
          <legend>log-probability of</legend>
          ${DIFFERENCES.map(
            (name) =>
              html`<label
                ><input
                  type="radio"
                  name="of"
                  .checked=${name === this.of}
                  @change=${() => (this.of = name)}
                />${DIFFERENCE_WORDS[name]}</label
              >`,
          )}
        </fieldset>
        ${tokens > COLUMNS ? this.#pager(tokens) : nothing}
      </div>
      <rs-heat-map
        class="changes"
        @look=${({ detail }: CellEvent) => (this.looked = detail ?? undefined)}
        @open=${({ detail }: CellEvent) => {
          if (!detail) return;
          const row = answer.rows[answer.rows.length - 1 - detail.row];
          this.session.selection.select({ layer: row?.layer ?? -1, pos: this.from + detail.column });
        }}
      ></rs-heat-map>
      <div class="legend">
        <span
          >−${this.#most(shown).toFixed(1)}: less likely
          <span class="ramp" role="img" aria-label="Colour scale, orange to blue"></span>
          +${this.#most(shown).toFixed(1)} nats: more likely</span
        >
        <span><i class="corner"></i> another first choice than before</span>
      </div>
      <p class="said">
        ${this.looked ? this.#cellSaid(shown, answer.rows.length - 1 - this.looked.row, this.from + this.looked.column) : 'Point at a cell to read it.'}
      </p>
    </div>`;
  }

  #pager(tokens: number): TemplateResult {
    const end = Math.min(this.from + COLUMNS, tokens);
    return html`<span class="pick"
      ><button
        class="button"
        aria-label="Tokens before"
        ?disabled=${this.from === 0}
        @click=${() => (this.from = Math.max(0, this.from - COLUMNS))}
      >
        ←
      </button>
      tokens ${this.from} to ${end - 1} of ${tokens}
      <button
        class="button"
        aria-label="Tokens behind"
        ?disabled=${end === tokens}
        @click=${() => (this.from = end)}
      >
        →
      </button></span
    >`;
  }

  #token(id: number | undefined): string {
    const { answer } = this.#shown ?? {};
    return visibleText(new Map(answer?.texts ?? []).get(id ?? -1) ?? '');
  }

  /** What the model now says at the end of the prompt. */
  #sentence({ answer, run, choice }: Shown): TemplateResult {
    const row = answer.rows.at(-1);
    const pos = run.ids.length - 1;
    if (!row) return html``;
    const [before, after] = [row.before[pos], row.after[pos]];
    const { units, how } = choice;
    const names = units.length <= 4 ? units.map(unitName).join(', ') : plural(units.length, 'part');
    const last = answer.readings.at(-1);
    const now = last?.topLogprobs[pos * last.k] ?? NaN;
    return html`With ${names} ${howSaid(how)}: after
      <span class="token">${visibleText(run.pieces[pos] ?? '')}</span>,
      <span class="token">${this.#token(before)}</span> goes from
      <b>${probabilityOf(row.logprobsBefore[2 * pos] ?? NaN)}</b> to
      <b>${probabilityOf(row.logprobsAfter[2 * pos] ?? NaN)}</b>${
        before === after
          ? ' and stays the first choice.'
          : html`; the first choice is now
              <span class="token">${this.#token(after)}</span> (${probabilityOf(now)}).`
      }`;
  }

  #cellSaid({ answer, run }: Shown, r: number, pos: number): string {
    const row = answer.rows[r];
    if (!row || pos >= run.ids.length) return '';
    const at = 2 * pos + (this.of === 'own' ? 0 : 1);
    const last = answer.rows.at(-1);
    const target = this.of === 'own' ? row.before[pos] : last?.before[pos];
    const others =
      row.before[pos] === row.after[pos]
        ? ''
        : `; first choice ${this.#token(row.before[pos])} → ${this.#token(row.after[pos])}`;
    return `${layerName(row.layer)}, position ${pos} (${visibleText(run.pieces[pos] ?? '')}): ${this.#token(target)} ${probabilityOf(row.logprobsBefore[at] ?? NaN)} → ${probabilityOf(row.logprobsAfter[at] ?? NaN)}, ${change(changeAt(answer, r, pos, this.of), 1)} nats${others}`;
  }

  /** The end of the scale: the largest change, of what is shown or not. */
  #most({ answer, run }: Shown): number {
    let most = 0.1;
    answer.rows.forEach((_, r) =>
      run.ids.forEach((__, pos) => {
        const size = Math.abs(changeAt(answer, r, pos, this.of));
        if (size > most) most = size;
      }),
    );
    return Math.min(most, 12);
  }

  #kept: { readonly key: readonly unknown[]; readonly content: HeatMapContent } | undefined;
  #picked: { readonly key: readonly unknown[]; readonly content: HeatMapContent } | undefined;

  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    const { scheme, run, options, headLabels } = this.state;
    const picker = this.renderRoot.querySelector<HeatMapElement>('.picker');
    if (picker && run) {
      const key = [run.model, scheme, options.off, headLabels];
      if (!this.#picked?.key.every((one, i) => one === key[i]))
        this.#picked = { key, content: this.#parts(run) };
      picker.content = this.#picked.content;
    }
    const shown = this.#shown;
    const map = this.renderRoot.querySelector<HeatMapElement>('.changes');
    if (!shown || !map) return;
    const ramp = this.renderRoot.querySelector<HTMLElement>('.ramp');
    const stops = Array.from({ length: 17 }, (_, i) => divergingColor(i / 8 - 1, scheme));
    if (ramp) ramp.style.background = `linear-gradient(90deg, ${stops.join(', ')})`;
    const key = [shown, scheme, this.of, this.from];
    if (!this.#kept?.key.every((one, i) => one === key[i])) this.#kept = { key, content: this.#cells(shown) };
    map.content = this.#kept.content;
  }

  #parts(run: RunView): HeatMapContent {
    const { nLayers, nHeads } = run.model.spec;
    const { scheme, headLabels } = this.state;
    const off = new Set(this.#choice.units.map(codeOf));
    const columns = [...Array.from({ length: nHeads }, (_, h) => String(h)), 'attn', 'MLP'];
    return {
      label: 'Parts of the model, to be taken out',
      corner: 'layer',
      rows: Array.from({ length: nLayers }, (_, l) => String(l)),
      columns,
      cells: Array.from({ length: nLayers }, (_, layer) =>
        columns.map((__, column) => {
          const unit = this.#unitAt(run, layer, column);
          const out = off.has(codeOf(unit));
          const known =
            unit.kind === 'head' ? labelsOf(headLabels, layer, unit.head).map(({ name }) => name) : [];
          return {
            colour: rampColor(out ? 0.9 : 0.06, scheme),
            text: out ? 'off' : '',
            name: `${unitName(unit)}${known.length > 0 ? ` (${known.join(', ')})` : ''}: ${out ? 'off' : 'on'}`,
          };
        }),
      ),
      selected: undefined,
    };
  }

  #cells(shown: Shown): HeatMapContent {
    const { answer, run } = shown;
    const { scheme } = this.state;
    const most = this.#most(shown);
    const end = Math.min(this.from + COLUMNS, run.ids.length);
    const positions = Array.from({ length: end - this.from }, (_, i) => this.from + i);
    const order = answer.rows.map((_, r) => r).reverse();
    return {
      label: 'Change of the log-probability, cell by cell',
      corner: 'layer',
      rows: order.map((r) => layerLabel(answer.rows[r]?.layer ?? -1)),
      columns: positions.map((pos) => visibleText(run.pieces[pos] ?? '')),
      cells: order.map((r) =>
        positions.map((pos) => {
          const row = answer.rows[r];
          const value = changeAt(answer, r, pos, this.of);
          return {
            colour: Number.isNaN(value) ? undefined : divergingColor(value / most, scheme),
            text: change(value, 1),
            name: this.#cellSaid(shown, r, pos),
            marked: row?.before[pos] !== row?.after[pos],
          };
        }),
      ),
      selected: undefined,
    };
  }
}
customElements.define('rs-ablation', AblationElement);
