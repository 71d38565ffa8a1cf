/** Which head writes what a later head reads: the strongest compositions as a graph from layer to layer, and a table. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import type { HeadsReading } from '../../engine/heads-api.ts';
import { edgePath, graphPlan, strongestEdges, type Edge } from '../../shared/heads/graph.ts';
import { COMPOSITIONS, headName, type CompositionKind, type HeadName } from '../../shared/heads/reading.ts';
import { compositionKind } from '../words/heads.ts';
import { LongPress } from '../controllers/long-press.ts';
import { plural } from '../controllers/numbers.ts';
import type { ViewState } from '../controllers/view-state.ts';
import { headsStyles } from '../styles/heads.ts';
import { lensStyles } from '../styles/lens.ts';
import { shared } from '../styles/shared.ts';
import { termStyles } from '../styles/term.ts';
import { termButton } from './open.ts';
import { Panel } from './panel.ts';

/** Edges that are drawn at most, and at first. */
const MOST = 80;
const FIRST = 20;

const KIND_WORDS: Readonly<Record<CompositionKind, string>> = {
  q: 'what the later head looks for',
  k: 'what the later head is found by',
  v: 'what the later head moves',
};

export class HeadsCompositionElement extends Panel {
  static override properties = {
    ...Panel.properties,
    reading: { attribute: false },
    open: { attribute: false },
    threshold: { state: true },
    near: { state: true },
  };
  static override styles = [shared, termStyles, lensStyles, headsStyles];
  declare reading: HeadsReading;
  declare open: (head: HeadName) => void;
  /** Undefined: the value of the twentieth edge. */
  declare threshold: number | undefined;
  /** The edge under the pointer. */
  declare near: Edge | undefined;
  protected readonly shows = ['options'] as const satisfies (keyof ViewState)[];
  readonly #press = new LongPress<Edge>({
    show: (edge) => (this.near = edge),
    hide: () => (this.near = undefined),
  });
  #edges: { readonly of: Float32Array; readonly edges: readonly Edge[] } | undefined;

  get #kind(): CompositionKind {
    return compositionKind(this.state.options.compose);
  }

  protected override render(): TemplateResult {
    const { composition } = this.reading;
    const table = composition?.[this.#kind];
    return html`<section class="card" aria-labelledby="compose">
      <h2 id="compose">
        Composition ${termButton('composition')}
        <small>${KIND_WORDS[this.#kind]}: how far an earlier head writes into it, above random heads</small>
      </h2>
      <div class="controls">
        <fieldset>
          <legend>through</legend>
          ${COMPOSITIONS.map(
            (kind) =>
              html`<label
                ><input
                  type="radio"
                  name="kind"
                  .checked=${kind === this.#kind}
                  @change=${() => {
                    this.threshold = undefined;
                    this.session.setOption('compose', kind);
                  }}
                />${kind.toUpperCase()}</label
              >`,
          )}
        </fieldset>
        ${table ? this.#slider(table) : nothing}
      </div>
      ${
        table
          ? this.#graph(this.#shown(table))
          : html`<p class="said">
              ${this.#kind.toUpperCase()}-composition is undefined in this model: norms on queries and keys
              stand between the weights and the scores.
            </p>`
      }
    </section>`;
  }

  /** The induction circuit's edge is among them, however weak. */
  #all(table: Float32Array): readonly Edge[] {
    if (this.#edges?.of !== table) {
      const edges = strongestEdges(table, this.reading, MOST);
      const { pair } = this.reading;
      const value = this.#kind === 'k' ? pair?.kComposition : undefined;
      const own = pair && value !== undefined && !edges.some((edge) => this.#own(edge));
      this.#edges = {
        of: table,
        edges: own ? [...edges, { from: pair.previous, to: pair.induction, value }] : edges,
      };
    }
    return this.#edges.edges;
  }

  #own({ from, to }: Edge): boolean {
    const { pair } = this.reading;
    return (
      this.#kind === 'k' &&
      pair !== undefined &&
      headName(from) === headName(pair.previous) &&
      headName(to) === headName(pair.induction)
    );
  }

  #from(table: Float32Array): number {
    const edges = this.#all(table);
    return this.threshold ?? edges[Math.min(FIRST, edges.length) - 1]?.value ?? 0;
  }

  #shown(table: Float32Array): readonly Edge[] {
    const from = this.#from(table);
    return this.#all(table).filter((edge) => edge.value >= from || this.#own(edge));
  }

  #slider(table: Float32Array): TemplateResult {
    const edges = this.#all(table);
    const strong = edges.filter((edge, i) => i < MOST || !this.#own(edge));
    const [least, most] = [strong.at(-1)?.value ?? 0, edges[0]?.value ?? 0];
    const from = this.#from(table);
    return html`<label class="pick"
      >from
      <input
        type="range"
        min="0"
        max="100"
        .value=${String(Math.round((100 * (from - least)) / (most - least || 1)))}
        aria-label="Edges from this composition on"
        aria-valuetext="${from.toFixed(3)}, ${plural(this.#shown(table).length, 'edge')}"
        @input=${(event: Event) => {
          const share = Number((event.target as HTMLInputElement).value) / 100;
          this.threshold = share < 1 ? least + share * (most - least) : most;
        }}
      />
      <span class="value">${from.toFixed(3)} · ${plural(this.#shown(table).length, 'edge')}</span></label
    >`;
  }

  #graph(edges: readonly Edge[]): TemplateResult {
    const { reading } = this;
    const { layers, heads, pair } = reading;
    const plan = graphPlan(reading);
    const most = edges[0]?.value ?? 1;
    const ends = new Map(
      edges.flatMap(({ from, to }) => [from, to].map((head) => [headName(head), head] as const)),
    );
    const own = (edge: Edge): boolean => this.#own(edge);
    const every = Math.ceil(layers / 16);
    const best = edges[0];
    return html`<div class="graph" tabindex="0" role="group" aria-label="Graph of the composition">
        <svg
          class="picture"
          viewBox="0 0 ${plan.width} ${plan.height}"
          role="img"
          aria-label="${this.#kind.toUpperCase()}-composition from layer to layer, ${plural(edges.length, 'edge')}${best ? `; the strongest from head ${headName(best.from)} into ${headName(best.to)}, ${best.value.toFixed(3)}` : ''}"
        >
          ${Array.from({ length: layers }, (_, l) => (l % every === 0 ? svg`<text x=${plan.x(l)} y="12" text-anchor="middle">${l}</text>` : nothing))}
          ${Array.from({ length: layers * heads }, (_, i) => svg`<circle class="dot" cx=${plan.x(Math.floor(i / heads))} cy=${plan.y(i % heads)} r="2"></circle>`)}
          ${edges.map(
            (edge) => svg`<g
            @pointerenter=${(event: PointerEvent) => event.pointerType !== 'touch' && (this.near = edge)}
            @pointerleave=${(event: PointerEvent) => event.pointerType !== 'touch' && (this.near = undefined)}
            @pointerdown=${(event: PointerEvent) => this.#press.down(event, edge)}
          ><title>${edgeSaid(edge)}</title>
            <path class="reach" d=${edgePath(plan, edge)}></path>
            <path
            class="edge ${own(edge) ? 'own' : ''} ${this.near === edge ? 'near' : ''}"
            d=${edgePath(plan, edge)}
            stroke-width=${0.8 + (2.4 * edge.value) / most}
            opacity=${this.near === edge || own(edge) ? 1 : 0.2 + (0.7 * edge.value) / most}
          ></path></g>`,
          )}
          ${[...ends].map(
            ([name, head]) => svg`<g class="end" @click=${() => this.open(head)}>
            <circle cx=${plan.x(head.layer)} cy=${plan.y(head.head)} r="4.5"></circle>
            <text x=${plan.x(head.layer)} y=${plan.y(head.head) - 8} text-anchor="middle">${name}</text></g>`,
          )}
        </svg>
      </div>
      <div class="key">
        <span>columns: layers · lines: heads · an edge: an earlier head’s output, read by a later one</span>
        ${this.near ? html`<span class="mono">${edgeSaid(this.near)}</span>` : nothing}
        ${pair && this.#kind === 'k' ? html`<span><i class="own"></i> the induction circuit</span>` : nothing}
      </div>
      <details>
        <summary>As a table</summary>
        <div class="scroll" tabindex="0" role="region" aria-label="Strongest compositions">
          <table>
            <thead>
              <tr>
                <th scope="col">from</th>
                <th scope="col">into</th>
                <th scope="col">above random</th>
              </tr>
            </thead>
            <tbody>
              ${edges.map(
                (edge) =>
                  html`<tr>
                    <td>${this.#head(edge.from)}</td>
                    <td>${this.#head(edge.to)}</td>
                    <td>${edge.value.toFixed(3)}</td>
                  </tr>`,
              )}
            </tbody>
          </table>
        </div>
      </details>
      <p class="small">
        Random heads of this shape come to ${reading.composition?.baseline.toFixed(3)}; that is taken off.
      </p>`;
  }

  #head(head: HeadName): TemplateResult {
    return html`<button
      class="open"
      aria-label="Head ${headName(head)}: show its attention"
      @click=${() => this.open(head)}
    >
      ${headName(head)}
    </button>`;
  }
}
customElements.define('rs-heads-composition', HeadsCompositionElement);

function edgeSaid({ from, to, value }: Edge): string {
  return `${headName(from)} → ${headName(to)}: ${value.toFixed(3)}`;
}
