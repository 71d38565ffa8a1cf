/** The attribution view: a token's logit as bars, a part of the model each, that sum to it. */
import { html, nothing, svg, type PropertyValues, type TemplateResult } from 'lit';
import type { Attribution } from '../../engine/attribution-api.ts';
import { visibleText } from '../../shared/picture/visible.ts';
import {
  attributionExports,
  barsOf,
  GROUPS,
  GROUP_WORDS,
  sourcesOf,
  targetSaid,
  type Group,
} from '../controllers/attribution.ts';
import type { BarRow } from '../controllers/bars.ts';
import { change, probabilityOf } from '../controllers/numbers.ts';
import { StudyReader } from '../controllers/study.ts';
import { selectedCell, type RunView, type ViewState } from '../controllers/view-state.ts';
import type { AttributionAnswer } from '../engine/study-protocol.ts';
import { ablationStyles } from '../styles/ablation.ts';
import { headsStyles } from '../styles/heads.ts';
import { lensStyles } from '../styles/lens.ts';
import { shared } from '../styles/shared.ts';
import { termStyles } from '../styles/term.ts';
import { termButton } from './open.ts';
import { Panel } from './panel.ts';

/** Candidates that can be chosen. */
const CANDIDATES = 10;

/** `TARGET` or `TARGET-AGAINST`, AGAINST an id or `mean`: ids in the address. */
function readTargets(text: string | undefined): {
  readonly target: number | undefined;
  readonly against: number | 'mean' | undefined;
} {
  const match = /^(\d{1,7}|top)(?:-(\d{1,7}|mean))?$/.exec(text ?? '');
  const [, first, second] = match ?? [];
  return {
    target: first === undefined || first === 'top' ? undefined : Number(first),
    against: second === undefined ? undefined : second === 'mean' ? 'mean' : Number(second),
  };
}

export class AttributionElement extends Panel {
  static override properties = {
    ...Panel.properties,
    group: { state: true },
    head: { state: true },
  };
  static override styles = [shared, termStyles, lensStyles, headsStyles, ablationStyles];
  declare group: Group;
  /** The head whose sources are shown; undefined: the one with the largest part. */
  declare head: { readonly layer: number; readonly head: number } | undefined;
  protected readonly shows = [
    'info',
    'run',
    'phase',
    'selected',
    'scheme',
    'options',
  ] as const satisfies (keyof ViewState)[];
  readonly #reader = new StudyReader(this, 'attribution');
  #asked: RunView | undefined;
  #shown: { readonly answer: AttributionAnswer; readonly run: RunView } | undefined;

