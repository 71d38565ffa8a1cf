/** The directions experiment on the page: prompts in, two figures with their intervals out, beside the seed's. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import type { Estimate } from '../../engine/directions-api.ts';
import { SEED_FIGURES, wilson } from '../../shared/lens/experiment.ts';
import { experimentCsv, experimentJson } from '../../shared/lens/experiment-files.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import {
  bundledPrompts,
  Experiment,
  MAX_PROMPTS,
  promptsOf,
  promptsOfFile,
  SOURCES,
  type PromptSource,
} from '../controllers/experiment.ts';
import type { Exportable } from '../controllers/exports.ts';
import { experimentExports } from '../controllers/directions-exports.ts';
import { download } from '../controllers/files.ts';
import { count, plural } from '../controllers/numbers.ts';
import type { ViewState } from '../controllers/view-state.ts';
import { directionsStyles } from '../styles/directions.ts';
import { lensStyles } from '../styles/lens.ts';
import { shared } from '../styles/shared.ts';
import { termStyles } from '../styles/term.ts';
import { histogramPicture, percent } from './directions-pictures.ts';
import { termButton } from './open.ts';
import { Panel } from './panel.ts';

const SOURCE_WORDS: Record<PromptSource, string> = {
  bundled: 'the bundled 171',
  pasted: 'your own list',
  file: 'a file',
};

/** Rows of the table of prompts; the files have all. */
const ROWS = 200;

export class DirectionsExperimentElement extends Panel {
  static override properties = {
    ...Panel.properties,
    source: { state: true },
    centred: { state: true },
    mid: { state: true },
  };
  static override styles = [shared, termStyles, lensStyles, directionsStyles];
  declare source: PromptSource;
  declare centred: boolean;
  declare mid: boolean;
  protected readonly shows = ['info', 'bos', 'phase', 'scheme'] as const satisfies (keyof ViewState)[];
  readonly #experiment = new Experiment(this);
  #text = '';
  #file: File | undefined;

  constructor() {
    super();
    this.source = 'bundled';
    this.centred = true;
    this.mid = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const list = (): readonly Exportable[] => {
      const record = this.#experiment.record();
      return record ? experimentExports(record) : [];
    };
    this.session.exports.offer('directions', list, 'experiment');
  }

