/** Entropy and KL by layer at the current position. */
import { html, type TemplateResult } from 'lit';
import { visibleText } from '../../shared/picture/visible.ts';
import { stroke } from '../charts/key.ts';
import type { ChartSeries } from '../charts/line-chart.ts';
import { nats } from '../controllers/numbers.ts';
import {
  currentCell,
  layerName,
  selectedCell,
  type Cell,
  type RunView,
  type ViewState,
} from '../controllers/view-state.ts';
import { chartCardStyles } from '../styles/chart-card.ts';
import { shared } from '../styles/shared.ts';
import { termStyles } from '../styles/term.ts';
import { termButton } from './definitions.ts';
import { Panel } from './panel.ts';
import '../charts/line-chart.ts';

export class CertaintyElement extends Panel {
  static override styles = [shared, termStyles, chartCardStyles];
  protected readonly shows = ['run', 'selected', 'hovered', 'scheme'] as const satisfies (keyof ViewState)[];

  protected override render(): TemplateResult {
    const { run } = this.state;
    const cell = currentCell(this.state);
    return html`<section class="card" aria-labelledby="title">
      <h2 id="title">
        How open the guess is
        ${
          run && cell
            ? html`<small
                >after <span class="token">${visibleText(run.pieces[cell.pos] ?? '')}</span>, by layer</small
              >`
            : ''
        }
      </h2>
      ${
        run && cell && run.rows.length > 0
          ? this.#chart(run, cell)
          : html`<p class="small waiting">Entropy and KL by layer come with a run.</p>`
      }
    </section>`;
  }

  #chart(run: RunView, { layer, pos }: Cell): TemplateResult {
    const rows = run.model.spec.nLayers + 1;
    const column = (value: (row: number) => number | undefined): Float64Array =>
      Float64Array.from({ length: rows }, (_, row) => value(row) ?? Number.NaN);
    const entropy = column((row) => run.rows[row]?.entropy[pos]);
    const kl = column((row) => run.late?.kl[row]?.[pos]);
    const series: ChartSeries[] = [
      { name: 'entropy', values: entropy, colour: 0 },
      { name: 'KL to the output', values: kl, colour: 1, dashed: true },
    ];
    const at = (values: Float64Array): string => nats(values[layer + 1] ?? Number.NaN);
    return html`<rs-line-chart
        .spec=${{
          label: `Entropy and KL to the output by layer at position ${pos}, in nats. Entropy goes from ${nats(entropy[0] ?? Number.NaN)} at the embedding to ${nats(entropy[rows - 1] ?? Number.NaN)} in the last layer.`,
          series,
          scale: 'nats',
          height: 150,
          layer,
          scheme: this.state.scheme,
        }}
        @rs-layer=${(event: CustomEvent<number | undefined>) => this.#point(event.detail)}
      ></rs-line-chart>
      <ul class="keys" aria-label=${`Nats at ${layerName(layer)}`}>
        <li>${stroke(0)} entropy <span class="value">${at(entropy)}</span> ${termButton('entropy')}</li>
        <li>${stroke(1, true)} KL to the output <span class="value">${at(kl)}</span> ${termButton('kl')}</li>
        <li class="small">nats</li>
      </ul>`;
  }

  #point(layer: number | undefined): void {
    const selected = selectedCell(this.state);
    this.session.selection.hover(layer === undefined || !selected ? undefined : { layer, pos: selected.pos });
  }
}
customElements.define('rs-certainty', CertaintyElement);
