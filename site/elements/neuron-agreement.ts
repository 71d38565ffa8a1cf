/** By layer: how often a neuron's value foretells what follows the texts that turn it on. From shallow to semantic. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { NeuronAgreement, NeuronTriggers } from '../../engine/neurons-api.ts';
import type { ChartSpec } from '../charts/line-chart.ts';
import { stroke } from '../charts/key.ts';
import { trendSaid } from '../controllers/neurons.ts';
import { plural } from '../controllers/numbers.ts';
import { StudyReader } from '../controllers/study.ts';
import type { ViewState } from '../controllers/view-state.ts';
import type { AgreementAsk } from '../engine/study-protocol.ts';
import { headsStyles } from '../styles/heads.ts';
import { lensStyles } from '../styles/lens.ts';
import { neuronsStyles } from '../styles/neurons.ts';
import { shared } from '../styles/shared.ts';
import { termStyles } from '../styles/term.ts';
import type { OwnTexts } from './neuron-triggers.ts';
import { termButton } from './open.ts';
import { Panel } from './panel.ts';
import { studyProgress } from './study-progress.ts';
import '../charts/line-chart.ts';

export class NeuronAgreementElement extends Panel {
  static override properties = { ...Panel.properties, texts: { attribute: false } };
  static override styles = [shared, termStyles, lensStyles, headsStyles, neuronsStyles];
  declare texts: OwnTexts | undefined;
  protected readonly shows = ['info', 'phase', 'options', 'scheme'] as const satisfies (keyof ViewState)[];
  readonly #reader = new StudyReader(this, 'agreement');
  #asked = '';

  get found(): NeuronAgreement | undefined {
    const { busy, cancelled, answer } = this.#reader;
    return busy || cancelled || this.#asked !== this.#key ? undefined : answer;
  }

  get #order(): NeuronTriggers['order'] {
    return this.state.options.triggers === 'lowest' ? 'lowest' : 'highest';
  }

  get #key(): string {
    return `${this.#order}:${this.texts?.id ?? ''}`;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    this.#reader.about(this.state.info);
  }

  protected override render(): TemplateResult {
    const { problem, busy, answer, step, cancelled } = this.#reader;
    const words = !step
      ? 'fetching the texts'
      : step.stage === 'prompts'
        ? `${step.done} of ${plural(step.total, 'text')}`
        : `values read out, layer ${Math.min(step.done + 1, step.total)} of ${step.total}`;
    return html`<section class="card" aria-labelledby="agreement" aria-busy=${busy}>
      <h2 id="agreement">
        Does the value foretell what follows? ${termButton('layerAgreement')} <small>by layer</small>
      </h2>
      ${busy ? studyProgress('Agreement', words, step ?? { done: 0, total: 0 }, () => this.#reader.cancel()) : nothing}
      <div role="alert">${problem === undefined ? nothing : html`<p class="bad">${problem}</p>`}</div>
      ${busy || this.found ? nothing : this.#invite()} ${answer && !cancelled ? this.#chart(answer) : nothing}
    </section>`;
  }

  #invite(): TemplateResult {
    const { info } = this.state;
    const ask: AgreementAsk = { order: this.#order, prompts: this.texts?.prompts };
    const start = (): void => {
      this.#asked = this.#key;
      void this.#reader.read(this.session, ask);
    };
    return html`<div class="ways">
      <button class="button primary" ?disabled=${this.state.phase !== 'done'} @click=${start}>
        Read every layer
      </button>
      <span class="small"
        >${this.#reader.cancelled ? 'Cancelled. ' : ''}${info ? `One pass over ${this.texts?.name ?? 'the bundled texts'}, then 256 values of each layer through the unembedding.` : 'It comes with a model: run a prompt first.'}</span
      >
    </div>`;
  }

  #chart(found: NeuronAgreement): TemplateResult {
    const { layers, best, all, chance, neurons } = found;
    const most =
      1.1 * Math.max(0.01, ...[best, all, chance].flatMap((row) => Array.from(row, (x) => x || 0)));
    const rows = (values: Float64Array): number[] => [NaN, ...values]; // the chart begins at the embedding
    const said = trendSaid(all, chance);
    const spec: ChartSpec = {
      label: `Share of neurons whose value foretells the next token, by layer. ${said}`,
      series: [
        { name: 'best text', values: rows(best), colour: 0 },
        { name: 'best 12 texts', values: rows(all), colour: 1 },
        { name: 'chance', values: rows(chance), colour: 6, dashed: true },
      ],
      scale: 'nats',
      height: 190,
      most,
      layer: undefined,
      scheme: this.state.scheme,
    };
    return html`<div class=${this.found ? '' : 'stale'}>
      <rs-line-chart .spec=${spec}></rs-line-chart>
      <div class="key">
        <span>${stroke(0)} best text</span><span>${stroke(1)} best 12 texts</span
        ><span>${stroke(6, true)} chance</span>
      </div>
      <p class="said" role="status">${said}</p>
      <details>
        <summary>As a table</summary>
        <div class="scroll" tabindex="0" role="region" aria-label="Agreement by layer">
          <table>
            <thead>
              <tr>
                <th scope="col">layer</th>
                <th scope="col">best text</th>
                <th scope="col">best 12</th>
                <th scope="col">chance</th>
              </tr>
            </thead>
            <tbody>
              ${layers.map(
                (layer, i) =>
                  html`<tr>
                    <th scope="row">${layer}</th>
                    ${[best, all, chance].map((row) => html`<td>${percent(row[i])}</td>`)}
                  </tr>`,
              )}
            </tbody>
          </table>
          <p class="small">${neurons} neurons of each layer, evenly spread.</p>
        </div>
      </details>
    </div>`;
  }
}
customElements.define('rs-neuron-agreement', NeuronAgreementElement);

function percent(share: number | undefined): string {
  return share === undefined || Number.isNaN(share) ? '–' : `${(100 * share).toFixed(1)}%`;
}
