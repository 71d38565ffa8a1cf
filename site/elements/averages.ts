/** The lens over many prompts: mean entropy, KL and convergence by layer, as charts and as files. */
import { html, nothing, type TemplateResult } from 'lit';
import type { AverageProgress, ReadingAverages, Spread } from '../../engine/api.ts';
import { CancelledError } from '../../shared/errors.ts';
import type { ChartLine } from '../../shared/picture/chart-svg.ts';
import { csv } from '../../shared/picture/csv.ts';
import { layerChart } from '../controllers/chart-export.ts';
import type { Exportable } from '../controllers/exports.ts';
import { download } from '../controllers/files.ts';
import { nats } from '../controllers/numbers.ts';
import { problemOf } from '../words/problems.ts';
import type { ViewState } from '../controllers/view-state.ts';
import { siteAddress } from '../place.ts';
import { chartCardStyles } from '../styles/chart-card.ts';
import { fittedStyles } from '../styles/fitted.ts';
import { shared } from '../styles/shared.ts';
import { Panel } from './panel.ts';
import '../charts/line-chart.ts';

/** Prompts of the bundled set: more would say the same with less spread. */
const BUNDLED = 171;

export class AveragesElement extends Panel {
  static override styles = [shared, chartCardStyles, fittedStyles];
  protected readonly shows = ['info', 'lens', 'scheme'] as const satisfies (keyof ViewState)[];

