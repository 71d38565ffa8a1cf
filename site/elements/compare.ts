/** The compare view: the table's run beside another prompt, or another model, cell by cell. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { visibleText } from '../../shared/picture/visible.ts';
import { LAYER_MATCHES, type LayerMatch } from '../../shared/compare/align.ts';
import type { ComparedCells } from '../../shared/compare/cells.ts';
import { CATALOGUE } from '../controllers/catalogue.ts';
import { compareExports } from '../controllers/compare-exports.ts';
import {
  COMPARE_BY,
  COMPARE_OF,
  compareScale,
  valueOf,
  type CompareBy,
  type CompareOf,
  type CompareScale,
} from '../controllers/compare-scale.ts';
import { compareSentences } from '../words/compare.ts';
import { CompareReader, compareWith, type Comparison } from '../controllers/compare.ts';
import { namedSource } from '../controllers/model-name.ts';
import { bytes, change, nats } from '../controllers/numbers.ts';
import type { Segment } from '../words/lens.ts';
import { ORDERS, type Cell, type ViewState } from '../controllers/view-state.ts';
import { compareStyles } from '../styles/compare.ts';
import { lensStyles } from '../styles/lens.ts';
import { shared } from '../styles/shared.ts';
import { termStyles } from '../styles/term.ts';
import type { CompareCardElement } from './compare-card.ts';
import { compareCharts } from './compare-charts.ts';
import type { CompareGridSpec } from './compare-grid.ts';
import { openTokenSearch, termButton } from './open.ts';
import { Panel } from './panel.ts';
import './compare-grid.ts';

const BY_WORDS: Record<CompareBy, string> = {
  kl: 'KL',
  js: 'Jensen–Shannon',
  probability: 'probability',
  rank: 'rank',
  entropy: 'entropy',
};
const OF_WORDS: Record<(typeof COMPARE_OF)[number], string> = {
  a: 'A’s top token',
  b: 'B’s top token',
  'out-a': 'A’s output',
  'out-b': 'B’s output',
};
const LAYER_WORDS: Record<LayerMatch, string> = { depth: 'by depth', index: 'by number' };

/** Pairs that each show one thing, of the embedded model. */
const PAIRS = [
  ['The capital of France is', 'The capital of Japan is'],
  ['Once upon a time there was a', 'Once upon a time there was an'],
] as const;

