/** The neurons view: what the MLPs' neurons write at a position, any neuron by its weights and texts, and who deletes. */
import { html, nothing, svg, type PropertyValues, type TemplateResult } from 'lit';
import type { NeuronName, NeuronWrite } from '../../engine/neurons-api.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import { readLogitChoice } from '../controllers/logit-choice.ts';
import type { Exportable } from '../controllers/exports.ts';
import {
  agreementExports,
  deletionExports,
  neuronExports,
  writesExports,
} from '../controllers/neurons-exports.ts';
import {
  neuronCode,
  orderedWrites,
  readNeuron,
  sameNeuron,
  WRITE_ORDERS,
  type WriteOrder,
} from '../controllers/neurons.ts';
import { change, decimals } from '../controllers/numbers.ts';
import { StudyReader } from '../controllers/study.ts';
import { selectedCell, type RunView, type ViewState } from '../controllers/view-state.ts';
import type { NeuronsAnswer } from '../engine/study-protocol.ts';
import { ablationStyles } from '../styles/ablation.ts';
import { headsStyles } from '../styles/heads.ts';
import { lensStyles } from '../styles/lens.ts';
import { neuronsStyles } from '../styles/neurons.ts';
import { shared } from '../styles/shared.ts';
import { termStyles } from '../styles/term.ts';
import type { NeuronAgreementElement } from './neuron-agreement.ts';
import type { NeuronDeletionElement } from './neuron-deletion.ts';
import { tokenChips } from './neuron-tokens.ts';
import type { NeuronTriggersElement, OwnTexts } from './neuron-triggers.ts';
import { termButton } from './open.ts';
import { Panel } from './panel.ts';
import './logit-choice.ts';
import './neuron-agreement.ts';
import './neuron-deletion.ts';
import './neuron-page.ts';
import './neuron-triggers.ts';

/** Tokens of a list in the table. */
const LISTED = 3;

const ORDER_WORDS: Readonly<Record<WriteOrder, string>> = {
  length: 'length',
  moves: 'how far they move it',
};

/** The largest writes, with the run that they are of. */
interface Shown {
  readonly answer: NeuronsAnswer;
  readonly run: RunView;
}

export class NeuronsElement extends Panel {
  static override properties = {
    ...Panel.properties,
    order: { state: true },
    texts: { state: true },
  };
  static override styles = [shared, termStyles, lensStyles, headsStyles, ablationStyles, neuronsStyles];
  declare order: WriteOrder;
  /** The reader's own, in place of the bundled ones. */
  declare texts: OwnTexts | undefined;
  protected readonly shows = [
    'info',
    'run',
    'phase',
    'selected',
    'options',
  ] as const satisfies (keyof ViewState)[];
  readonly #writes = new StudyReader(this, 'neurons');
  readonly #page = new StudyReader(this, 'neuron');
  #asked: RunView | undefined;
  #shown: Shown | undefined;
  #chosen: NeuronName | undefined;

  constructor() {
    super();
    this.order = 'length';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.session.exports.offer('neurons', () => this.#exports());
  }

  #exports(): readonly Exportable[] {
    const { info } = this.state;
    if (!info) return [];
    const root = this.renderRoot;
    const page = this.#pageShown;
    const agreement = root.querySelector<NeuronAgreementElement>('rs-neuron-agreement')?.found;
    const deletion = root.querySelector<NeuronDeletionElement>('rs-neuron-deletion')?.found;
    const triggers = root.querySelector<NeuronTriggersElement>('rs-neuron-triggers')?.found;
    return [
      ...(this.#shown ? [writesExports(this.#shown.answer, this.#shown.run)] : []),
      ...(page ? [neuronExports(page, info.id, triggers)] : []),
      ...(agreement ? [agreementExports(agreement, info.id)] : []),
      ...(deletion ? [deletionExports(deletion, info.id)] : []),
    ];
  }

  /** Of the chosen neuron alone. */
  get #pageShown() {
    const { answer } = this.#page;
    return answer && sameNeuron(answer.page, this.#chosen) ? answer : undefined;
  }

  /** Undefined: all together. */
  get #layer(): number | undefined {
    if (this.state.options.writes === 'all') return undefined;
    return Math.max(0, selectedCell(this.state)?.layer ?? 0);
  }

