/** Which neurons take away what they read: cosines by layer as a map, the strongest listed, deleting heads beside them. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { DeletionReading, NeuronName } from '../../engine/neurons-api.ts';
import { byScore, scoreAt, type HeadName } from '../../shared/heads/reading.ts';
import { rampColor } from '../../shared/picture/ramp.ts';
import type { CellEvent, HeatMapContent, HeatMapElement } from '../charts/heat-map.ts';
import { HeadsReader } from '../controllers/heads.ts';
import { nameAt, progressSaid } from '../words/heads.ts';
import { neuronCode, sameNeuron } from '../controllers/neurons.ts';
import { decimals, plural } from '../controllers/numbers.ts';
import { soonDone, StudyReader } from '../controllers/study.ts';
import type { ViewState } from '../controllers/view-state.ts';
import { headsStyles } from '../styles/heads.ts';
import { lensStyles } from '../styles/lens.ts';
import { neuronsStyles } from '../styles/neurons.ts';
import { shared } from '../styles/shared.ts';
import { termStyles } from '../styles/term.ts';
import { termButton } from './open.ts';
import { Panel } from './panel.ts';
import { studyProgress } from './study-progress.ts';
import '../charts/heat-map.ts';

/** Heads that are listed. */
const HEADS = 12;

export class NeuronDeletionElement extends Panel {
  static override properties = {
    ...Panel.properties,
    neuron: { attribute: false },
    choose: { attribute: false },
    looked: { state: true },
  };
  static override styles = [shared, termStyles, lensStyles, headsStyles, neuronsStyles];
  declare neuron: NeuronName | undefined;
  declare choose: (neuron: NeuronName) => void;
  declare looked: { readonly row: number; readonly column: number } | undefined;
  protected readonly shows = ['info', 'phase', 'scheme', 'run'] as const satisfies (keyof ViewState)[];
  readonly #reader = new StudyReader(this, 'deletion');
  readonly #heads = new HeadsReader(this);
  #kept: { readonly key: readonly unknown[]; readonly content: HeatMapContent } | undefined;

  get found(): DeletionReading | undefined {
    return this.#reader.answer;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    const { info } = this.state;
    this.#reader.about(info);
    if (info && soonDone(info)) this.#reader.follow(this.session, info.id, () => ({}));
    this.#heads.follow(this.session, true);
  }

  protected override render(): TemplateResult {
    const { problem, busy, answer, step, cancelled } = this.#reader;
    const words = !step
      ? 'starting'
      : step.stage === 'prompts'
        ? `the gates’ signs, ${step.done} of ${plural(step.total, 'text')}`
        : `layer ${Math.min(step.done + 1, step.total)} of ${step.total}`;
    return html`<section class="card" aria-labelledby="cosines" aria-busy=${busy}>
        <h2 id="cosines">
          Who takes away what it reads ${termButton('deletion')}
          <small>neurons by the cosine of key and value, layer by layer</small>
        </h2>
        ${busy ? studyProgress('Cosines', words, step ?? { done: 0, total: 0 }, () => this.#reader.cancel()) : nothing}
        <div role="alert">${problem === undefined ? nothing : html`<p class="bad">${problem}</p>`}</div>
        ${
          answer
            ? this.#map(answer)
            : busy
              ? nothing
              : html`<div class="ways">
                  <button
                    class="button primary"
                    ?disabled=${this.state.phase !== 'done'}
                    @click=${() => void this.#reader.read(this.session, {})}
                  >
                    Compare keys and values
                  </button>
                  <span class="small">${cancelled ? 'Cancelled.' : ''}</span>
                </div>`
        }
      </section>
      <div class="parts even">${answer ? this.#strongest(answer) : nothing} ${this.#deletingHeads()}</div>`;
  }

  #map({ neurons, strongest, notes }: DeletionReading): TemplateResult {
    const { looked } = this;
    const cell = looked && this.#kept?.content.cells[looked.row]?.[looked.column];
    const [first] = strongest;
    return html`<rs-heat-map
        @look=${({ detail }: CellEvent) => (this.looked = detail ?? undefined)}
        @open=${({ detail }: CellEvent) => (this.looked = detail ?? undefined)}
      ></rs-heat-map>
      <p class="said">
        ${cell ? `${cell.name}.` : html`${plural(neurons, 'neuron')} a layer; columns begin at the cosine named. ${first ? `The most negative: ${neuronCode(first)}, ${decimals(first.cosine)}.` : 'None is negative.'}`}
      </p>
      ${notes.map((note) => html`<p class="small">${note}</p>`)}`;
  }