export class CompareElement extends Panel {
  static override properties = {
    ...Panel.properties,
    complaint: { state: true },
    hovered: { state: true },
  };
  static override styles = [shared, termStyles, lensStyles, compareStyles];
  /** What is wrong with the form. */
  declare complaint: string | undefined;
  declare hovered: Cell | undefined;
  protected readonly shows = [
    'run',
    'phase',
    'options',
    'scheme',
    'order',
    'info',
    'pinTexts',
    'request',
    'device',
  ] as const satisfies (keyof ViewState)[];
  readonly #reader = new CompareReader(this);
  #card: CompareCardElement | undefined;
  #scaled: { readonly key: readonly unknown[]; readonly scale: CompareScale } | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.session.exports.offer('compare', () => {
      const { found, busy } = this.#reader;
      return found && !busy ? compareExports(found, this.#scale(found), this.#selected(found)) : [];
    });
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    this.#reader.follow(this.session);
    const { found } = this.#reader;
    if (this.#card && found) this.#card.found = found;
  }

  protected override render(): TemplateResult {
    const { run } = this.state;
    const { found, busy } = this.#reader;
    return html`<section aria-labelledby="title" aria-busy=${busy}>
      <div class="head">
        <h2 id="title">
          Two runs side by side ${termButton('divergence')}
          <small>the prompt above is A; the other prompt, or the other model, is B</small>
        </h2>
      </div>
      ${this.#form()} ${this.#progress()} ${this.#trouble()}
      ${
        found
          ? html`<div class=${busy && found.cells.every(Boolean) ? 'stale' : ''}>${this.#table(found)}</div>`
          : busy || this.#reader.problem !== undefined
            ? nothing
            : this.#empty(run !== undefined)
      }
    </section>`;
  }

  // ——— What to compare with

  #form(): TemplateResult {
    const { options, run } = this.state;
    const { busy } = this.#reader;
    return html`<form class="card kept" @submit=${(event: SubmitEvent) => this.#submit(event)}>
      <label
        >Other text
        <textarea
          name="prompt"
          rows="1"
          spellcheck="false"
          autocapitalize="off"
          placeholder="the same prompt"
          .value=${options['compare'] ?? ''}
          @keydown=${(event: KeyboardEvent) => {
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            (event.target as HTMLTextAreaElement).form?.requestSubmit();
          }}
        ></textarea>
      </label>
      <label
        >on the model
        <input
          name="model"
          list="models"
          autocomplete="off"
          spellcheck="false"
          placeholder="the same model"
          .value=${options['compare-model'] ?? ''}
        />
      </label>
      <datalist id="models">
        ${CATALOGUE.map(({ id }) => (id === run?.model.id ? nothing : html`<option value=${id}></option>`))}
      </datalist>
      <div class="buttons">
        ${
          busy
            ? html`<button type="button" class="button" @click=${() => this.#reader.cancel()}>Cancel</button>`
            : html`<button class="button primary">Compare</button>`
        }
        ${
          options['compare'] && !run?.trace
            ? html`<button
                type="button"
                class="button"
                title="A becomes B, and B becomes A"
                @click=${() => this.#swap()}
              >
                Swap
              </button>`
            : nothing
        }
      </div>
    </form>`;
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    const text = (name: string): string => {
      const value = data.get(name);
      return typeof value === 'string' ? value : '';
    };
    const typed = text('model').trim();
    const listed = CATALOGUE.some(({ id }) => id === typed);
    const model = typed === '' || listed ? typed : namedSource(typed);
    if (model === undefined) {
      this.complaint = `“${typed}” names no model: a model on the Hugging Face hub is owner/name, a folder on a server an https:// address.`;
      return;
    }
    const before = [this.state.options['compare'], this.state.options['compare-model']];
    this.session.setOption('compare', text('prompt').toWellFormed() || undefined);
    this.session.setOption('compare-model', model || undefined);
    const after = [this.state.options['compare'], this.state.options['compare-model']];
    this.complaint =
      compareWith(this.state) === undefined
        ? 'That would be the same run twice: type another prompt, or name another model.'
        : undefined;
    if (before.join('\n') === after.join('\n') && this.complaint === undefined) this.#reader.again();
  }

  #swap(): void {
    const { options, request, run } = this.state;
    const other = options['compare'];
    const own = request?.prompt ?? run?.pieces.slice(run.ids[0] === run.model.bosId ? 1 : 0).join('');
    if (!other || own === undefined) return;
    this.session.setOption('compare', own);
    this.session.pickExample(other);
  }

  #empty(ran: boolean): TemplateResult {
    const { phase, problem } = this.state;
    if (phase === 'loading' || phase === 'running')
      return html`<p class="small">Comes when the run has ended.</p>`;
    if (problem) return html``;
    return html`<div class="card notice">
      <h3>${this.#reader.cancelled ? 'Cancelled' : ran ? 'Beside what?' : 'Nothing has run yet'}</h3>
      <p>
        ${
          ran
            ? 'Type another prompt, and each cell shows how far its guess is from the same place in the prompt above. Or name another model, which reads the same prompt.'
            : 'Type a prompt above and press Run, then another one here.'
        }
      </p>
      <div class="ways">
        ${PAIRS.map(
          ([a, b]) =>
            html`<button
              class="button"
              @click=${() => {
                this.session.setOption('compare-model', undefined);
                this.session.setOption('compare', b);
                this.session.pickExample(a);
              }}
            >
              “${a}” beside “${b}”
            </button>`,
        )}
      </div>
    </div>`;
  }

  // ——— What goes on

  #progress(): TemplateResult | typeof nothing {
    const { stage, busy } = this.#reader;
    if (!busy || !stage) return nothing;
    const words =
      stage.name === 'opening'
        ? 'opening'
        : stage.name === 'weights'
          ? `${bytes(stage.loadedBytes)} of ${bytes(stage.totalBytes)} of the other model`
          : `${stage.done} of ${stage.total} rows`;
    const [value, max] =
      stage.name === 'weights'
        ? [stage.loadedBytes, stage.totalBytes]
        : stage.name === 'rows'
          ? [stage.done, stage.total]
          : [undefined, 1];
    return html`<div class="progress">
      ${
        value === undefined
          ? html`<progress aria-label="Comparing"></progress>`
          : html`<progress aria-label="Comparing" max=${max} value=${value}></progress>`
      }
      <span>${words}</span>
    </div>`;
  }

  #trouble(): TemplateResult {
    const { problem, found, cancelled } = this.#reader;
    const withModel = this.state.options['compare-model'] !== undefined;
    return html`<div role="alert">
        ${this.complaint === undefined ? nothing : html`<p class="small">${this.complaint}</p>`}
        ${
          problem === undefined
            ? nothing
            : html`<div class="card notice error">
                <h3>These two can’t be compared</h3>
                <p>${problem}</p>
                <div class="ways">
                  <button class="button primary" @click=${() => this.#reader.again()}>Try again</button>
                  ${
                    withModel
                      ? html`<button
                          class="button"
                          @click=${() => this.session.setOption('compare-model', undefined)}
                        >
                          On the same model
                        </button>`
                      : nothing
                  }
                </div>
              </div>`
        }
      </div>
      <div role="status">
        ${cancelled && found ? html`<p class="small">Cancelled: what was read stays. Compare starts again.</p>` : nothing}
        ${
          found?.why === undefined
            ? nothing
            : html`<p class="small">
                ${found.why}. So tokens are compared by their texts, among the ten best of each: there is no
                KL, and ranks beyond are not known.
              </p>`
        }
      </div>`;
  }

  // ——— The table

  get #by(): CompareBy {
    const asked = COMPARE_BY.find((name) => name === this.state.options['compare-by']) ?? 'kl';
    const candidatesOnly = this.#reader.found?.why !== undefined;
    return candidatesOnly && (asked === 'kl' || asked === 'js') ? 'probability' : asked;
  }

  get #of(): CompareOf {
    const { options } = this.state;
    if (compareWith(this.state)?.token !== undefined) return 'token';
    return COMPARE_OF.find((name) => name === options['compare-of']) ?? 'a';
  }

  #controls({ why, a, b }: Comparison): TemplateResult {
    const { options, order } = this.state;
    const by = this.#by;
    return html`<div class="controls above">
      <fieldset>
        <legend>colour</legend>
        ${COMPARE_BY.map(
          (name) =>
            html`<label
              ><input
                type="radio"
                name="by"
                .checked=${name === by}
                ?disabled=${why !== undefined && (name === 'kl' || name === 'js')}
                @change=${() => this.session.setOption('compare-by', name === 'kl' ? undefined : name)}
              />${BY_WORDS[name]}</label
            >`,
        )}
      </fieldset>
      ${by === 'probability' || by === 'rank' ? this.#targets() : nothing}
      ${
        a.layers === b.layers
          ? nothing
          : html`<fieldset>
              <legend>layers meet</legend>
              ${LAYER_MATCHES.map(
                (name) =>
                  html`<label
                    ><input
                      type="radio"
                      name="match"
                      .checked=${name === (options['compare-layers'] ?? 'depth')}
                      @change=${() => this.session.setOption('compare-layers', name === 'depth' ? undefined : name)}
                    />${LAYER_WORDS[name]}</label
                  >`,
              )}
            </fieldset>`
      }
      <button
        class="button"
        @click=${() => this.session.setOrder(ORDERS[(ORDERS.indexOf(order) + 1) % ORDERS.length] ?? order)}
      >
        Turn over
      </button>
    </div>`;
  }

  #targets(): TemplateResult {
    const of = this.#of;
    return html`<label class="target"
      >of
      <select aria-label="Whose" @change=${(event: Event) => this.#pickTarget(event)}>
        ${COMPARE_OF.map((name) => html`<option value=${name} ?selected=${name === of}>${OF_WORDS[name]}</option>`)}
        ${of === 'token' ? html`<option value="token" selected>${this.#token}</option>` : nothing}
        ${this.state.run?.trace ? nothing : html`<option value="search">another token…</option>`}
      </select></label
    >`;
  }

  #pickTarget(event: Event): void {
    const select = event.target as HTMLSelectElement;
    if (select.value === 'search') {
      select.value = this.#of;
      openTokenSearch(this.session, 'follow');
    } else if (select.value !== 'token') {
      this.session.setOption('compare-of', select.value === 'a' ? undefined : select.value);
    }
  }

  /** The followed token, in words. */
  get #token(): string {
    const id = compareWith(this.state)?.token;
    if (id === undefined) return '';
    return visibleText(this.#reader.found?.a.texts.get(id) ?? `#${id}`);
  }

  #scale(found: Comparison): CompareScale {
    const key = [found, this.#by, this.#of, this.#token];
    if (!this.#scaled || key.some((one, i) => one !== this.#scaled?.key[i])) {
      this.#scaled = { key, scale: compareScale(found, this.#by, this.#of, this.#token) };
    }
    return this.#scaled.scale;
  }

  /** The cell of the address; by default the end of both prompts, in the last row. */
  #selected({ rows, columns }: Comparison): Cell {
    const [row = NaN, pos = NaN] = (this.state.options['compare-at'] ?? '').split('.').map(Number);
    const there = row >= 0 && row < rows.length && pos >= 0 && pos < columns.length;
    return there ? { layer: row - 1, pos } : { layer: rows.length - 2, pos: columns.length - 1 };
  }

  #table(found: Comparison): TemplateResult {
    const { scheme, order } = this.state;
    const scale = this.#scale(found);
    const selected = this.#selected(found);
    const spec: CompareGridSpec = {
      ...{ found, scale, order, scheme, selected },
      say: (cells, cell) => this.#say(cells, cell),
      card: async () => {
        const { CompareCardElement } = await import('./compare-card.ts');
        this.#card = new CompareCardElement();
        this.#card.session = this.session;
        if (this.#reader.found) this.#card.found = this.#reader.found;
        return this.#card;
      },
    };
    return html`
      ${this.#controls(found)}
      <p class="sides">
        <span><b>A</b> ${found.a.model}, ${found.a.layers} layers</span>
        <span><b>B</b> ${found.b.model}, ${found.b.layers} layers</span>
        <span
          >${
            found.a.layers === found.b.layers
              ? 'raw lens'
              : `raw lens; layers meet ${found.with.layers === 'depth' ? 'at the same share of the depth' : 'by their number'}`
          }</span
        >
      </p>
      <rs-compare-grid
        .spec=${spec}
        @rs-cell=${({ detail }: CustomEvent<Cell>) =>
          this.session.setOption('compare-at', `${detail.layer + 1}.${detail.pos}`)}
        @rs-hover=${({ detail }: CustomEvent<Cell | null>) => (this.hovered = detail ?? undefined)}
      ></rs-compare-grid>
      <div class="legend">
        <span>
          ${scale.title} ${scale.ends[0]}
          <span class="scale" role="img" aria-label="Colour scale"></span>
          ${scale.ends[1]}
        </span>
        <span>two lines in a cell: A’s top token above B’s</span>
      </div>
      <div class="say" role="status">
        ${compareSentences(found).map((segments) => html`<p>${segments.map(segment)}</p>`)}
      </div>
      ${compareCharts(found, { selected: this.hovered ?? selected, scheme })}
    `;
  }

  #say(cells: ComparedCells, cell: number): string {
    const by = this.#by;
    const value = valueOf(cells, cell, by, this.#of);
    const name = by === 'kl' ? 'KL of A from B' : BY_WORDS[by];
    if (Number.isNaN(value)) return `${name} not known`;
    if (by === 'kl' || by === 'js') return `${name} ${nats(value)} nats`;
    return `${name}, B less A, ${change(by === 'rank' ? -value : value, by === 'rank' ? 0 : 3)}`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    const { found } = this.#reader;
    const bar = this.renderRoot.querySelector<HTMLElement>('.scale');
    if (!found || !bar) return;
    const { colour } = this.#scale(found);
    const stops = Array.from({ length: 17 }, (_, i) => colour(i / 16, this.state.scheme));
    bar.style.background = `linear-gradient(90deg, ${stops.join(', ')})`;
  }
}
customElements.define('rs-compare', CompareElement);

function segment(part: Segment): TemplateResult | string {
  return typeof part === 'string' ? part : html`<span class="token">${visibleText(part.token)}</span>`;
}
