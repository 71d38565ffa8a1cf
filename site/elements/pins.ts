/** The output's and the pinned tokens' probability and rank by layer, at the current position. */
import { html, type TemplateResult } from 'lit';
import { visibleText } from '../../shared/picture/visible.ts';
import { stroke } from '../charts/key.ts';
import type { ChartSeries } from '../charts/line-chart.ts';
import { count, probability } from '../controllers/numbers.ts';
import {
  currentCell,
  layerName,
  pathKey,
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

/** A token's way through the rows at one position. */
interface Path {
  readonly id: number;
  readonly text: string;
  readonly colour: number;
  readonly pinned: boolean;
  /** By row; NaN where it is not known. */
  readonly probabilities: Float64Array;
  readonly ranks: Float64Array;
}

/** The output's own line has the last of the series colours, so that pins keep theirs. */
const OUTPUT_COLOUR = 6;

export class PinsElement extends Panel {
  static override styles = [shared, termStyles, chartCardStyles];
  protected readonly shows = [
    'run',
    'selected',
    'hovered',
    'pins',
    'pinTexts',
    'paths',
    'scheme',
  ] as const satisfies (keyof ViewState)[];

  protected override render(): TemplateResult {
    const { run } = this.state;
    const cell = currentCell(this.state);
    const paths = run && cell ? [outputPath(run, cell.pos), ...this.#pins(run, cell.pos)] : [];
    const known = paths.filter((path) => path !== undefined);
    return html`<section class="card" aria-labelledby="title">
      <h2 id="title">
        Pinned tokens
        ${
          run && cell
            ? html`<small
                >after <span class="token">${visibleText(run.pieces[cell.pos] ?? '')}</span>, by layer</small
              >`
            : ''
        }
      </h2>
      ${
        run && cell && known.length > 0
          ? this.#charts(known, cell)
          : html`<p class="small waiting">
              The way of the output, and of tokens that you pin, comes with the last row.
            </p>`
      }
    </section>`;
  }

  #pins(run: RunView, pos: number): Path[] {
    const { pins, paths, pinTexts } = this.state;
    return pins.map((id, i) => {
      const path = paths.get(pathKey(pos, id));
      return {
        id,
        text: run.texts.get(id) ?? pinTexts.get(id) ?? `id ${id}`,
        colour: i,
        pinned: true,
        probabilities: Float64Array.from(path?.logprobs ?? [], Math.exp),
        // A trace may not have it.
        ranks: Float64Array.from(path?.ranks ?? [], (rank) => (rank < 0 ? Number.NaN : rank)),
      };
    });
  }

  #charts(paths: readonly Path[], { layer, pos }: Cell): TemplateResult {
    const lines = (values: (path: Path) => Float64Array): ChartSeries[] =>
      paths.map((path) => ({
        name: visibleText(path.text),
        values:
          values(path).length > 0 ? values(path) : new Float64Array(paths[0]?.ranks.length ?? 0).fill(NaN),
        colour: path.colour,
        dashed: !path.pinned,
      }));
    const chart = (
      what: string,
      scale: 'share' | 'rank',
      series: ChartSeries[],
      height: number,
    ): TemplateResult =>
      html`<rs-line-chart
        .spec=${{
          label: `${what} by layer at position ${pos}: ${paths.map((path) => said(path, scale)).join('; ')}`,
          series,
          scale,
          height,
          layer,
          scheme: this.state.scheme,
          ...(scale === 'share' ? { most: 1 } : {}),
        }}
        @rs-layer=${(event: CustomEvent<number | undefined>) => this.#point(event.detail)}
      ></rs-line-chart>`;
    return html`
      <h3>probability ${termButton('probability')}</h3>
      ${chart(
        'Probability',
        'share',
        lines((path) => path.probabilities),
        108,
      )}
      <h3>rank, 0 is the top ${termButton('rank')}</h3>
      ${chart(
        'Rank',
        'rank',
        lines((path) => path.ranks),
        108,
      )}
      <ul class="keys" aria-label=${`At ${layerName(layer)}`}>
        ${paths.map((path) => this.#key(path, layer))}
      </ul>
      ${
        paths.some((path) => path.pinned)
          ? ''
          : html`<p class="small">
              Enter on a cell, or a click on a candidate, pins a token here. Escape clears.
            </p>`
      }
    `;
  }

  #key(path: Path, layer: number): TemplateResult {
    const text = visibleText(path.text);
    const p = path.probabilities[layer + 1];
    const rank = path.ranks[layer + 1];
    return html`<li>
      ${stroke(path.colour, !path.pinned)}
      <span class="token">${text}</span>
      <span class="value"
        >${p === undefined ? '…' : probability(p)}${rank === undefined ? '' : ` · rank ${count(rank)}`}</span
      >
      ${
        path.pinned
          ? html`<button
              class="remove"
              aria-label=${`Unpin ${text}`}
              title="Unpin"
              @click=${() => this.session.selection.toggle(path.id)}
            >
              ×
            </button>`
          : html`<span class="small">the output</span>`
      }
    </li>`;
  }

  #point(layer: number | undefined): void {
    const selected = selectedCell(this.state);
    this.session.selection.hover(layer === undefined || !selected ? undefined : { layer, pos: selected.pos });
  }
}
customElements.define('rs-pins', PinsElement);

function outputPath({ late, texts }: RunView, pos: number): Path | undefined {
  if (!late) return undefined;
  const id = late.finalIds[pos] ?? -1;
  return {
    id,
    text: texts.get(id) ?? '',
    colour: OUTPUT_COLOUR,
    pinned: false,
    probabilities: Float64Array.from(late.final, ({ logprobs }) => Math.exp(logprobs[pos] ?? Number.NaN)),
    ranks: Float64Array.from(late.final, ({ ranks }) =>
      (ranks[pos] ?? -1) < 0 ? Number.NaN : (ranks[pos] ?? 0),
    ),
  };
}

function said({ text, probabilities, ranks }: Path, scale: 'share' | 'rank'): string {
  const values = scale === 'share' ? probabilities : ranks;
  const say = (v: number | undefined): string =>
    v === undefined ? 'not known' : scale === 'share' ? probability(v) : count(v);
  return `“${visibleText(text)}” from ${say(values[0])} at the embedding to ${say(values.at(-1))} in the last layer`;
}
