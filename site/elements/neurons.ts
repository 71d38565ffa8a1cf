/** The neurons view: what the MLPs' neurons write at a position, any neuron by its weights and texts, and who deletes. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { NeuronName } from '../../engine/neurons-api.ts';
import { readLogitChoice } from '../controllers/logit-choice.ts';
import type { Exportable } from '../controllers/exports.ts';
import {
  agreementExports,
  deletionExports,
  neuronExports,
  writesExports,
} from '../controllers/neurons-exports.ts';
import { neuronCode, readNeuron, sameNeuron } from '../controllers/neurons.ts';
import { StudyReader } from '../controllers/study.ts';
import { selectedCell, type RunView, type ViewState } from '../controllers/view-state.ts';
import { ablationStyles } from '../styles/ablation.ts';
import { headsStyles } from '../styles/heads.ts';
import { lensStyles } from '../styles/lens.ts';
import { neuronsStyles } from '../styles/neurons.ts';
import { shared } from '../styles/shared.ts';
import { termStyles } from '../styles/term.ts';
import type { NeuronAgreementElement } from './neuron-agreement.ts';
import type { NeuronDeletionElement } from './neuron-deletion.ts';
import type { NeuronTriggersElement, OwnTexts } from './neuron-triggers.ts';
import type { ShownWrites } from './neuron-writes.ts';
import { termButton } from './open.ts';
import { Panel } from './panel.ts';
import './logit-choice.ts';
import './neuron-agreement.ts';
import './neuron-deletion.ts';
import './neuron-page.ts';
import './neuron-triggers.ts';
import './neuron-writes.ts';

export class NeuronsElement extends Panel {
  static override properties = {
    ...Panel.properties,
    texts: { state: true },
  };
  static override styles = [shared, termStyles, lensStyles, headsStyles, ablationStyles, neuronsStyles];
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
  #shown: ShownWrites | undefined;
  #chosen: NeuronName | undefined;

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
        ${this.#shown ? html`<rs-neuron-writes .session=${session} .shown=${this.#shown} .busy=${this.#writes.busy} .neuron=${neuron} .choose=${this.#choose}></rs-neuron-writes>` : html`<section class="card" role="status"><p class="small">${this.#writes.busy ? 'Running the prompt…' : 'No writes to list yet.'}</p></section>`}
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
          .waits=${this.#writes.busy}
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
}
customElements.define('rs-neurons', NeuronsElement);
