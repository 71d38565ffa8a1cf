/** Entropy and KL by layer at the current position. */
import { html, type TemplateResult } from 'lit';
import { visibleText } from '../../shared/picture/visible.ts';
import type { ChartSeries } from '../charts/line-chart.ts';
import { count, nats } from '../controllers/numbers.ts';
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
import { termButton } from './open.ts';
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

  #chart(run: RunView, cell: Cell): TemplateResult {
    const { layer, pos } = cell;
    const rows = run.model.spec.nLayers + 1;
    const column = (value: (row: number) => number | undefined): Float64Array =>
      Float64Array.from({ length: rows }, (_, row) => value(row) ?? Number.NaN);
    const entropy = column((row) => run.rows[row]?.entropy[pos]);
    const kl = column((row) => run.late?.kl[row]?.[pos]);
    const most = Math.log(run.model.spec.dVocab);
    return html`
      <h3>entropy, nats ${termButton('entropy')} ${value(entropy, layer)}</h3>
      ${this.#line({ name: 'Entropy', values: entropy, colour: 0 }, cell, most)}
      <h3>KL to the output, nats ${termButton('kl')} ${value(kl, layer)}</h3>
      ${this.#line({ name: 'KL to the output', values: kl, colour: 1 }, cell)}
      <p class="small">
        Entropy’s scale ends at ln ${count(run.model.spec.dVocab)} = ${nats(most)}: no idea at all.
      </p>
    `;
  }

  #line(series: ChartSeries, { layer, pos }: Cell, most?: number): TemplateResult {
    const { values } = series;
    const end = (row: number): string => nats(values[row] ?? Number.NaN);
    return html`<rs-line-chart
      .spec=${{
        label: `${series.name} by layer at position ${pos}, in nats: ${end(0)} at the embedding, ${end(values.length - 1)} in the last layer`,
        series: [series],
        scale: 'nats',
        height: 108,
        layer,
        scheme: this.state.scheme,
        ...(most === undefined ? {} : { most }),
      }}
      @rs-layer=${(event: CustomEvent<number | null>) => this.#point(event.detail)}
    ></rs-line-chart>`;
  }

  #point(layer: number | null): void {
    const selected = selectedCell(this.state);
    this.session.selection.hover(layer === null || !selected ? undefined : { layer, pos: selected.pos });
  }
}
customElements.define('rs-certainty', CertaintyElement);

function value(values: ArrayLike<number>, layer: number): TemplateResult {
  return html`<span class="value">${nats(values[layer + 1] ?? Number.NaN)} at ${layerName(layer)}</span>`;
}
