/** The output's and the pinned tokens' probability and rank by layer, at the current position. */
import { html, type TemplateResult } from 'lit';
import { visibleText } from '../../shared/picture/visible.ts';
import { stroke } from '../charts/key.ts';
import type { Trajectory } from '../../shared/lens/readings.ts';
import type { ChartSeries } from '../charts/line-chart.ts';
import { count, logProbability, probability } from '../controllers/numbers.ts';
import {
  currentCell,
  idsOf,
  layerName,
  pathKey,
  selectedCell,
  tokenText,
  type Cell,
  type RunView,
  type ViewState,
} from '../controllers/view-state.ts';
import { chartCardStyles } from '../styles/chart-card.ts';
import { shared } from '../styles/shared.ts';
import { termStyles } from '../styles/term.ts';
import { openTokenSearch, termButton } from './open.ts';
import { Panel } from './panel.ts';
import '../charts/line-chart.ts';

/** A token's way through the rows at one position. */
interface Path {
  readonly id: number;
  readonly text: string;
  /** Tokens that it stands for; of more than one the probabilities add up and the best rank counts. */
  readonly spellings: number;
  readonly colour: number;
  readonly pinned: boolean;
  /** By row; NaN where it is not known. */
  readonly probabilities: Float64Array;
  readonly ranks: Float64Array;
}

/** The output's own line has the last of the series colours, so that pins keep theirs. */
const OUTPUT_COLOUR = 6;

const MEASURES = ['probability', 'log-probability'] as const;

/** A path that is not known yet. */
const NOTHING = { probabilities: new Float64Array(), ranks: new Float64Array() };

export class PinsElement extends Panel {
  static override properties = { ...Panel.properties, measure: { state: true } };
  static override styles = [shared, termStyles, chartCardStyles];
  declare measure: (typeof MEASURES)[number];
  protected readonly shows = [
    'run',
    'selected',
    'hovered',
    'pins',
    'pinTexts',
    'paths',
    'groups',
    'scheme',
  ] as const satisfies (keyof ViewState)[];

  constructor() {
    super();
    this.measure = 'probability';
  }

  protected override render(): TemplateResult {
    const { run } = this.state;
    const cell = currentCell(this.state);
    const paths = run && cell ? [outputPath(run, cell.pos), ...this.#pins(cell.pos)] : [];
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

  #pins(pos: number): Path[] {
    const { pins, paths, groups } = this.state;
    return pins.map((id, i) => {
      const ids = idsOf(id, groups);
      const own = ids.map((one) => paths.get(pathKey(pos, one))).filter((path) => path !== undefined);
      return {
        id,
        text: tokenText(this.state, id),
        spellings: ids.length,
        colour: i,
        pinned: true,
        ...(own.length === ids.length ? togetherOf(own) : NOTHING),
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
      scale: 'share' | 'log' | 'rank',
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
        @rs-layer=${(event: CustomEvent<number | null>) => this.#point(event.detail)}
      ></rs-line-chart>`;
    return html`
      <h3>
        ${MEASURES.map(
          (name) =>
            html`<label
              ><input
                type="radio"
                name="measure"
                .checked=${name === this.measure}
                @change=${() => (this.measure = name)}
              />${name === 'probability' ? name : 'ln p'}</label
            >`,
        )}
        ${termButton('probability')}
      </h3>
      ${
        this.measure === 'probability'
          ? chart(
              'Probability',
              'share',
              lines((path) => path.probabilities),
              108,
            )
          : chart(
              'Log-probability, nats,',
              'log',
              lines((path) => path.probabilities.map(Math.log)),
              108,
            )
      }
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
      <p class="small">
        ${
          paths.some((path) => path.pinned)
            ? ''
            : 'Enter on a cell, or a click on a candidate, pins a token here. Escape clears.'
        }
        ${
          this.state.run?.trace
            ? ''
            : html`<button class="button" @click=${() => openTokenSearch(this.session, 'pin')}>
                Pin another token…
              </button>`
        }
      </p>
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
          ? html`${this.#group(path)}<button
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

  /** Counts other spellings of the word in, or leaves them out. */
  #group({ id, text, spellings }: Path): TemplateResult | string {
    if (this.state.run?.trace) return '';
    const grouped = spellings > 1;
    const names = idsOf(id, this.state.groups).map((one) => visibleText(tokenText(this.state, one)));
    return html`<button
      class="spell"
      aria-pressed=${grouped ? 'true' : 'false'}
      aria-label=${`All spellings of ${visibleText(text)}`}
      title=${grouped ? `Together: ${names.join(', ')}` : 'Count other spellings in: capitals, with and without a space'}
      @click=${() => void this.session.selection.group(id).catch((error: unknown) => this.session.complain(error))}
    >
      ${grouped ? `${spellings} spellings` : '+ spellings'}
    </button>`;
  }

  #point(layer: number | null): void {
    const selected = selectedCell(this.state);
    this.session.selection.hover(layer === null || !selected ? undefined : { layer, pos: selected.pos });
  }
}
customElements.define('rs-pins', PinsElement);

function outputPath({ late, texts }: RunView, pos: number): Path | undefined {
  if (!late) return undefined;
  const id = late.finalIds[pos] ?? -1;
  return {
    id,
    text: texts.get(id) ?? '',
    spellings: 1,
    colour: OUTPUT_COLOUR,
    pinned: false,
    probabilities: Float64Array.from(late.final, ({ logprobs }) => Math.exp(logprobs[pos] ?? Number.NaN)),
    ranks: Float64Array.from(late.final, ({ ranks }) =>
      (ranks[pos] ?? -1) < 0 ? Number.NaN : (ranks[pos] ?? 0),
    ),
  };
}

function said({ text, probabilities, ranks }: Path, scale: 'share' | 'log' | 'rank'): string {
  const values = scale === 'rank' ? ranks : probabilities;
  const say = (v: number | undefined): string =>
    v === undefined
      ? 'not known'
      : scale === 'share'
        ? probability(v)
        : scale === 'log'
          ? logProbability(Math.log(v))
          : count(v);
  return `“${visibleText(text)}” from ${say(values[0])} at the embedding to ${say(values.at(-1))} in the last layer`;
}

/** Spellings as one: probabilities add up, and the best rank counts. */
function togetherOf(paths: readonly Trajectory[]): Pick<Path, 'probabilities' | 'ranks'> {
  const rows = paths[0]?.ranks.length ?? 0;
  return {
    probabilities: Float64Array.from({ length: rows }, (_, row) =>
      paths.reduce((sum, path) => sum + Math.exp(path.logprobs[row] ?? Number.NaN), 0),
    ),
    ranks: Float64Array.from({ length: rows }, (_, row) =>
      Math.min(...paths.map((path) => rankAt(path, row))),
    ),
  };
}

/** A trace may not have it. */
function rankAt({ ranks }: Trajectory, row: number): number {
  const rank = ranks[row] ?? -1;
  return rank < 0 ? Number.NaN : rank;
}