  constructor() {
    super();
    this.group = 'part';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.session.exports.offer('attribution', () => {
      const shown = this.#shown;
      return shown
        ? attributionExports(shown.answer.attribution, shown.run, this.group, this.#texts(shown.answer))
        : [];
    });
  }

  get #pos(): number {
    return selectedCell(this.state)?.pos ?? 0;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    super.willUpdate(changed);
    const { run, options, phase } = this.state;
    if (!run) {
      this.#reader.forget();
      this.#asked = this.#shown = undefined;
      return;
    }
    const pos = this.#pos;
    const targets = readTargets(options.of);
    const { dVocab } = run.model.spec;
    const within = (id: number | undefined): number | undefined =>
      id !== undefined && id < dVocab ? id : undefined;
    const target = within(targets.target);
    const against = targets.against === 'mean' ? 'mean' : within(targets.against);
    if (phase === 'done') {
      const key = [run.model.id, run.ids.join(), pos, target, against].join(':');
      this.#reader.follow(this.session, key, () => {
        this.#asked = run;
        return { ids: run.ids, pos, target, against: against === target ? undefined : against };
      });
    }
    const { answer, busy } = this.#reader;
    if (answer && !busy && this.#asked && this.#shown?.answer !== answer)
      this.#shown = { answer, run: this.#asked };
    if (this.#shown && (this.#shown.run.ids !== run.ids || this.#reader.problem !== undefined))
      this.#shown = undefined;
  }

  protected override render(): TemplateResult {
    const { run } = this.state;
    const { problem, busy } = this.#reader;
    return html`<section aria-labelledby="title" aria-busy=${busy}>
      <div class="head">
        <h2 id="title">
          Attribution ${termButton('attribution')}
          <small>which parts of the model wrote a token’s logit</small>
        </h2>
      </div>
      <div role="alert">
        ${
          problem === undefined
            ? nothing
            : html`<div class="card notice error">
                <h3>No attribution here</h3>
                <p>${problem}</p>
              </div>`
        }
      </div>
      ${
        run
          ? html`${this.#controls(run)}${this.#shown ? this.#parts(this.#shown.answer, this.#shown.run) : html`<p class="small" role="status">${busy ? 'Taking the logit apart…' : ''}</p>`}`
          : html`<div class="card notice">
              <h3>Nothing has run yet</h3>
              <p>Type a prompt above and press Run: what its prediction is made of is shown here.</p>
            </div>`
      }
    </section>`;
  }

  #controls(run: RunView): TemplateResult {
    const { options } = this.state;
    const { target, against } = readTargets(options.of);
    const pos = this.#pos;
    const last = run.rows.at(-1);
    const candidates = last ? [...last.topIds.subarray(pos * last.k, pos * last.k + CANDIDATES)] : [];
    const next = run.ids[pos + 1];
    const ids = [...new Set([...candidates, ...(next === undefined ? [] : [next]), ...this.state.pins])];
    for (const id of [target, against]) if (typeof id === 'number' && !ids.includes(id)) ids.push(id);
    const set = (first: string, second: string): void =>
      this.session.setOption(
        'of',
        first === 'top' && second === '' ? undefined : `${first}${second && `-${second}`}`,
      );
    const [one, two] = [
      target === undefined ? 'top' : String(target),
      against === undefined ? '' : String(against),
    ];
    const option = (value: string, words: string, on: boolean): TemplateResult =>
      html`<option value=${value} .selected=${on}>${words}</option>`;
    const named = (id: number): string => visibleText(this.#name(run, id));
    return html`<div class="controls off">
      <label class="pick"
        >after
        <select
          @change=${(event: Event) =>
            this.session.selection.select({
              layer: selectedCell(this.state)?.layer ?? -1,
              pos: Number((event.target as HTMLSelectElement).value),
            })}
        >
          ${run.pieces.map((piece, at) => option(String(at), `${at}: ${visibleText(piece)}`, at === pos))}
        </select></label
      >
      <label class="pick"
        >the logit of
        <select @change=${(event: Event) => set((event.target as HTMLSelectElement).value, two)}>
          ${option('top', 'the model’s first choice', one === 'top')}
          ${ids.map((id) => option(String(id), named(id), one === String(id)))}
        </select></label
      >
      <label class="pick"
        >over
        <select @change=${(event: Event) => set(one, (event.target as HTMLSelectElement).value)}>
          ${option('', 'nothing: the logit itself', two === '')}
          ${option('mean', 'the mean of all tokens', two === 'mean')}
          ${ids.map((id) => option(String(id), named(id), two === String(id)))}
        </select></label
      >
      <fieldset>
        <legend>by</legend>
        ${GROUPS.map(
          (name) =>
            html`<label
              ><input
                type="radio"
                name="group"
                .checked=${name === this.group}
                @change=${() => (this.group = name)}
              />${GROUP_WORDS[name]}</label
            >`,
        )}
      </fieldset>
    </div>`;
  }

  #name(run: RunView, id: number): string {
    const { answer } = this.#shown ?? {};
    return (
      run.texts.get(id) ?? this.state.pinTexts.get(id) ?? new Map(answer?.texts ?? []).get(id) ?? `id ${id}`
    );
  }

  #texts(answer: AttributionAnswer): (id: number) => string {
    const texts = new Map(answer.texts);
    return (id) => visibleText(texts.get(id) ?? `id ${id}`);
  }

  #parts(answer: AttributionAnswer, run: RunView): TemplateResult {
    const { attribution: found } = answer;
    const rows = barsOf(found, this.group);
    const text = this.#texts(answer);
    const head = this.head ?? this.#strongest(found);
    return html`<div class="parts ${this.#reader.busy ? 'stale' : ''}">
        <section class="card" aria-labelledby="bars">
          <h2 id="bars">
            What makes ${targetSaid(found, text)} <small>logits; blue for it, orange against it</small>
          </h2>
          <p class="say" role="status">
            The parts sum to <b>${found.sum.toFixed(4)}</b>; the model’s own
            ${found.against === undefined ? 'logit' : 'difference'} is <b>${found.logit.toFixed(4)}</b>,
            probability ${probabilityOf(found.targetLogprob)}.
          </p>
          ${this.#bars(rows, { name: 'sum', value: found.sum })}
        </section>
        ${this.#sources(found, run, head)}
      </div>
      ${
        found.notes.length > 0
          ? html`<ul class="notes small">
              ${found.notes.map((note) => html`<li>${note}</li>`)}
            </ul>`
          : nothing
      }`;
  }

  #bars(rows: readonly BarRow[], total: BarRow): TemplateResult {
    const all = [...rows, total];
    const least = Math.min(0, ...all.map(({ value }) => value));
    const most = Math.max(0, ...all.map(({ value }) => value));
    const x = (value: number): number => (100 * (value - least)) / (most - least || 1);
    return html`<div class="scroll tall" tabindex="0" role="region" aria-label="Parts of the logit">
      <table class="sum">
        <thead class="hidden-text">
          <tr>
            <th scope="col">part</th>
            <td></td>
            <th scope="col">logits</th>
          </tr>
        </thead>
        <tbody>
          ${all.map(
            (row, i) =>
              html`<tr class=${i === all.length - 1 ? 'total' : ''}>
                <th scope="row">
                  ${
                    row.head
                      ? html`<button
                          class="open"
                          aria-label="${row.name}: which tokens it read"
                          aria-pressed=${this.head?.layer === row.head.layer && this.head.head === row.head.head}
                          @click=${() => (this.head = row.head)}
                        >
                          ${row.name}
                        </button>`
                      : row.name
                  }
                </th>
                <td class="bar">
                  <svg viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true">
                    ${svg`<line x1=${x(0)} x2=${x(0)} y1="0" y2="12" stroke-width=".4"></line>
                      <rect class=${row.value < 0 ? 'down' : 'up'} x=${Math.min(x(0), x(row.value))} y="1.5"
                        width=${Math.abs(x(row.value) - x(0))} height="9"></rect>`}
                  </svg>
                </td>
                <td class="number">${change(row.value, 3) || '–'}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  #strongest({ byHead, heads }: Attribution): { readonly layer: number; readonly head: number } {
    let best = 0;
    byHead.forEach((value, i) => {
      if (Math.abs(value) > Math.abs(byHead[best] ?? 0)) best = i;
    });
    return { layer: Math.floor(best / heads), head: best % heads };
  }

  #sources(
    found: Attribution,
    run: RunView,
    { layer, head }: { readonly layer: number; readonly head: number },
  ): TemplateResult {
    const values = sourcesOf(found, layer, head);
    const rows = Array.from(values, (value, src) => ({
      name: `${src}: ${visibleText(run.pieces[src] ?? '')}`,
      value,
    }));
    const pick = (name: 'layer' | 'head', count: number, at: number): TemplateResult =>
      html`<label class="pick"
        >${name}
        <select
          @change=${(event: Event) =>
            (this.head = { layer, head, [name]: Number((event.target as HTMLSelectElement).value) })}
        >
          ${Array.from({ length: count }, (_, i) => html`<option value=${i} .selected=${i === at}>${i}</option>`)}
        </select></label
      >`;
    return html`<section class="card" aria-labelledby="sources">
      <h2 id="sources">What head ${layer}.${head} brings, by the token it reads</h2>
      <div class="controls">${pick('layer', found.layers, layer)} ${pick('head', found.heads, head)}</div>
      ${this.#bars(rows, { name: `head ${layer}.${head}`, value: found.byHead[layer * found.heads + head] ?? NaN })}
    </section>`;
  }
}
customElements.define('rs-attribution', AttributionElement);
