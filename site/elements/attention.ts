/** The attention view: a layer's heads in small, one in large, and who looks at whom in words and numbers. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import {
  combineHeads,
  COMBINATIONS,
  HEAD_SCORES,
  type Combination,
  type HeadScore,
} from '../../shared/lens/attention.ts';
import { rampColor } from '../../shared/picture/ramp.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import { attentionExports } from '../controllers/attention-exports.ts';
import { AttentionReader } from '../controllers/attention.ts';
import { length, scoresSaid, shortScore, SCORE_WORDS } from '../words/attention.ts';
import { COMBINED, saidOf, sharesOnText, titleOf, type ShownMap } from '../controllers/attention-shown.ts';
import { labelsOf } from '../controllers/head-labels.ts';
import { plural } from '../controllers/numbers.ts';
import type { RunView, ViewState } from '../controllers/view-state.ts';
import { attentionStyles } from '../styles/attention.ts';
import { lensStyles } from '../styles/lens.ts';
import { shared } from '../styles/shared.ts';
import { termStyles } from '../styles/term.ts';
import type { HeadGridContent, HeadGridElement, PickHead } from './attention-heads.ts';
import type { AttentionMapElement, MapContent, PlaceEvent } from './attention-map.ts';
import { readout, rowTable } from './attention-readout.ts';
import type { AttentionTextElement } from './attention-text.ts';
import { termButton } from './open.ts';
import { Panel } from './panel.ts';
import './attention-heads.ts';
import './attention-map.ts';
import './attention-text.ts';

/** Heads' numbers that stand for combinations, in the grid. */
const COMBINED_HEADS: Readonly<Record<Combination, number>> = { mean: -1, max: -2 };

export class AttentionElement extends Panel {
  static override properties = {
    ...Panel.properties,
    looked: { state: true },
    src: { state: true },
    tableOpen: { state: true },
  };
  static override styles = [shared, termStyles, lensStyles, attentionStyles];
  /** Under the pointer. */
  declare looked: { readonly dest: number; readonly src: number } | undefined;
  declare src: number | undefined;
  declare tableOpen: boolean;
  protected readonly shows = [
    'run',
    'phase',
    'selected',
    'head',
    'headLabels',
    'scheme',
    'info',
    'options',
  ] as const satisfies (keyof ViewState)[];
  readonly #reader = new AttentionReader(this);
  #shown: ShownMap | undefined;

  constructor() {
    super();
    this.tableOpen = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.session.exports.offer('attention', () => {
      const shown = this.#shown;
      return shown ? attentionExports(shown, this.#pos, this.state) : [];
    });
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    this.#reader.follow(this.session.engine, this.state, this.#layer, this.#all);
    this.#shown = this.#show();
  }

  /** Value-weighted. */
  get #weighed(): boolean {
    return this.state.options.weights === 'value';
  }