  #strongest({ strongest, gateCosines }: DeletionReading): TemplateResult {
    return html`<section class="card" aria-labelledby="strongest">
      <h2 id="strongest">Deleting neurons <small>the most negative cosines</small></h2>
      <div class="scroll" tabindex="0" role="region" aria-label="Cosines of deleting neurons">
        <table class="list">
          <thead>
            <tr>
              <th scope="col">neuron</th>
              <th scope="col">cosine</th>
              <th scope="col">norms folded in</th>
              ${
                gateCosines
                  ? html`<th scope="col">gate’s cosine</th>
                      <th scope="col">gate’s mean</th>`
                  : nothing
              }
            </tr>
          </thead>
          <tbody>
            ${strongest.map(
              (one) =>
                html`<tr>
                  <th scope="row">
                    <button
                      class="open"
                      aria-label="Neuron ${neuronCode(one)}: show it"
                      aria-pressed=${sameNeuron(one, this.neuron)}
                      @click=${() => this.choose({ layer: one.layer, neuron: one.neuron })}
                    >
                      ${neuronCode(one)}
                    </button>
                  </th>
                  <td class="by">${decimals(one.cosine)}</td>
                  <td>${decimals(one.folded)}</td>
                  ${
                    gateCosines
                      ? html`<td>${decimals(one.gateCosine ?? NaN)}</td>
                          <td>${decimals(one.gateMean ?? NaN, 3)}</td>`
                      : nothing
                  }
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </section>`;
  }

  #deletingHeads(): TemplateResult {
    const { reading, busy, problem, progress, cancelled } = this.#heads;
    const { words, share } = progressSaid(progress);
    const listed = reading
      ? byScore(reading, 'deleting')
          .filter((at) => scoreAt(reading, 'deleting', at) > 0)
          .slice(0, HEADS)
      : [];
    return html`<section class="card" aria-labelledby="heads" aria-busy=${busy}>
      <h2 id="heads">Deleting heads ${termButton('copying')} <small>by their circuits</small></h2>
      ${busy ? studyProgress('Reading the heads', words, { done: share, total: 1 }, () => this.#heads.cancel()) : nothing}
      <div role="alert">${problem === undefined ? nothing : html`<p class="bad">${problem}</p>`}</div>
      ${
        reading
          ? html`<div class="scroll" tabindex="0" role="region" aria-label="Scores of deleting heads">
              <table class="list">
                <thead>
                  <tr>
                    <th scope="col">head</th>
                    <th scope="col">deleting</th>
                    <th scope="col">copying</th>
                    <th scope="col">looks at its own token</th>
                  </tr>
                </thead>
                <tbody>
                  ${listed.map((at) => {
                    const name = nameAt(at, reading.heads);
                    return html`<tr>
                      <th scope="row">
                        <button
                          class="open"
                          aria-label="Head ${name.layer}.${name.head}: show its attention"
                          @click=${() => this.#openHead(name)}
                        >
                          ${name.layer}.${name.head}
                        </button>
                      </th>
                      <td class="by">${decimals(scoreAt(reading, 'deleting', at))}</td>
                      <td>${decimals(scoreAt(reading, 'copying', at))}</td>
                      <td>${decimals(scoreAt(reading, 'present', at))}</td>
                    </tr>`;
                  })}
                </tbody>
              </table>
            </div>`
          : busy
            ? nothing
            : html`<div class="ways">
                <button
                  class="button"
                  ?disabled=${this.state.phase !== 'done'}
                  @click=${() => void this.#heads.read(this.session)}
                >
                  Read the heads
                </button>
                <span class="small"
                  >${cancelled ? 'Cancelled. ' : ''}as the Heads view does; the device keeps it</span
                >
              </div>`
      }
    </section>`;
  }

  #openHead({ layer, head }: HeadName): void {
    const { run, selected } = this.state;
    this.session.selection.select({ layer, pos: selected?.pos ?? (run?.ids.length ?? 1) - 1 });
    this.session.selection.selectHead(head);
    this.session.setView('attention');
  }

  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    const map = this.renderRoot.querySelector<HeatMapElement>('rs-heat-map');
    const { answer } = this.#reader;
    if (!map || !answer) return;
    const { scheme } = this.state;
    const key = [answer, scheme];
    if (!this.#kept?.key.every((one, i) => one === key[i]))
      this.#kept = { key, content: cosineMap(answer, scheme) };
    map.content = this.#kept.content;
  }
}
customElements.define('rs-neuron-deletion', NeuronDeletionElement);

/** A cell's colour goes with the root of its count: few neurons lie far from 0, and they are what is looked for. */
function cosineMap({ histogram, edges }: DeletionReading, scheme: ViewState['scheme']): HeatMapContent {
  const most = histogram.reduce((max, row) => row.reduce((a, b) => Math.max(a, b), max), 1);
  const edge = (i: number): string => decimals(edges[i] ?? NaN, 1);
  return {
    label: 'Neurons by the cosine of key and value: rows are layers, columns cosines',
    corner: 'layer',
    rows: histogram.map((_, layer) => String(layer)),
    columns: Array.from({ length: edges.length - 1 }, (_, i) => edge(i).replace('0.', '.')),
    cells: histogram.map((row, layer) =>
      Array.from(row, (n, i) => ({
        colour: rampColor(Math.sqrt(n / most), scheme),
        text: n === 0 ? '' : String(n),
        name: `Layer ${layer}, cosine from ${edge(i)} to ${edge(i + 1)}: ${plural(n, 'neuron')}`,
      })),
    ),
    selected: undefined,
  };
}
