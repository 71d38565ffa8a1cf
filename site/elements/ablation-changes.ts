/** What an ablation changes: every cell's log-probability before and after, as a map, and the end of it in a sentence. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { divergingColor } from '../../shared/picture/ramp.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import type { CellEvent, HeatMapContent, HeatMapElement } from '../charts/heat-map.ts';
import { howSaid, unitName, type Choice } from '../controllers/ablation-choice.ts';
import { changeAt, DIFFERENCES, type Difference } from '../controllers/ablation-exports.ts';
import { change, plural, probabilityOf } from '../controllers/numbers.ts';
import { layerLabel, layerName, type RunView, type ViewState } from '../controllers/view-state.ts';
import type { AblateAnswer } from '../engine/study-protocol.ts';
import { ablationStyles } from '../styles/ablation.ts';
import { headsStyles } from '../styles/heads.ts';
import { lensStyles } from '../styles/lens.ts';
import { shared } from '../styles/shared.ts';
import { Panel } from './panel.ts';
import '../charts/heat-map.ts';

/** Tokens side by side: more would not be read, and take long to lay out. */
const COLUMNS = 48;

const DIFFERENCE_WORDS: Readonly<Record<Difference, string>> = {
  own: 'each cell’s own first choice',
  output: 'the output’s first choice',
};

/** An answer with the run and the choice that it is of. */
export interface ShownAblation {
  readonly answer: AblateAnswer;
  readonly run: RunView;
  readonly choice: Choice;
}

export class AblationChangesElement extends Panel {
  static override properties = {
    ...Panel.properties,
    shown: { attribute: false },
    busy: { attribute: false },
    of: { attribute: false },
    setOf: { attribute: false },
    from: { state: true },
    looked: { state: true },
  };
  static override styles = [shared, lensStyles, headsStyles, ablationStyles];
  declare shown: ShownAblation;
  /** Another answer is on its way. */
  declare busy: boolean;
  declare of: Difference;
  declare setOf: (of: Difference) => void;
  /** The first token shown. */
  declare from: number;
  declare looked: { readonly row: number; readonly column: number } | undefined;
  protected readonly shows = ['scheme'] as const satisfies (keyof ViewState)[];
  #kept: { readonly key: readonly unknown[]; readonly content: HeatMapContent } | undefined;

  constructor() {
    super();
    this.from = 0;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    if (changed.has('shown')) this.from = 0;
  }

  protected override render(): TemplateResult {
    const { shown } = this;
    const { run, answer } = shown;
    const tokens = run.ids.length;
    return html`<div class=${this.busy ? 'stale' : ''}>
      <p class="say" role="status">${this.#sentence(shown)}</p>
      <div class="controls">
        <fieldset>
          <legend>log-probability of</legend>
          ${DIFFERENCES.map(
            (name) =>
              html`<label
                ><input
                  type="radio"
                  name="of"
                  .checked=${name === this.of}
                  @change=${() => this.setOf(name)}
                />${DIFFERENCE_WORDS[name]}</label
              >`,
          )}
        </fieldset>
        ${tokens > COLUMNS ? this.#pager(tokens) : nothing}
      </div>
      <rs-heat-map
        class="changes"
        @look=${({ detail }: CellEvent) => (this.looked = detail ?? undefined)}
        @open=${({ detail }: CellEvent) => {
          if (!detail) return;
          const row = answer.rows[answer.rows.length - 1 - detail.row];
          this.session.selection.select({ layer: row?.layer ?? -1, pos: this.from + detail.column });
        }}
      ></rs-heat-map>
      <div class="legend">
        <span
          >−${this.#most(shown).toFixed(1)}: less likely
          <span class="ramp" role="img" aria-label="Colour scale, orange to blue"></span>
          +${this.#most(shown).toFixed(1)} nats: more likely</span
        >
        <span><i class="corner"></i> another first choice than before</span>
      </div>
      <p class="said">
        ${this.looked ? this.#cellSaid(shown, answer.rows.length - 1 - this.looked.row, this.from + this.looked.column) : 'Point at a cell to read it.'}
      </p>
    </div>`;
  }