  get #combined(): Combination | undefined {
    return COMBINATIONS.find((how) => how === this.state.options.combine);
  }

  /** All layers in small, in place of one. */
  get #all(): boolean {
    return this.state.options.heads === 'all';
  }

  /** What colours the small ones. */
  get #by(): 'maps' | HeadScore {
    return HEAD_SCORES.find((score) => score === this.state.options.by) ?? 'maps';
  }

  get #layers(): number {
    return this.state.run?.model.spec.nLayers ?? 1;
  }

  /** Of the selection; else the middle, where heads do more than in the last layer. In a trace, the first it holds. */
  get #layer(): number {
    const { selected, run } = this.state;
    const held = run?.trace?.data.attention[0]?.layer;
    const asked = selected?.layer ?? held ?? Math.floor((this.#layers - 1) / 2);
    return Math.min(Math.max(asked, 0), this.#layers - 1);
  }

  get #pos(): number {
    const last = (this.state.run?.ids.length ?? 1) - 1;
    return Math.min(this.state.selected?.pos ?? last, last);
  }

  get #place(): { readonly dest: number; readonly src: number } {
    const dest = this.#pos;
    return { dest, src: Math.min(this.src ?? this.#strongest(dest), dest) };
  }

  /** What the token looks at most. */
  #strongest(dest: number): number {
    const shown = this.#shown;
    if (!shown) return 0;
    const { cells, offset, maps } = shown;
    const start = offset + dest * maps.tokens;
    const row = cells.subarray(start, start + dest + 1);
    return row.reduce((best, x, src) => (x > (row[best] ?? 0) ? src : best), 0);
  }

  #show(): ShownMap | undefined {
    const maps = this.#reader.found;
    if (!maps || maps.run.ids !== this.state.run?.ids) return undefined;
    const weighed = this.#weighed && maps.weighted !== undefined;
    const table = weighed ? maps.weighted : maps.pattern;
    const before = this.#shown;
    if (this.#combined) {
      const same = before?.maps === maps && before.head === this.#combined && before.weighed === weighed;
      if (same) return before;
      const cells = combineHeads(table, { heads: maps.heads.length, tokens: maps.tokens }, this.#combined);
      return { maps, head: this.#combined, weighed, cells, offset: 0, most: weighed ? largest(cells) : 1 };
    }
    const index = Math.max(maps.heads.indexOf(this.state.head ?? -1), 0);
    const head = maps.heads[index] ?? 0;
    if (before?.maps === maps && before.head === head && before.weighed === weighed) return before;
    const offset = index * maps.tokens ** 2;
    const most = weighed ? largest(table.subarray(offset, offset + maps.tokens ** 2)) : 1;
    return { maps, head, weighed, cells: table, offset, most };
  }

  protected override render(): TemplateResult {
    const { run, problem } = this.state;
    const shown = this.#shown;
    const { busy } = this.#reader;
    return html`<section aria-labelledby="title" aria-busy=${busy}>
      <div class="head">
        <h2 id="title">
          Attention ${termButton('pattern')} <small>where each token looks, head by head</small>
        </h2>
        ${run ? this.#controls(run) : nothing}
      </div>
      ${
        this.#reader.problem === undefined
          ? nothing
          : html`<div class="card notice error">
              <h3>No attention here</h3>
              <p>${this.#reader.problem}</p>
            </div>`
      }
      ${
        shown || (run && this.#all && this.#reader.tiles.length > 0)
          ? this.#parts(shown)
          : run?.trace
            ? this.#missing(run)
            : run || problem
              ? html`<p class="small" role="status">
                  ${busy ? 'Reading the heads…' : problem ? '' : 'Comes when the run has ended.'}
                </p>`
              : html`<div class="card notice">
                  <h3>Nothing has run yet</h3>
                  <p>Type a prompt above and press Run: what its tokens look at is shown here.</p>
                </div>`
      }
    </section>`;
  }

  #missing(run: RunView): TemplateResult {
    const held = run.trace?.data.attention ?? [];
    return html`<div class="card notice">
      <h3>
        ${held.length === 0 ? 'This trace holds no attention' : `This trace does not hold layer ${this.#layer}`}
      </h3>
      <p>
        ${
          held.length === 0
            ? 'It was made without, to be small. Run the prompt live to see where its tokens look.'
            : `It holds ${held.map(({ layer, heads }) => `layer ${layer} (${plural(heads.length, 'head')})`).join(', ')}.`
        }
      </p>
      <div class="ways">
        ${
          held[0]
            ? html`<button class="button primary" @click=${() => this.#go(held[0]?.layer ?? 0)}>
                Show layer ${held[0].layer}
              </button>`
            : nothing
        }
        <button class="button" @click=${() => this.session.run()}>Run live</button>
      </div>
    </div>`;
  }

  #controls(run: RunView): TemplateResult {
    const layers = Array.from({ length: this.#layers }, (_, layer) => layer);
    const held = run.trace?.data.attention.map(({ layer }) => layer);
    return html`<div class="controls">
      <label class="pick"
        >layer
        <select
          aria-label="Layer"
          @change=${(event: Event) => this.#go(Number((event.target as HTMLSelectElement).value))}
        >
          ${layers.map(
            (layer) =>
              html`<option
                value=${layer}
                .selected=${layer === this.#layer}
                ?disabled=${held && !held.includes(layer)}
              >
                ${layer}
              </option>`,
          )}
        </select></label
      >
      <fieldset>
        <legend>heads of</legend>
        ${this.#radio('heads', 'this layer', !this.#all, () => this.session.setOption('heads', undefined))}
        ${this.#radio('heads', 'all layers', this.#all, () => this.session.setOption('heads', 'all'))}
      </fieldset>
      <fieldset>
        <legend>show</legend>
        ${this.#radio('weigh', 'weights', !this.#weighed || run.trace !== undefined, () => this.session.setOption('weights', undefined))}
        ${
          run.trace
            ? nothing
            : this.#radio('weigh', 'value-weighted', this.#weighed, () =>
                this.session.setOption('weights', 'value'),
              )
        }
      </fieldset>
      ${termButton('valueWeighted')}
    </div>`;
  }

  #radio(name: string, label: string, checked: boolean, pick: () => void): TemplateResult {
    return html`<label
      ><input type="radio" name=${name} .checked=${checked} @change=${pick} />${label}</label
    >`;
  }

  #parts(shown: ShownMap | undefined): TemplateResult {
    const { busy } = this.#reader;
    const layer = shown?.maps.layer ?? this.#layer;
    return html`<div class="parts ${busy ? 'stale' : ''}">
      <section class="card" aria-labelledby="heads">
        <h2 id="heads">
          ${this.#all ? 'All layers' : `Layer ${layer}`}
          <small>${this.#all ? this.#overviewSaid() : this.#layerSaid(shown)}</small>
        </h2>
        ${this.#all ? this.#byControl() : nothing}
        <rs-head-grid @pick=${(event: PickHead) => this.#pickHead(event)}></rs-head-grid>
      </section>
      ${shown ? this.#large(shown) : html`<p class="small">Reading the heads…</p>`}
    </div>`;
  }

  #overviewSaid(): string {
    const { tiles } = this.#reader;
    const all = this.state.run?.trace?.data.attention.length ?? this.#layers;
    if (tiles.length < all) return `${tiles.length} of ${plural(all, 'layer')} read…`;
    return 'rows: layers · columns: heads';
  }

  #layerSaid(shown: ShownMap | undefined): string {
    if (!shown) return '';
    const { window, heads } = shown.maps;
    const sees = window === undefined ? '' : ` · sliding window: ${plural(window, 'token')} back`;
    return `${plural(heads.length, 'head')}${sees}`;
  }

  #byControl(): TemplateResult {
    return html`<label class="pick"
      >coloured by
      <select
        aria-label="Coloured by"
        @change=${(event: Event) => {
          const { value } = event.target as HTMLSelectElement;
          this.session.setOption(
            'by',
            HEAD_SCORES.find((score) => score === value),
          );
        }}
      >
        <option value="maps" .selected=${this.#by === 'maps'}>maps of the weights</option>
        ${HEAD_SCORES.map((score) => html`<option value=${score} .selected=${this.#by === score}>${SCORE_WORDS[score]}</option>`)}
      </select>
      ${termButton('headScores')}</label
    >`;
  }

  #large(shown: ShownMap): TemplateResult {
    const { maps } = shown;
    const { dest, src } = this.looked ?? this.#place;
    const token = (pos: number): string => visibleText(maps.run.pieces[pos] ?? '');
    return html`<section class="card" aria-labelledby="map">
        <h2 id="map">${titleOf(shown)} <small>down: who looks · across: at what</small></h2>
        <rs-attention-map
          @look=${(event: PlaceEvent) => (this.looked = event.detail ?? undefined)}
          @pick=${(event: PlaceEvent) => this.#pick(event)}
        ></rs-attention-map>
        ${this.#legend(shown)}
        <p class="said" role="status">${this.#said(shown)}</p>
      </section>
      <section class="card readout" aria-labelledby="readout">
        <h2 id="readout"><span class="token">${token(dest)}</span> <small>position ${dest}</small></h2>
        ${readout(shown, dest, src, (pos) => this.#choose(pos))}
        <details @toggle=${(event: Event) => (this.tableOpen = (event.target as HTMLDetailsElement).open)}>
          <summary>As a table</summary>
          ${this.tableOpen ? rowTable(shown, this.#pos) : nothing}
        </details>
      </section>
      <section class="card wide" aria-label="On the text">
        <div class="texts">
          <div>
            <h3>Where <span class="token">${token(dest)}</span> looks</h3>
            <rs-attention-text
              class="to"
              @look=${(event: PlaceEvent) => (this.looked = event.detail ?? undefined)}
              @pick=${(event: PlaceEvent) => event.detail && this.#choose(event.detail.dest)}
            ></rs-attention-text>
          </div>
          <div>
            <h3>Who looks at <span class="token">${token(dest)}</span></h3>
            <rs-attention-text
              class="from"
              @look=${(event: PlaceEvent) => (this.looked = event.detail ?? undefined)}
              @pick=${(event: PlaceEvent) => event.detail && this.#choose(event.detail.dest)}
            ></rs-attention-text>
          </div>
        </div>
      </section>`;
  }

  #legend({ most, weighed, maps }: ShownMap): TemplateResult {
    return html`<div class="legend">
      <span
        >0
        <span class="ramp" role="img" aria-label="Colour scale from pale to strong"></span>
        ${weighed ? `${length(most)}: the longest that it writes` : '1: all of its attention'}</span
      >
      <span
        ><i class="unseen"></i> ahead${maps.window === undefined ? '' : ', or outside the window'}: never
        seen</span
      >
    </div>`;
  }

  /** What the head does on this prompt, what is known of it, and what is left out. */
  #said({ maps, head, weighed }: ShownMap): TemplateResult {
    const { scores, layer, postNorm, error } = maps;
    const known = typeof head === 'number' ? labelsOf(this.state.headLabels, layer, head) : [];
    return html`${
      typeof head === 'number'
        ? html`On this prompt: ${scoresSaid(scores, maps.heads.indexOf(head))} ${termButton('headScores')}`
        : `The ${COMBINED[head]} of layer ${layer}, cell by cell.`
    }
    ${known.map(({ name, detail }) => html` <span class="pill" title=${detail}>${name}</span>`)}
    ${
      weighed && postNorm
        ? ' This model norms what attention writes before it is added; lengths are before that norm.'
        : ''
    }
    ${error > 0 ? ` From a trace: weights to ±${error.toPrecision(1)}.` : ''}`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    const root = this.renderRoot;
    const ramp = root.querySelector<HTMLElement>('.ramp');
    const stops = Array.from({ length: 9 }, (_, i) => rampColor(i / 8, this.state.scheme));
    if (ramp) ramp.style.background = `linear-gradient(90deg, ${stops.join(', ')})`;
    const grid = root.querySelector<HeadGridElement>('rs-head-grid');
    if (grid) grid.content = this.#grid();
    const shown = this.#shown;
    const map = root.querySelector<AttentionMapElement>('rs-attention-map');
    if (!shown || !map) return;
    map.content = this.#map(shown);
    map.place = this.looked ?? this.#place;
    const pos = this.looked?.dest ?? this.#pos;
    for (const direction of ['to', 'from'] as const) this.#text(shown, pos, direction);
  }

  #kept: { readonly key: readonly unknown[]; readonly content: MapContent } | undefined;

  /** The same object for the same map, so that it is painted once. */
  #map(shown: ShownMap): MapContent {
    const { scheme } = this.state;
    const key = [shown, scheme];
    if (this.#kept?.key.every((one, i) => one === key[i])) return this.#kept.content;
    const { maps, cells, offset, most } = shown;
    const { tokens, window, run } = maps;
    const content: MapContent = {
      source: { cells, offset, tokens, window, most },
      pieces: run.pieces,
      label: `${titleOf(shown)}: a row a token that looks, a column a token that is looked at`,
      scheme,
      say: (dest, src) => saidOf(shown, dest, src),
    };
    this.#kept = { key, content };
    return content;
  }

  #gridKept: { readonly key: readonly unknown[]; readonly content: HeadGridContent } | undefined;

  #grid(): HeadGridContent {
    const { scheme, head, headLabels } = this.state;
    const shown = this.#shown;
    const { tiles } = this.#reader;
    const key = [shown, scheme, head, this.#all, this.#by, tiles, headLabels];
    if (this.#gridKept?.key.every((one, i) => one === key[i])) return this.#gridKept.content;
    const layer = shown?.maps.layer ?? this.#layer;
    const number = shown && (typeof shown.head === 'number' ? shown.head : COMBINED_HEADS[shown.head]);
    const content: HeadGridContent = {
      form: this.#all ? 'table' : 'wrap',
      label: this.#all ? 'Heads of all layers' : `Heads of layer ${layer}`,
      rows: this.#all ? this.#allRows() : shown ? [{ layer, tiles: this.#layerTiles(shown) }] : [],
      selected: number === undefined ? undefined : { layer, head: number },
      scheme,
    };
    this.#gridKept = { key, content };
    return content;
  }

  #layerTiles({ maps, weighed }: ShownMap): HeadGridContent['rows'][number]['tiles'] {
    const { layer, heads, tokens, window, scores } = maps;
    const cells = weighed && maps.weighted ? maps.weighted : maps.pattern;
    const most = weighed ? maps.most : 1;
    const own = heads.map((head, h) => ({
      layer,
      head,
      picture: { cells, offset: h * tokens ** 2, tokens, window, most },
      caption: [head, labelsOf(this.state.headLabels, layer, head)[0]?.name ?? shortScore(scores, h)]
        .filter((part) => part !== '')
        .join(' · '),
      name: this.#headName(layer, head, scoresSaid(scores, h)),
    }));
    if (heads.length < 2) return own;
    const combined = COMBINATIONS.map((how) => ({
      layer,
      head: COMBINED_HEADS[how],
      picture: {
        cells: combineHeads(cells, { heads: heads.length, tokens }, how),
        offset: 0,
        tokens,
        window,
        most,
      },
      caption: how === 'mean' ? 'mean' : 'largest',
      name: `${COMBINED[how]} of layer ${layer}`,
    }));
    return [...own, ...combined];
  }

  #headName(layer: number, head: number, said: string): string {
    const known = labelsOf(this.state.headLabels, layer, head).map(({ name }) => `, ${name}`);
    return `Head ${head} of layer ${layer}${known.join('')}: on this prompt ${said}`;
  }

  #allRows(): HeadGridContent['rows'] {
    const by = this.#by;
    return this.#reader.tiles.map(({ layer, heads, side, window, tiles, scores }) => ({
      layer,
      tiles: heads.map((head, h) => ({
        layer,
        head,
        picture:
          by === 'maps'
            ? {
                cells: tiles,
                offset: h * side * side,
                tokens: side,
                window:
                  window === undefined
                    ? undefined
                    : Math.ceil((window * side) / (this.state.run?.ids.length ?? side)),
                most: 255,
              }
            : (scores[by][h] ?? Number.NaN),
        caption: '',
        name: this.#headName(layer, head, scoresSaid(scores, h)),
      })),
    }));
  }

  #text(shown: ShownMap, pos: number, direction: 'to' | 'from'): void {
    const element = this.renderRoot.querySelector<AttentionTextElement>(`rs-attention-text.${direction}`);
    if (!element) return;
    const { run } = shown.maps;
    element.content = {
      pieces: run.pieces,
      pos,
      shares: sharesOnText(shown, pos, direction),
      label: direction === 'to' ? 'Token that looks' : 'Token that is looked at',
      scheme: this.state.scheme,
      title: (other) => (direction === 'to' ? saidOf(shown, pos, other) : saidOf(shown, other, pos)),
    };
  }

  #go(layer: number): void {
    this.session.selection.select({ layer, pos: this.#pos });
  }

  #choose(pos: number): void {
    this.looked = undefined;
    this.src = undefined;
    this.session.selection.select({ layer: this.#layer, pos });
  }

  #pick({ detail }: PlaceEvent): void {
    if (!detail) return;
    this.looked = undefined;
    this.src = detail.src;
    this.session.selection.select({ layer: this.#layer, pos: detail.dest });
  }

  #pickHead({ detail: { layer, head } }: PickHead): void {
    this.session.setOption(
      'combine',
      COMBINATIONS.find((how) => COMBINED_HEADS[how] === head),
    );
    if (layer !== this.#layer || this.state.selected === undefined) this.#go(layer);
    if (head >= 0) this.session.selection.selectHead(head);
  }
}
customElements.define('rs-attention', AttentionElement);

function largest(cells: Float32Array): number {
  let most = 0;
  for (const x of cells) if (x > most) most = x;
  return most;
}
