/** The heads view: what every head does on repeated random tokens and by its weights, as a map, a list and a circuit. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { HeadsReading } from '../../engine/heads-api.ts';
import { byScore, scoreAt, SORTABLE, type HeadName, type SortableScore } from '../../shared/heads/reading.ts';
import { divergingColor, rampColor } from '../../shared/picture/ramp.ts';
import type { CellEvent, HeatMapContent, HeatMapElement } from '../charts/heat-map.ts';
import { headsExports } from '../controllers/heads-exports.ts';
import {
  headSaid,
  isSigned,
  nameAt,
  progressSaid,
  SCORE_TITLES,
  SCORE_UNITS,
  scoreText,
  withSpread,
} from '../words/heads.ts';
import { HeadsReader } from '../controllers/heads.ts';
import { plural } from '../controllers/numbers.ts';
import type { ViewState } from '../controllers/view-state.ts';
import { headsStyles } from '../styles/heads.ts';
import { lensStyles } from '../styles/lens.ts';
import { shared } from '../styles/shared.ts';
import { termStyles } from '../styles/term.ts';
import { termButton } from './open.ts';
import { Panel } from './panel.ts';
import { studyProgress } from './study-progress.ts';
import '../charts/heat-map.ts';
import './heads-circuit.ts';
import './heads-composition.ts';
import './heads-loss.ts';

/** Lines of the list before the reader asks for all. */
const LINES = 16;

export class HeadsElement extends Panel {
  static override properties = {
    ...Panel.properties,
    looked: { state: true },
    all: { state: true },
  };
  static override styles = [shared, termStyles, lensStyles, headsStyles];
  /** Under the pointer, as layer · heads + head. */
  declare looked: number | undefined;
  /** Every head in the list. */
  declare all: boolean;
  protected readonly shows = [
    'info',
    'phase',
    'scheme',
    'options',
    'selected',
    'head',
  ] as const satisfies (keyof ViewState)[];
  readonly #reader = new HeadsReader(this);

  constructor() {
    super();
    this.all = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.session.exports.offer('heads', () => {
      const { reading } = this.#reader;
      const { info, options } = this.state;
      return reading && info ? headsExports(reading, info.id, this.#score, options.compose) : [];
    });
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    this.#reader.follow(this.session);
  }

  get #score(): SortableScore {
    return SORTABLE.find((name) => name === this.state.options.score) ?? 'induction';
  }

  protected override render(): TemplateResult {
    const { reading, problem, busy } = this.#reader;
    return html`<section aria-labelledby="title" aria-busy=${busy}>
      <div class="head">
        <h2 id="title">
          Heads ${termButton('detectors')}
          <small
            >what each one does, whatever the prompt: on repeated random tokens, and by its weights</small
          >
        </h2>
      </div>
      ${busy ? this.#progress() : nothing}
      <div role="alert">
        ${
          problem === undefined
            ? nothing
            : html`<div class="card notice error">
                <h3>The heads could not be read</h3>
                <p>${problem}</p>
                <div class="ways">
                  <button class="button primary" @click=${() => void this.#reader.read(this.session)}>
                    Try again
                  </button>
                </div>
              </div>`
        }
      </div>
      ${reading ? this.#parts(reading) : busy || problem !== undefined ? nothing : this.#empty()}
    </section>`;
  }

  #progress(): TemplateResult {
    const { words, share } = progressSaid(this.#reader.progress);
    return studyProgress(
      'Reading the heads',
      `${words} · ${Math.round(100 * share)}%`,
      { done: share, total: 1 },
      () => this.#reader.cancel(),
    );
  }

  #empty(): TemplateResult {
    const { info } = this.state;
    if (!info) {
      return html`<div class="card notice">
        <h3>No model is here yet</h3>
        <p>Run a prompt above: its model’s heads are read here.</p>
      </div>`;
    }
    const { nLayers, nHeads } = info.spec;
    return html`<div class="card notice">
      <h3>${this.#reader.cancelled ? 'Cancelled' : `${plural(nLayers * nHeads, 'head')} to be read`}</h3>
      <p>
        Every head of ${info.id} looks at random tokens that come twice, eight times over, and its weights are
        taken apart. It takes a while in a model of this size; this device keeps what it finds.
      </p>
      <div class="ways">
        <button class="button primary" @click=${() => void this.#reader.read(this.session)}>
          Read the heads
        </button>
      </div>
    </div>`;
  }

