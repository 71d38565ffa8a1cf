/** The directions view: principal components of the states that one prediction passes, and the experiment. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { visibleText } from '../../shared/picture/visible.ts';
import { DirectionsReader, type DirectionsChoice, type FoundDirections } from '../controllers/directions.ts';
import { directionsExports } from '../controllers/directions-exports.ts';
import { LongPress } from '../controllers/long-press.ts';
import { probabilityOf } from '../controllers/numbers.ts';
import { layerName, selectedCell, type ViewState } from '../controllers/view-state.ts';
import { directionsStyles } from '../styles/directions.ts';
import { lensStyles } from '../styles/lens.ts';
import { shared } from '../styles/shared.ts';
import { termStyles } from '../styles/term.ts';
import { chartData, normChart, screeChart, type ChartData } from './directions-charts.ts';
import {
  type CosineCell,
  cosineKey,
  cosinePicture,
  layerKey,
  pathPicture,
  percent,
} from './directions-pictures.ts';
import { termButton } from './open.ts';
import { Panel } from './panel.ts';
import './directions-experiment.ts';

const CHOICES: readonly (readonly [keyof DirectionsChoice, string, string])[] = [
  ['centred', 'centred', 'Take the mean of the states off first'],
  ['mid', 'mid-block', 'The states after attention too'],
  ['allPositions', 'all positions', 'The states of every token, not of this one alone'],
];

export class DirectionsElement extends Panel {
  static override properties = {
    ...Panel.properties,
    cell: { state: true },
    tableOpen: { state: true },
  };
  static override styles = [shared, termStyles, lensStyles, directionsStyles];
  /** Rows of the heat map under the pointer. */
  declare cell: CosineCell | undefined;
  declare tableOpen: boolean;
  protected readonly shows = [
    'run',
    'phase',
    'selected',
    'scheme',
    'info',
    'options',
  ] as const satisfies (keyof ViewState)[];
  readonly #reader = new DirectionsReader(this);
  readonly #onCell = (cell: CosineCell | undefined): void => {
    if (cell?.join() !== this.cell?.join()) this.cell = cell;
  };
  readonly #press = new LongPress<CosineCell>({ show: this.#onCell, hide: () => this.#onCell(undefined) });
  #data: { readonly of: FoundDirections; readonly data: ChartData } | undefined;

  constructor() {
    super();
    this.tableOpen = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.session.exports.offer('directions', () =>
      this.#reader.found ? directionsExports(this.#reader.found) : [],
    );
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    this.#reader.follow(this.session.engine, this.state, this.#pos, this.#choice);
  }

  /** As the address has it. */
  get #choice(): DirectionsChoice {
    const { centred, states } = this.state.options;
    const more = (states ?? '').split(',');
    return { centred: centred !== '0', mid: more.includes('mid'), allPositions: more.includes('all') };
  }

  #choose({ centred, mid, allPositions }: DirectionsChoice): void {
    const states = [...(mid ? ['mid'] : []), ...(allPositions ? ['all'] : [])].join();
    this.session.setOption('centred', centred ? undefined : '0');
    this.session.setOption('states', states || undefined);
  }

  get #pos(): number | undefined {
    return selectedCell(this.state)?.pos;
  }

  protected override render(): TemplateResult {
    const { run, problem } = this.state;
    const { found, busy } = this.#reader;
    return html`<section aria-labelledby="title" aria-busy=${busy}>
        <div class="head">
          <h2 id="title">
            Directions of one prediction ${termButton('directions')}
            <small>principal components of the states that it passes, layer by layer</small>
          </h2>
          ${run ? this.#controls() : nothing}
        </div>
        <div role="status">${found ? this.#sentence(found) : nothing}</div>
        ${
          this.#reader.problem === undefined
            ? nothing
            : html`<div class="card notice error">
                <h3>No directions here</h3>
                <p>${this.#reader.problem}</p>
              </div>`
        }
        ${
          found
            ? html`<div class="cards ${busy ? 'stale' : ''}">${this.#cards(found)}</div>`
            : run || problem
              ? html`<p class="small">
                  ${busy ? 'Taking the states apart…' : problem ? '' : 'Comes when the run has ended.'}
                </p>`
              : html`<div class="card notice">
                  <h3>Nothing has run yet</h3>
                  <p>
                    Type a prompt above and press Run: the states of its last token are taken apart here. Or
                    run the experiment below, which brings its own prompts.
                  </p>
                </div>`
        }
      </section>
      <rs-directions-experiment .session=${this.session}></rs-directions-experiment>`;
  }

  #controls(): TemplateResult {
    const { run } = this.state;
    const pos = this.#pos;
    return html`<div class="controls">
      <label class="pick"
        >after
        <select @change=${(event: Event) => this.#pick(Number((event.target as HTMLSelectElement).value))}>
          ${run?.pieces.map((piece, at) => html`<option value=${at} .selected=${at === pos}>${at}: ${visibleText(piece)}</option>`)}
        </select></label
      >
      ${CHOICES.map(
        ([name, label, title]) =>
          html`<label class="pick" title=${title}
            ><input
              type="checkbox"
              .checked=${this.#choice[name]}
              ?disabled=${name === 'mid' && run?.model.spec.parallel === true}
              @change=${(event: Event) => {
                this.#choose({ ...this.#choice, [name]: (event.target as HTMLInputElement).checked });
              }}
            />${label}</label
          >`,
      )}
    </div>`;
  }

  #pick(pos: number): void {
    const layer = selectedCell(this.state)?.layer ?? -1;
    this.session.selection.select({ layer, pos });
  }

  #sentence({ directions, texts, run }: FoundDirections): TemplateResult {
    const { ratios, topIds, prediction, match, pos, positions } = directions;
    const text = new Map(texts);
    const token = (id: number | undefined): TemplateResult =>
      html`<span class="token">${visibleText(text.get(id ?? -1) ?? '')}</span>`;
    return html`<p class="say">
      ${positions.length > 1 ? 'Over all positions' : html`After ${html`<span class="token">${visibleText(run.pieces[pos] ?? '')}</span>`}`},
      the first component has <b>${percent(ratios[0] ?? 0)}</b> of the variance and reads as
      ${token(topIds[0])}${
        match === undefined
          ? html`. With all positions in, no match is defined; the model’s prediction here is
            ${token(prediction.id)}.`
          : match
            ? html`: the model’s own prediction.`
            : html`, not as the model’s prediction, ${token(prediction.id)}.`
      }
    </p>`;
  }

  #cards(found: FoundDirections): TemplateResult {
    const { scheme } = this.state;
    const { directions, run } = found;
    if (this.#data?.of !== found) this.#data = { of: found, data: chartData(directions) };
    const { data } = this.#data;
    const layers = run.model.spec.nLayers;
    return html`
      <section class="card" aria-labelledby="scree">
        <h2 id="scree">Share of the variance ${termButton('variance')} <small>by component</small></h2>
        ${screeChart(data, scheme)}
      </section>
      <section class="card" aria-labelledby="path">
        <h2 id="path">The way through the layers <small>states in PC1 and PC2</small></h2>
        ${pathPicture(directions, layers, scheme)} ${layerKey(layers, scheme)} ${this.#pathTable(found)}
      </section>
      <section class="card tall" aria-labelledby="read">
        <h2 id="read">What each direction reads as ${termButton('match')}</h2>
        ${this.#readouts(found)}
      </section>
      <section class="card" aria-labelledby="cosine">
        <h2 id="cosine">Angles between layers ${termButton('cosine')} <small>cosine of the states</small></h2>
        ${cosinePicture(directions.geometry.cosines, scheme, this.#onCell, this.#press)}
        ${cosineKey(directions.geometry.cosines, scheme)}
        <p class="small">${this.#cosineSaid(found)}</p>
        ${this.#cosineTable(found)}
      </section>
      <section class="card" aria-labelledby="norms">
        <h2 id="norms">
          Length of the stream, and of each write ${termButton('norm')} <small>logarithmic</small>
        </h2>
        ${normChart(data, directions.geometry, scheme)}
      </section>
    `;
  }

  #readouts({ directions, texts }: FoundDirections): TemplateResult {
    const { count, k, topIds, topLogprobs, ratios, prediction, match } = directions;
    const text = new Map(texts);
    return html`<ol class="components">
      ${Array.from({ length: count }, (_, c) => {
        const own = topIds[c * k] === prediction.id;
        return html`<li>
          <b>PC${c + 1}</b> <span class="small">${percent(ratios[c] ?? 0)}</span>
          ${
            match === undefined
              ? nothing
              : own
                ? html`<span class="yes">✓ the prediction</span>`
                : html`<span class="small">not the prediction</span>`
          }
          <div class="tokens">
            ${Array.from({ length: k }, (__, i) => {
              const at = c * k + i;
              return html`<span
                ><span class="token">${visibleText(text.get(topIds[at] ?? -1) ?? '')}</span>
                ${probabilityOf(topLogprobs[at] ?? NaN)}</span
              >`;
            })}
          </div>
        </li>`;
      })}
    </ol>`;
  }

  #pathTable({ directions }: FoundDirections): TemplateResult {
    const { states, path, count, positions } = directions;
    return html`<details>
      <summary>As a table</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="States along the first components">
        <table>
          <thead>
            <tr>
              ${positions.length > 1 ? html`<th scope="col">position</th>` : nothing}
              <th scope="col">state</th>
              <th scope="col">PC1</th>
              <th scope="col">PC2</th>
            </tr>
          </thead>
          <tbody>
            ${states.map(
              ({ layer, mid, pos }, i) =>
                html`<tr>
                  ${positions.length > 1 ? html`<td>${pos}</td>` : nothing}
                  <th scope="row">${layerName(layer)}${mid ? ', after attention' : ''}</th>
                  <td>${(path[i * count] ?? NaN).toFixed(3)}</td>
                  <td>${count > 1 ? (path[i * count + 1] ?? NaN).toFixed(3) : '–'}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </details>`;
  }

  #cosineSaid({ directions }: FoundDirections): string {
    const { cosines, stream } = directions.geometry;
    const rows = stream.length;
    const [a, b] = this.cell ?? [rows - 1, 0];
    return `${layerName(a - 1)} and ${layerName(b - 1)}: ${(cosines[a * rows + b] ?? NaN).toFixed(3)}`;
  }

  /** Made when it is opened: it has a cell for every two rows. */
  #cosineTable({ directions }: FoundDirections): TemplateResult {
    const { cosines, stream } = directions.geometry;
    const rows = [...stream.keys()];
    return html`<details
      @toggle=${(event: Event) => (this.tableOpen = (event.target as HTMLDetailsElement).open)}
    >
      <summary>As a table</summary>
      ${
        this.tableOpen
          ? html`<div class="scroll" tabindex="0" role="region" aria-label="Cosines between rows">
              <table>
                <thead>
                  <tr>
                    <th scope="col">row</th>
                    ${rows.map((r) => html`<th scope="col">${layerName(r - 1)}</th>`)}
                  </tr>
                </thead>
                <tbody>
                  ${rows.map(
                    (r) =>
                      html`<tr>
                        <th scope="row">${layerName(r - 1)}</th>
                        ${rows.map((c) => html`<td>${(cosines[r * rows.length + c] ?? NaN).toFixed(2)}</td>`)}
                      </tr>`,
                  )}
                </tbody>
              </table>
            </div>`
          : nothing
      }
    </details>`;
  }
}
customElements.define('rs-directions', DirectionsElement);