  #text = '';
  #positions: 'all' | 'last' = 'all';
  #going: AbortController | undefined;
  #progress: AverageProgress | undefined;
  #result: ReadingAverages | undefined;
  #problem: string | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.session.exports.offer('translate', () => this.#exports(), 'averages');
  }

  #exports(): readonly Exportable[] {
    if (!this.#result) return [];
    const { prompts, positions, entropy, kl, settled } = this.#result;
    const place = `${prompts} prompts, ${positions} positions`;
    return [
      layerChart('Mean entropy over prompts', 'mean-entropy', `nats · ${place}`, {
        lines: spreadLines('mean entropy', entropy),
        scale: 'nats',
      }),
      layerChart('Mean KL to the output over prompts', 'mean-kl', `nats · ${place}`, {
        lines: spreadLines('mean KL', kl),
        scale: 'nats',
      }),
      layerChart('Share of answers that have settled', 'settled', place, {
        lines: [{ name: 'settled', values: settled, colour: 0 }],
        scale: 'share',
      }),
    ];
  }

  protected override render(): TemplateResult {
    const { info, lens } = this.state;
    return html`<section class="card" aria-labelledby="many">
      <h2 id="many">Over many prompts</h2>
      <p>
        One prompt is an anecdote. Here every prompt of a list is read, and each layer’s entropy and KL, and
        the layer at which answers settle, are averaged over all positions but each prompt’s first, or over
        the last ones. Read with the ${lens?.kind ?? 'raw'} lens.
      </p>
      <label class="small" for="list">Prompts, one a line; empty: the ${BUNDLED} of the bundled set</label>
      <textarea
        id="list"
        .value=${this.#text}
        @input=${(event: Event) => (this.#text = (event.target as HTMLTextAreaElement).value)}
      ></textarea>
      <div class="row">
        <label class="button"
          >From a file…
          <input
            class="hidden-text"
            type="file"
            accept=".txt,text/plain"
            @change=${(event: Event) => void this.#read(event.target as HTMLInputElement)}
        /></label>
        <label
          >positions
          <select
            @change=${(event: Event) => {
              this.#positions = (event.target as HTMLSelectElement).value === 'last' ? 'last' : 'all';
            }}
          >
            <option value="all">all but the first</option>
            <option value="last">the last</option>
          </select></label
        >
        ${
          this.#going
            ? this.#working(this.#going)
            : html`<button class="button primary" ?disabled=${!info} @click=${() => void this.#average()}>
                Average
              </button>`
        }
      </div>
      <div role="alert">
        ${this.#problem === undefined ? nothing : html`<p class="problem">${this.#problem}</p>`}
      </div>
      ${this.#result ? this.#charts(this.#result) : nothing}
    </section>`;
  }

  #working(going: AbortController): TemplateResult {
    const { done, total } = this.#progress ?? { done: 0, total: 1 };
    return html`<progress aria-label="Reading prompts" max=${total} value=${done}></progress>
      <span class="small">${done} of ${total} prompts</span>
      <button class="button" @click=${() => going.abort()}>Cancel</button>`;
  }

  #charts(result: ReadingAverages): TemplateResult {
    const { prompts, positions, entropy, kl, settled, convergence } = result;
    return html`
      <p class="small" role="status">
        ${prompts} prompts, ${positions.toLocaleString('en')} positions. Answers settle at layer
        ${convergence.mean.toFixed(2)} on average (standard deviation ${nats(convergence.deviation)}). Dashed:
        one standard deviation above and below.
      </p>
      <h3>entropy, nats</h3>
      ${this.#chart('Mean entropy', entropy)}
      <h3>KL to the output, nats</h3>
      ${this.#chart('Mean KL to the output', kl)}
      <h3>share of answers that have settled</h3>
      <rs-line-chart
        .spec=${{
          label: `Share of answers settled by layer: ${settled.map((s) => s.toFixed(2)).join(', ')}`,
          series: [{ name: 'settled', values: settled, colour: 0 }],
          scale: 'share',
          height: 108,
          most: 1,
          layer: undefined,
          scheme: this.state.scheme,
        }}
      ></rs-line-chart>
      <div class="row">
        <button
          class="button"
          @click=${() => download(new Blob([csvOf(result)], { type: 'text/csv' }), 'averages.csv')}
        >
          CSV
        </button>
        <button
          class="button"
          @click=${() =>
            download(
              new Blob([JSON.stringify(result, null, 1)], { type: 'application/json' }),
              'averages.json',
            )}
        >
          JSON
        </button>
      </div>
    `;
  }

  #chart(name: string, values: readonly Spread[]): TemplateResult {
    return html`<rs-line-chart
      .spec=${{
        label: `${name} by layer, in nats: ${values.map(({ mean }) => nats(mean)).join(', ')}`,
        series: spreadLines(name, values),
        scale: 'nats',
        height: 120,
        layer: undefined,
        scheme: this.state.scheme,
      }}
    ></rs-line-chart>`;
  }

  async #read(input: HTMLInputElement): Promise<void> {
    const [file] = input.files ?? [];
    input.value = '';
    if (!file) return;
    this.#text = await file.text();
    this.requestUpdate();
  }

  async #average(): Promise<void> {
    const going = new AbortController();
    this.#going = going;
    this.#problem = this.#progress = this.#result = undefined;
    this.requestUpdate();
    try {
      const typed = this.#text.split('\n').filter((line) => line.trim() !== '');
      const prompts = typed.length > 0 ? typed : await bundledPrompts(going.signal);
      this.#result = await this.session.engine.averages(
        { prompts, lens: this.state.lens?.kind ?? 'raw', positions: this.#positions },
        (progress) => {
          this.#progress = progress;
          this.requestUpdate();
        },
        going.signal,
      );
    } catch (error) {
      if (!(error instanceof CancelledError)) this.#problem = problemOf(error, this.state).message;
    } finally {
      this.#going = undefined;
      this.requestUpdate();
    }
  }
}
customElements.define('rs-averages', AveragesElement);

/** The mean, and one standard deviation above and below it. */
function spreadLines(name: string, values: readonly Spread[]): ChartLine[] {
  const off = (sign: number): number[] =>
    values.map(({ mean, deviation }) => Math.max(0, mean + sign * (Number.isNaN(deviation) ? 0 : deviation)));
  return [
    { name, values: values.map(({ mean }) => mean), colour: 0 },
    { name: 'plus one deviation', values: off(1), colour: 1, dashed: true },
    { name: 'minus one deviation', values: off(-1), colour: 1, dashed: true },
  ];
}

async function bundledPrompts(signal: AbortSignal): Promise<readonly string[]> {
  const response = await fetch(new URL('models/fable-4m/prompts.txt', siteAddress()), { signal });
  if (!response.ok) throw new Error(`prompts.txt: HTTP ${response.status}: reload the page`);
  return (await response.text()).split('\n').filter((line) => line !== '');
}

function csvOf({ layers, entropy, kl, agreement, settled }: ReadingAverages): string {
  const header = ['layer', 'entropy', 'entropy_sd', 'kl', 'kl_sd', 'agreement', 'settled'];
  const rows = layers.map((layer, i) => [
    layer,
    entropy[i]?.mean,
    entropy[i]?.deviation,
    kl[i]?.mean,
    kl[i]?.deviation,
    agreement[i],
    settled[i],
  ]);
  return csv(header, rows);
}
