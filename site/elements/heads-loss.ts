/** In-context learning: what a token costs on the second copy against the first, by its place in the copy. */
import { html, type TemplateResult } from 'lit';
import type uPlot from 'uplot';
import type { HeadsReading } from '../../engine/heads-api.ts';
import { stroke } from '../charts/key.ts';
import type { PlotSpec } from '../charts/plot.ts';
import { meanLoss } from '../words/heads.ts';
import { nats } from '../controllers/numbers.ts';
import type { ViewState } from '../controllers/view-state.ts';
import { headsStyles } from '../styles/heads.ts';
import { shared } from '../styles/shared.ts';
import { termStyles } from '../styles/term.ts';
import { termButton } from './open.ts';
import { Panel } from './panel.ts';
import '../charts/plot.ts';

export class HeadsLossElement extends Panel {
  static override properties = { ...Panel.properties, reading: { attribute: false } };
  static override styles = [shared, termStyles, headsStyles];
  declare reading: HeadsReading;
  protected readonly shows = ['scheme'] as const satisfies (keyof ViewState)[];
  #data: { readonly of: HeadsReading; readonly data: uPlot.AlignedData } | undefined;

  protected override render(): TemplateResult {
    const { loss, length } = this.reading;
    const [first, second] = [meanLoss(loss.first), meanLoss(loss.second)];
    return html`<section class="card" aria-labelledby="loss">
      <h2 id="loss">
        Learning in context ${termButton('inContext')} <small>loss in nats, by place in the copy</small>
      </h2>
      <rs-plot .spec=${this.#spec(first, second)}></rs-plot>
      <div class="key">
        <span>${stroke(6, true)} first copy, mean ${nats(first)}</span
        ><span>${stroke(0)} second copy, mean ${nats(second)}</span>
      </div>
      <p class="said">
        ${
          second < first
            ? `${length} random tokens, and the same again: the second copy costs ${nats(first - second)} nats a token less. Only the context can tell what comes.`
            : `${length} random tokens, and the same again: the second copy costs no less than the first.`
        }
      </p>
      <details>
        <summary>As a table</summary>
        <div class="scroll" tabindex="0" role="region" aria-label="Loss by place in the copy">
          <table>
            <thead>
              <tr>
                <th scope="col">place</th>
                <th scope="col">first copy</th>
                <th scope="col">±</th>
                <th scope="col">second copy</th>
                <th scope="col">±</th>
              </tr>
            </thead>
            <tbody>
              ${loss.first.map(
                (one, i) =>
                  html`<tr>
                    <th scope="row">${i + 1}</th>
                    <td>${nats(one.mean)}</td>
                    <td>${nats(one.deviation)}</td>
                    <td>${nats(loss.second[i]?.mean ?? NaN)}</td>
                    <td>${nats(loss.second[i]?.deviation ?? NaN)}</td>
                  </tr>`,
              )}
            </tbody>
          </table>
        </div>
      </details>
    </section>`;
  }

  #spec(first: number, second: number): PlotSpec {
    const { reading } = this;
    if (this.#data?.of !== reading) {
      const { loss } = reading;
      const shown = (list: HeadsReading['loss']['first']): (number | null)[] =>
        list.map(({ mean }) => (Number.isNaN(mean) ? null : mean));
      this.#data = {
        of: reading,
        data: [loss.first.map((_, i) => i + 1), shown(loss.first), shown(loss.second)],
      };
    }
    return {
      label: `Loss by place in the copy, in nats: on the first copy ${nats(first)} on average, on the second ${nats(second)}`,
      height: 220,
      scheme: this.state.scheme,
      data: this.#data.data,
      options: (_Plot, colour) => {
        const axis = {
          stroke: colour('--dim'),
          font: '11px system-ui, sans-serif',
          grid: { stroke: colour('--line'), width: 1 },
          ticks: { show: false },
        };
        return {
          legend: { show: false },
          padding: [10, 8, 0, 0],
          cursor: { show: false },
          scales: { x: { time: false }, y: { range: (_plot, _low, high) => [0, Math.max(high * 1.06, 1)] } },
          axes: [
            { ...axis, size: 26, gap: 6, grid: { show: false } },
            { ...axis, size: 38, gap: 4 },
          ],
          series: [
            {},
            { label: 'first', stroke: colour('--series-6'), width: 2, dash: [5, 4], points: { show: false } },
            { label: 'second', stroke: colour('--series-0'), width: 2, points: { show: false } },
          ],
        };
      },
    };
  }
}
customElements.define('rs-heads-loss', HeadsLossElement);