  #parts(reading: HeadsReading): TemplateResult {
    const score = this.#score;
    return html`<div class="parts">
        <section class="card" aria-labelledby="map">
          <h2 id="map">
            Layer by head
            <small>${SCORE_UNITS[score]}</small> ${isSigned(score) ? termButton('copying') : nothing}
          </h2>
          <fieldset>
            <legend>score</legend>
            ${SORTABLE.map(
              (name) =>
                html`<label
                  ><input
                    type="radio"
                    name="score"
                    .checked=${name === score}
                    @change=${() => this.session.setOption('score', name)}
                  />${SCORE_TITLES[name]}</label
                >`,
            )}
          </fieldset>
          <rs-heat-map
            @look=${({ detail }: CellEvent) => {
              this.looked = detail ? detail.row * reading.heads + detail.column : undefined;
            }}
            @open=${({ detail }: CellEvent) => {
              if (detail) this.#open({ layer: detail.row, head: detail.column });
            }}
          ></rs-heat-map>
          ${this.#legend(score)}
          <p class="said">${this.#said(reading, score)}</p>
        </section>
        ${this.#list(reading, score)}
      </div>
      <rs-heads-circuit
        .session=${this.session}
        .reading=${reading}
        .open=${(head: HeadName) => this.#open(head)}
      ></rs-heads-circuit>
      <div class="parts even">
        <rs-heads-composition
          .session=${this.session}
          .reading=${reading}
          .open=${(head: HeadName) => this.#open(head)}
        ></rs-heads-composition>
        <rs-heads-loss .session=${this.session} .reading=${reading}></rs-heads-loss>
      </div>
      ${
        reading.notes.length > 0
          ? html`<ul class="notes small">
              ${reading.notes.map((note) => html`<li>${note}</li>`)}
            </ul>`
          : nothing
      }`;
  }

  #legend(score: SortableScore): TemplateResult {
    return html`<div class="legend">
      <span
        >${isSigned(score) ? '−1, takes away' : '0'}
        <span class="ramp" role="img" aria-label="Colour scale"></span>
        ${isSigned(score) ? '1, copies' : '1'}</span
      >
      <span>rows: layers · columns: heads · Enter or a click opens the head on your prompt</span>
    </div>`;
  }

  #said(reading: HeadsReading, score: SortableScore): TemplateResult {
    const at = this.looked ?? byScore(reading, score)[0] ?? 0;
    return html`${this.looked === undefined ? 'Highest: ' : ''}${headSaid(reading, score, at)}.`;
  }

  #list(reading: HeadsReading, score: SortableScore): TemplateResult {
    const order = byScore(reading, score);
    const shown = this.all ? order : order.slice(0, LINES);
    const sortable = (name: SortableScore): TemplateResult =>
      html`<th scope="col" aria-sort=${name === score ? 'descending' : nothing}>
        <button @click=${() => this.session.setOption('score', name)}>
          ${SCORE_TITLES[name]}${name === score ? html`<span aria-hidden="true"> ↓</span>` : nothing}
        </button>
      </th>`;
    return html`<section class="card" aria-labelledby="list">
      <h2 id="list">
        The heads by ${SCORE_TITLES[score]}
        <small>mean ± spread over ${plural(reading.sequences.length, 'draw')}</small>
      </h2>
      <div class="scroll" tabindex="0" role="region" aria-label="Scores of the heads">
        <table class="list">
          <thead>
            <tr>
              <th scope="col">head</th>
              ${SORTABLE.map(sortable)}
              <th scope="col">called</th>
            </tr>
          </thead>
          <tbody>
            ${shown.map((at) => {
              const name = nameAt(at, reading.heads);
              return html`<tr>
                <th scope="row">
                  <button
                    class="open"
                    title="Show its attention on your prompt"
                    aria-label="Head ${name.layer}.${name.head}: show its attention"
                    @click=${() => this.#open(name)}
                  >
                    ${name.layer}.${name.head}
                  </button>
                </th>
                ${SORTABLE.map((each) => html`<td class=${each === score ? 'by' : ''}>${withSpread(reading, each, at)}</td>`)}
                <td class="called">
                  ${(reading.labels[at] ?? []).map((label) => html`<span class="pill">${label}</span>`)}
                </td>
              </tr>`;
            })}
          </tbody>
        </table>
      </div>
      ${
        order.length > LINES
          ? html`<button class="button more" aria-expanded=${this.all} @click=${() => (this.all = !this.all)}>
              ${this.all ? `The first ${LINES} only` : `All ${order.length} heads`}
            </button>`
          : nothing
      }
    </section>`;
  }

  #open({ layer, head }: HeadName): void {
    const { run, selected } = this.state;
    const pos = selected?.pos ?? (run?.ids.length ?? 1) - 1;
    this.session.selection.select({ layer, pos });
    this.session.selection.selectHead(head);
    this.session.setView('attention');
  }

  #kept: { readonly key: readonly unknown[]; readonly content: HeatMapContent } | undefined;

  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    const { scheme, selected, head } = this.state;
    const { reading } = this.#reader;
    const map = this.renderRoot.querySelector<HeatMapElement>('rs-heat-map');
    if (!reading || !map) return;
    const score = this.#score;
    const colour = (t: number): string =>
      isSigned(score) ? divergingColor(t, scheme) : rampColor(t, scheme);
    const ramp = this.renderRoot.querySelector<HTMLElement>('.ramp');
    const stops = Array.from({ length: 17 }, (_, i) => colour(isSigned(score) ? i / 8 - 1 : i / 16));
    if (ramp) ramp.style.background = `linear-gradient(90deg, ${stops.join(', ')})`;
    const key = [reading, score, scheme, selected?.layer, head];
    if (!this.#kept?.key.every((one, i) => one === key[i])) {
      const { layers, heads } = reading;
      const cells = Array.from({ length: layers }, (_, row) =>
        Array.from({ length: heads }, (__, column) => {
          const at = row * heads + column;
          const value = scoreAt(reading, score, at);
          return {
            colour: Number.isNaN(value) ? undefined : colour(value),
            text: scoreText(value).replace(/^(−?)0\./, '$1.'),
            name: headSaid(reading, score, at),
          };
        }),
      );
      this.#kept = {
        key,
        content: {
          label: `${SCORE_TITLES[score]} score of every head: rows are layers, columns heads`,
          corner: 'layer',
          rows: Array.from({ length: layers }, (_, i) => String(i)),
          columns: Array.from({ length: heads }, (_, i) => String(i)),
          cells,
          selected:
            head === undefined || selected === undefined || selected.layer < 0
              ? undefined
              : { row: selected.layer, column: head },
        },
      };
    }
    map.content = this.#kept.content;
  }
}
customElements.define('rs-heads', HeadsElement);
