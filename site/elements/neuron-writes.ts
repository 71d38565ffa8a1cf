/** The longest writes of neurons at a position, as a table: coefficient, length, what they move and say. */
import { html, svg, type TemplateResult } from 'lit';
import type { NeuronName, NeuronWrite } from '../../engine/neurons-api.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import {
  neuronCode,
  orderedWrites,
  sameNeuron,
  WRITE_ORDERS,
  type WriteOrder,
} from '../controllers/neurons.ts';
import { change, decimals } from '../controllers/numbers.ts';
import type { RunView } from '../controllers/view-state.ts';
import type { NeuronsAnswer } from '../engine/study-protocol.ts';
import { ablationStyles } from '../styles/ablation.ts';
import { headsStyles } from '../styles/heads.ts';
import { lensStyles } from '../styles/lens.ts';
import { neuronsStyles } from '../styles/neurons.ts';
import { shared } from '../styles/shared.ts';
import { tokenChips } from './neuron-tokens.ts';
import { Panel } from './panel.ts';

/** Tokens of a list in the table. */
const LISTED = 3;

const ORDER_WORDS: Readonly<Record<WriteOrder, string>> = {
  length: 'length',
  moves: 'how far they move it',
};

/** The longest writes, with the run that they are of. */
export interface ShownWrites {
  readonly answer: NeuronsAnswer;
  readonly run: RunView;
}

export class NeuronWritesElement extends Panel {
  static override properties = {
    ...Panel.properties,
    shown: { attribute: false },
    busy: { attribute: false },
    neuron: { attribute: false },
    choose: { attribute: false },
    order: { state: true },
  };
  static override styles = [shared, lensStyles, headsStyles, ablationStyles, neuronsStyles];
  declare shown: ShownWrites;
  /** Others are on their way. */
  declare busy: boolean;
  /** The one that is looked at. */
  declare neuron: NeuronName | undefined;
  declare choose: (neuron: NeuronName) => void;
  declare order: WriteOrder;
  protected readonly shows = [] as const;

  constructor() {
    super();
    this.order = 'length';
  }

  protected override render(): TemplateResult {
    const { answer, run } = this.shown;
    const { writes: found, texts: pairs } = answer;
    const texts = new Map(pairs);
    const { layer, pos, target, listedLength, totalLength } = found;
    const writes = orderedWrites(found.writes, this.order);
    const most = writes.reduce((max, { moves }) => Math.max(max, Math.abs(moves)), 1e-9);
    const token = (id: number): TemplateResult =>
      html`<span class="token">${visibleText(texts.get(id) ?? run.texts.get(id) ?? '')}</span>`;
    return html`<section class="card ${this.busy ? 'stale' : ''}" aria-labelledby="writes">
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
          aria-pressed=${sameNeuron(write, this.neuron)}
          @click=${() => this.choose({ layer: write.layer, neuron: write.neuron })}
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
customElements.define('rs-neuron-writes', NeuronWritesElement);