  readonly #choose = (neuron: NeuronName): void => {
    this.session.setOption('neuron', neuronCode(neuron));
  };

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    const { run, info, options, phase } = this.state;
    this.#writes.about(info);
    this.#page.about(info);
    if (run && phase === 'done') this.#askWrites(run);
    const { answer, busy } = this.#writes;
    if (answer && !busy && this.#asked && this.#shown?.answer !== answer)
      this.#shown = { answer, run: this.#asked };
    if (this.#shown && (this.#shown.run.ids !== run?.ids || this.#writes.problem !== undefined))
      this.#shown = undefined;
    const named = info && readNeuron(options.neuron, info.spec);
    const [first] = this.#shown?.answer.writes.writes ?? [];
    const chosen = named ?? (first && { layer: first.layer, neuron: first.neuron });
    // The same object for the same neuron, or the parts would ask again.
    if (!sameNeuron(chosen, this.#chosen)) this.#chosen = chosen;
    if (info && chosen) {
      this.#page.follow(this.session, neuronCode(chosen), () => ({
        layer: chosen.layer,
        neuron: chosen.neuron,
      }));
    }
  }

  #askWrites(run: RunView): void {
    const { target } = readLogitChoice(this.state.options.of, run.model.spec.dVocab);
    const pos = selectedCell(this.state)?.pos ?? 0;
    const layer = this.#layer;
    this.#writes.follow(this.session, [run.ids.join(), pos, layer, target].join(':'), () => {
      this.#asked = run;
      return { ids: run.ids, pos, layer, target };
    });
  }

  protected override render(): TemplateResult {
    const { run, info } = this.state;
    const { problem, busy } = this.#writes;
    return html`<section aria-labelledby="title" aria-busy=${busy}>
      <div class="head">
        <h2 id="title">
          Neurons ${termButton('neurons')}
          <small>the MLPs as a memory: what turns each neuron on, and what it then says</small>
        </h2>
      </div>
      <div role="alert">
        ${
          problem === undefined
            ? nothing
            : html`<div class="card notice error">
                <h3>The neurons could not be read</h3>
                <p>${problem}</p>
              </div>`
        }
      </div>
      ${
        run && info
          ? html`${this.#controls(run)} ${this.#parts()}`
          : html`<div class="card notice">
              <h3>Nothing has run yet</h3>
              <p>Type a prompt above and press Run: what the neurons write on its way is shown here.</p>
            </div>`
      }
    </section>`;
  }

  #controls(run: RunView): TemplateResult {
    const layer = this.#layer;
    return html`<div class="controls off">
      <label class="pick"
        >layer
        <select
          @change=${(event: Event) => {
            const { value } = event.target as HTMLSelectElement;
            this.session.setOption('writes', value === 'all' ? value : undefined);
            const pos = selectedCell(this.state)?.pos ?? 0;
            if (value !== 'all') this.session.selection.select({ layer: Number(value), pos });
          }}
        >
          <option value="all" .selected=${layer === undefined}>all together</option>
          ${Array.from(
            { length: run.model.spec.nLayers },
            (_, l) => html`<option value=${l} .selected=${l === layer}>${l}</option>`,
          )}
        </select></label
      >
      <rs-logit-choice
        .session=${this.session}
        .texts=${new Map(this.#shown?.answer.texts)}
      ></rs-logit-choice>
    </div>`;
  }

  #parts(): TemplateResult {
    const { session } = this;
    const neuron = this.#chosen;
    const page = this.#pageShown;
    const write = this.#shown?.answer.writes.writes.find((one) => sameNeuron(one, neuron));
    return html`<div class="parts neurons">
        ${this.#shown ? this.#list(this.#shown) : html`<section class="card" role="status"><p class="small">${this.#writes.busy ? 'Running the prompt…' : 'No writes to list yet.'}</p></section>`}
        <rs-neuron-page
          .session=${session}
          .neuron=${neuron}
          .answer=${page}
          .write=${write}
          .problem=${this.#page.problem}
          .choose=${this.#choose}
        ></rs-neuron-page>
      </div>
      <div class="parts even">
        <rs-neuron-triggers
          .session=${session}
          .neuron=${neuron}
          .page=${page?.page}
          .texts=${this.texts}
          .setTexts=${(texts: OwnTexts | undefined) => (this.texts = texts)}
        ></rs-neuron-triggers>
        <rs-neuron-agreement .session=${session} .texts=${this.texts}></rs-neuron-agreement>
      </div>
      <rs-neuron-deletion
        .session=${session}
        .neuron=${neuron}
        .choose=${this.#choose}
      ></rs-neuron-deletion>`;
  }

  #list({ answer, run }: Shown): TemplateResult {
    const { writes: found, texts: pairs } = answer;
    const texts = new Map(pairs);
    const { layer, pos, target, listedLength, totalLength } = found;
    const writes = orderedWrites(found.writes, this.order);
    const most = writes.reduce((max, { moves }) => Math.max(max, Math.abs(moves)), 1e-9);
    const token = (id: number): TemplateResult =>
      html`<span class="token">${visibleText(texts.get(id) ?? run.texts.get(id) ?? '')}</span>`;
    return html`<section class="card ${this.#writes.busy ? 'stale' : ''}" aria-labelledby="writes">
      <h2 id="writes">
        The longest writes ${layer === undefined ? 'of all layers' : `of layer ${layer}`}
        <small>after ${visibleText(run.pieces[pos] ?? '')}, position ${pos}</small>
      </h2>
      <div class="controls">
        <fieldset>
          <legend>ordered by</legend>
          ${WRITE_ORDERS.map(
            (name) =>
              html`<label
                ><input
                  type="radio"
                  name="order"
                  .checked=${name === this.order}
                  @change=${() => (this.order = name)}
                />${ORDER_WORDS[name]}</label
              >`,
          )}
        </fieldset>
      </div>
      <p class="said" role="status">
        These ${writes.length} are ${((100 * listedLength) / totalLength).toFixed(0)}% of the length of all
        writes ${layer === undefined ? '' : 'in the layer '}here. Together they move the logit of
        ${token(target)} by <b>${change(writes.reduce((sum, { moves }) => sum + moves, 0))}</b>.
      </p>
      <div class="scroll tall" tabindex="0" role="region" aria-label="Writes of neurons">
        <table class="list">
          <thead>
            <tr>
              <th scope="col">neuron</th>
              <th scope="col">coefficient</th>
              <th scope="col">length</th>
              <th scope="col" colspan="2">moves ${token(target)}</th>
              <th scope="col">promotes here</th>
              <th scope="col">suppresses here</th>
            </tr>
          </thead>
          <tbody>
            ${writes.map((write) => this.#row(write, texts, most))}
          </tbody>
        </table>
      </div>
      ${found.notes.map((note) => html`<p class="small">${note}</p>`)}
    </section>`;
  }

  #row(write: NeuronWrite, texts: ReadonlyMap<number, string>, most: number): TemplateResult {
    const code = neuronCode(write);
    const half = (50 * Math.abs(write.moves)) / most;
    return html`<tr>
      <th scope="row">
        <button
          class="open"
          aria-label="Neuron ${code}: show it"
          aria-pressed=${sameNeuron(write, this.#chosen)}
          @click=${() => this.#choose(write)}
        >
          ${code}
        </button>
      </th>
      <td>${decimals(write.coefficient)}</td>
      <td>${decimals(write.length)}</td>
      <td class="number">${change(write.moves, 3)}</td>
      <td class="bar">
        <svg viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true">
          ${svg`<line x1="50" x2="50" y1="0" y2="12" stroke-width=".8"></line>
            <rect class=${write.moves < 0 ? 'down' : 'up'} x=${write.moves < 0 ? 50 - half : 50} y="2"
              width=${half} height="8"></rect>`}
        </svg>
      </td>
      <td>${tokenChips(write.promoted, texts, LISTED)}</td>
      <td>${tokenChips(write.suppressed, texts, LISTED)}</td>
    </tr>`;
  }
}
customElements.define('rs-neurons', NeuronsElement);