  #pager(tokens: number): TemplateResult {
    const end = Math.min(this.from + COLUMNS, tokens);
    return html`<span class="pick"
      ><button
        class="button"
        aria-label="Tokens before"
        ?disabled=${this.from === 0}
        @click=${() => (this.from = Math.max(0, this.from - COLUMNS))}
      >
        ←
      </button>
      tokens ${this.from} to ${end - 1} of ${tokens}
      <button
        class="button"
        aria-label="Tokens behind"
        ?disabled=${end === tokens}
        @click=${() => (this.from = end)}
      >
        →
      </button></span
    >`;
  }

  #token(id: number | undefined): string {
    const { answer } = this.shown;
    return visibleText(new Map(answer.texts).get(id ?? -1) ?? '');
  }

  /** What the model now says at the end of the prompt. */
  #sentence({ answer, run, choice }: ShownAblation): TemplateResult {
    const row = answer.rows.at(-1);
    const pos = run.ids.length - 1;
    if (!row) return html``;
    const [before, after] = [row.before[pos], row.after[pos]];
    const { units, how } = choice;
    const names = units.length <= 4 ? units.map(unitName).join(', ') : plural(units.length, 'part');
    const last = answer.readings.at(-1);
    const now = last?.topLogprobs[pos * last.k] ?? NaN;
    return html`With ${names} ${howSaid(how)}: after
      <span class="token">${visibleText(run.pieces[pos] ?? '')}</span>,
      <span class="token">${this.#token(before)}</span> goes from
      <b>${probabilityOf(row.logprobsBefore[2 * pos] ?? NaN)}</b> to
      <b>${probabilityOf(row.logprobsAfter[2 * pos] ?? NaN)}</b>${
        before === after
          ? ' and stays the first choice.'
          : html`; the first choice is now
              <span class="token">${this.#token(after)}</span> (${probabilityOf(now)}).`
      }`;
  }

  #cellSaid({ answer, run }: ShownAblation, r: number, pos: number): string {
    const row = answer.rows[r];
    if (!row || pos >= run.ids.length) return '';
    const at = 2 * pos + (this.of === 'own' ? 0 : 1);
    const last = answer.rows.at(-1);
    const target = this.of === 'own' ? row.before[pos] : last?.before[pos];
    const others =
      row.before[pos] === row.after[pos]
        ? ''
        : `; first choice ${this.#token(row.before[pos])} → ${this.#token(row.after[pos])}`;
    return `${layerName(row.layer)}, position ${pos} (${visibleText(run.pieces[pos] ?? '')}): ${this.#token(target)} ${probabilityOf(row.logprobsBefore[at] ?? NaN)} → ${probabilityOf(row.logprobsAfter[at] ?? NaN)}, ${change(changeAt(answer, r, pos, this.of), 1)} nats${others}`;
  }

  /** The end of the scale: the largest change, of what is shown or not. */
  #most({ answer, run }: ShownAblation): number {
    let most = 0.1;
    answer.rows.forEach((_, r) =>
      run.ids.forEach((__, pos) => {
        const size = Math.abs(changeAt(answer, r, pos, this.of));
        if (size > most) most = size;
      }),
    );
    return Math.min(most, 12);
  }

  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    const { shown } = this;
    const { scheme } = this.state;
    const map = this.renderRoot.querySelector<HeatMapElement>('rs-heat-map');
    if (!map) return;
    const ramp = this.renderRoot.querySelector<HTMLElement>('.ramp');
    const stops = Array.from({ length: 17 }, (_, i) => divergingColor(i / 8 - 1, scheme));
    if (ramp) ramp.style.background = `linear-gradient(90deg, ${stops.join(', ')})`;
    const key = [shown, scheme, this.of, this.from];
    if (!this.#kept?.key.every((one, i) => one === key[i])) this.#kept = { key, content: this.#cells(shown) };
    map.content = this.#kept.content;
  }

  #cells(shown: ShownAblation): HeatMapContent {
    const { answer, run } = shown;
    const { scheme } = this.state;
    const most = this.#most(shown);
    const end = Math.min(this.from + COLUMNS, run.ids.length);
    const positions = Array.from({ length: end - this.from }, (_, i) => this.from + i);
    const order = answer.rows.map((_, r) => r).reverse();
    return {
      label: 'Change of the log-probability, cell by cell',
      corner: 'layer',
      rows: order.map((r) => layerLabel(answer.rows[r]?.layer ?? -1)),
      columns: positions.map((pos) => visibleText(run.pieces[pos] ?? '')),
      cells: order.map((r) =>
        positions.map((pos) => {
          const row = answer.rows[r];
          const value = changeAt(answer, r, pos, this.of);
          return {
            colour: Number.isNaN(value) ? undefined : divergingColor(value / most, scheme),
            text: change(value, 1),
            name: this.#cellSaid(shown, r, pos),
            marked: row?.before[pos] !== row?.after[pos],
          };
        }),
      ),
      selected: undefined,
    };
  }
}
customElements.define('rs-ablation-changes', AblationChangesElement);