  protected override render(): TemplateResult {
    const { running, problem, result } = this.#experiment;
    const { info } = this.state;
    return html`<section
      class="card experiment"
      aria-labelledby="title"
      data-state=${running ? 'running' : problem ? 'error' : result?.summary ? 'done' : 'empty'}
    >
      <h2 id="title">
        The experiment ${termButton('directions')} ${termButton('interval')}
        <small
          >each prompt’s last position: how much the first component holds, and whether it reads as the
          prediction</small
        >
      </h2>
      <div class="controls">
        <fieldset>
          <legend>prompts</legend>
          ${SOURCES.map(
            (name) =>
              html`<label
                ><input
                  type="radio"
                  name="source"
                  .checked=${name === this.source}
                  ?disabled=${running}
                  @change=${() => (this.source = name)}
                />${SOURCE_WORDS[name]}</label
              >`,
          )}
        </fieldset>
        <label class="pick"
          ><input
            type="checkbox"
            .checked=${this.centred}
            ?disabled=${running}
            @change=${(e: Event) => (this.centred = (e.target as HTMLInputElement).checked)}
          />centred</label
        >
        <label class="pick"
          ><input
            type="checkbox"
            .checked=${this.mid}
            ?disabled=${running || info?.spec.parallel === true}
            @change=${(e: Event) => (this.mid = (e.target as HTMLInputElement).checked)}
          />mid-block</label
        >
      </div>
      ${this.#input()}
      <div class="row">
        ${
          running
            ? html`<button class="button" @click=${() => this.#experiment.cancel()}>
                Cancel the experiment
              </button>`
            : html`<button class="button primary" ?disabled=${!info} @click=${() => this.#start()}>
                  Run the experiment
                </button>
                ${info ? nothing : html`<span class="small">once a model is loaded</span>`}`
        }
        ${running ? this.#progress() : nothing}
      </div>
      <div role="alert">${problem ? html`<p class="bad">${problem}</p>` : nothing}</div>
      ${result && result.records.length > 0 ? this.#results() : running || problem ? nothing : html`<p class="small">The seed of this project reports ${SEED_FIGURES.ratio} and ${percent(SEED_FIGURES.matchRate).replace('.0', '')} for ${SEED_FIGURES.model}. What does this model say?</p>`}
    </section>`;
  }

  #input(): TemplateResult | typeof nothing {
    if (this.source === 'pasted') {
      return html`<label class="small" for="list">One prompt a line, ${count(MAX_PROMPTS)} at most</label>
        <textarea
          id="list"
          spellcheck="false"
          .value=${this.#text}
          @input=${(event: Event) => (this.#text = (event.target as HTMLTextAreaElement).value)}
        ></textarea>`;
    }
    if (this.source === 'file') {
      return html`<div class="row">
        <label class="small" for="file">A text file, one prompt a line; it stays on this device</label>
        <input
          id="file"
          type="file"
          accept=".txt,text/plain"
          @change=${(event: Event) => (this.#file = (event.target as HTMLInputElement).files?.[0])}
        />
      </div>`;
    }
    return nothing;
  }

  #start(): void {
    const { info, bos } = this.state;
    if (!info) return;
    const prompts = (): Promise<readonly string[]> => {
      if (this.source === 'bundled') return bundledPrompts();
      return this.source === 'file' ? promptsOfFile(this.#file) : Promise.resolve(this.#text).then(promptsOf);
    };
    void this.#experiment.run(this.session.engine, info, prompts, {
      centred: this.centred,
      mid: this.mid,
      bos,
    });
  }

  #progress(): TemplateResult {
    const { result } = this.#experiment;
    const [done, total] = [result?.records.length ?? 0, result?.total ?? 0];
    const words = result ? `${done} of ${plural(total, 'prompt')}` : 'starting';
    return html`<div class="progress">
      <div
        class="track ${result ? '' : 'unknown'}"
        role="progressbar"
        aria-label="Experiment"
        aria-valuemin="0"
        aria-valuemax=${result ? total : 1}
        aria-valuenow=${result ? done : nothing}
        aria-valuetext=${words}
      >
        <svg aria-hidden="true">
          ${svg`<rect width=${`${result ? (100 * done) / total : 30}%`} height="100%" rx="3"></rect>`}
        </svg>
      </div>
      <span>${words}</span>
    </div>`;
  }

  #results(): TemplateResult {
    const { result, running } = this.#experiment;
    if (!result) return html``;
    const { records, summary, cancelled, model, options } = result;
    const n = records.length;
    const mean: Pick<Estimate, 'value'> = summary?.ratio ?? {
      value: records.reduce((sum, { ratio }) => sum + ratio, 0) / n,
    };
    const rate = summary?.matchRate ?? wilson(records.filter(({ match }) => match).length, n);
    return html`<div role="status" class="small">
        ${cancelled ? `Cancelled after ${n} of ${plural(result.total, 'prompt')}: the figures are over those.` : running ? nothing : `${plural(n, 'prompt')} on ${model.id}, ${options.centred ? 'centred' : 'not centred'}${options.mid ? ', mid-block states in' : ''}.`}
      </div>
      <table>
        <thead>
          <tr>
            <td></td>
            <th scope="col">${model.id}</th>
            <th scope="col">95% interval</th>
            <th scope="col">the seed, ${SEED_FIGURES.model}</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">variance along PC1, mean</th>
            <td class="big">${mean.value.toFixed(3)}</td>
            <td>${summary ? `${summary.ratio.low.toFixed(3)} to ${summary.ratio.high.toFixed(3)}` : '…'}</td>
            <td>${SEED_FIGURES.ratio}</td>
          </tr>
          <tr>
            <th scope="row">PC1 reads as the prediction</th>
            <td class="big">${percent(rate.value)}</td>
            <td>${percent(rate.low)} to ${percent(rate.high)}</td>
            <td>${Math.round(100 * SEED_FIGURES.matchRate)}%</td>
          </tr>
        </tbody>
      </table>
      ${summary ? this.#finished() : nothing}`;
  }

  #finished(): TemplateResult {
    const { result } = this.#experiment;
    const record = this.#experiment.record();
    if (!result || !record) return html``;
    const { summary } = record;
    const name = `directions-${record.model.id.replace(/[^\w.-]+/g, '_')}`;
    return html`
      ${histogramPicture(summary.histogram, summary.ratio.value)}
      <div class="key">
        <span
          ><svg class="dot" viewBox="0 0 12 12" aria-hidden="true">
            <rect width="12" height="12" rx="2" fill="var(--series-0)"></rect>
          </svg>
          PC1 reads as the prediction</span
        >
        <span
          ><svg class="dot" viewBox="0 0 12 12" aria-hidden="true">
            <rect x="1" y="1" width="10" height="10" rx="2" fill="none" stroke="var(--series-0)"></rect>
          </svg>
          as something else</span
        >
      </div>
      <p class="small">Intervals: percentile bootstrap of the mean, seeded; Wilson’s for the share.</p>
      <div class="row">
        <button
          class="button"
          @click=${() => download(new Blob([experimentCsv(record)], { type: 'text/csv' }), `${name}.csv`)}
        >
          Download CSV
        </button>
        <button
          class="button"
          @click=${() => download(new Blob([`${JSON.stringify(experimentJson(record))}\n`], { type: 'application/json' }), `${name}.json`)}
        >
          Download JSON
        </button>
      </div>
      <details>
        <summary>Every bin and prompt as tables</summary>
        <div class="scroll" tabindex="0" role="region" aria-label="Histogram and prompts">
          <table>
            <thead>
              <tr>
                <th scope="col">share along PC1</th>
                <th scope="col">prompts</th>
                <th scope="col">of these, match</th>
              </tr>
            </thead>
            <tbody>
              ${summary.histogram
                .filter((bin) => bin.count > 0)
                .map(
                  (bin) =>
                    html`<tr>
                      <th scope="row">${bin.from.toFixed(2)} to ${bin.to.toFixed(2)}</th>
                      <td>${bin.count}</td>
                      <td>${bin.matches}</td>
                    </tr>`,
                )}
            </tbody>
          </table>
          <table>
            <thead>
              <tr>
                <th scope="col">prompt</th>
                <th scope="col">PC1</th>
                <th scope="col">reads as</th>
                <th scope="col">prediction</th>
              </tr>
            </thead>
            <tbody>
              ${record.prompts.slice(0, ROWS).map(
                (p) =>
                  html`<tr>
                    <th scope="row">${visibleText(p.prompt)}</th>
                    <td>${percent(p.ratio)}</td>
                    <td><span class="token">${visibleText(p.direction)}</span></td>
                    <td>
                      <span class="token">${visibleText(p.prediction)}</span
                      >${p.match ? html` <span class="yes" title="match">✓</span>` : nothing}
                    </td>
                  </tr>`,
              )}
            </tbody>
          </table>
          ${record.prompts.length > ROWS ? html`<p class="small">The first ${ROWS}; the files have all.</p>` : nothing}
        </div>
      </details>
    `;
  }
}
customElements.define('rs-directions-experiment', DirectionsExperimentElement);
