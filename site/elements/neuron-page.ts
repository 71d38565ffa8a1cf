/** One neuron by its weights: what its value says, what its key looks for, whether it takes away what it reads. */
import { html, nothing, type TemplateResult } from 'lit';
import type { NeuronName, NeuronWrite } from '../../engine/neurons-api.ts';
import { writeChoice } from '../controllers/ablation-choice.ts';
import { deletionSaid, KEY_WORDS, neuronCode, readNeuron } from '../controllers/neurons.ts';
import { change, decimals } from '../controllers/numbers.ts';
import type { ViewState } from '../controllers/view-state.ts';
import type { NeuronAnswer } from '../engine/study-protocol.ts';
import { headsStyles } from '../styles/heads.ts';
import { neuronsStyles } from '../styles/neurons.ts';
import { shared } from '../styles/shared.ts';
import { termStyles } from '../styles/term.ts';
import { tokenNumbers } from './neuron-tokens.ts';
import { termButton } from './open.ts';
import { Panel } from './panel.ts';

export class NeuronPageElement extends Panel {
  static override properties = {
    ...Panel.properties,
    neuron: { attribute: false },
    answer: { attribute: false },
    write: { attribute: false },
    problem: { attribute: false },
    choose: { attribute: false },
    wrong: { state: true },
  };
  static override styles = [shared, termStyles, headsStyles, neuronsStyles];
  declare neuron: NeuronName | undefined;
  declare answer: NeuronAnswer | undefined;
  /** What it does at the chosen position, where that is listed. */
  declare write: NeuronWrite | undefined;
  declare problem: string | undefined;
  declare choose: (neuron: NeuronName) => void;
  /** What is wrong with the neuron that was typed. */
  declare wrong: string | undefined;
  protected readonly shows = ['info'] as const satisfies (keyof ViewState)[];

  protected override render(): TemplateResult {
    const { neuron, answer, problem, wrong } = this;
    const { spec } = this.state.info ?? {};
    return html`<section class="card" aria-labelledby="page">
      <h2 id="page">
        ${neuron ? `Neuron ${neuronCode(neuron)}` : 'One neuron'} ${termButton('neuron')}
        <small>by its weights, whatever the prompt</small>
      </h2>
      <form
        class="line"
        @submit=${(event: Event) => {
          event.preventDefault();
          this.#look(event.target as HTMLFormElement);
        }}
      >
        <label for="neuron">Another</label>
        <input
          id="neuron"
          name="neuron"
          type="text"
          inputmode="decimal"
          autocomplete="off"
          placeholder=${spec ? `layer.number, to ${spec.nLayers - 1}.${spec.dMlp - 1}` : 'layer.number'}
        />
        <button class="button">Show it</button>
      </form>
      <div role="alert">
        ${wrong === undefined ? nothing : html`<p class="bad">${wrong}</p>`}
        ${problem === undefined ? nothing : html`<p class="bad">${problem}</p>`}
      </div>
      ${answer && neuron ? this.#page(answer, neuron) : nothing}
    </section>`;
  }

  #page({ page, texts: pairs }: NeuronAnswer, neuron: NeuronName): TemplateResult {
    const texts = new Map(pairs);
    const { write } = this;
    return html`
      <p class="say" role="status">
        ${
          write
            ? html`Here its coefficient is <b>${change(write.coefficient)}</b>, so that it writes
                ${write.coefficient < 0 ? 'its value turned round' : 'its value'}, at a length of
                ${decimals(write.length)}. `
            : nothing
        }${deletionSaid(page)}
      </p>
      <dl>
        <dt>its value says</dt>
        <dd>${tokenNumbers(page.promoted, texts)}</dd>
        <dt>and takes from</dt>
        <dd>${tokenNumbers(page.suppressed, texts)}</dd>
        ${page.keys.map(
          (key) =>
            html`<dt>${KEY_WORDS[key.part]} lies along <small>cosine</small></dt>
              <dd>${tokenNumbers(key.nearest, texts)}</dd>
              <dt>and against</dt>
              <dd>${tokenNumbers(key.farthest, texts)}</dd>`,
        )}
      </dl>
      <div class="ways">
        <button class="button primary" @click=${() => this.#ablate(neuron)}>
          Ablate neuron ${neuronCode(neuron)}
        </button>
        <span class="small">takes it out of this prompt’s run and shows what changes, cell by cell</span>
      </div>
      ${page.notes.map((note) => html`<p class="small">${note}</p>`)}
    `;
  }

  /** It alone, at zero: other parts that are out would hide what it does. */
  #ablate(neuron: NeuronName): void {
    this.session.setOption('off', writeChoice({ units: [{ kind: 'neuron', ...neuron }], how: 'zero' }));
    this.session.setView('ablation');
  }

  #look(form: HTMLFormElement): void {
    const input = form.elements.namedItem('neuron');
    const { spec } = this.state.info ?? {};
    if (!(input instanceof HTMLInputElement) || !spec) return;
    const found = readNeuron(input.value, spec);
    this.wrong = found
      ? undefined
      : `“${input.value}” is no neuron here: layer.number, from 0.0 to ${spec.nLayers - 1}.${spec.dMlp - 1}.`;
    if (!found) return;
    input.value = '';
    this.choose(found);
  }
}
customElements.define('rs-neuron-page', NeuronPageElement);
