/** One cell in full: the layer's candidates with bars, its entropy and KL, and how the tokens that matter rank. */
import { css, html, nothing, svg, type TemplateResult } from 'lit';
import { visibleText } from '../../shared/picture/visible.ts';
import type { TargetReadings } from '../../shared/lens/readings.ts';
import { count, nats, probability, probabilityOf } from '../controllers/numbers.ts';
import { lineReadings, lineTitle, type LineReadings } from '../controllers/lines.ts';
import { currentCell, idsOf, type Cell, type RunView, type ViewState } from '../controllers/view-state.ts';
import { shared } from '../styles/shared.ts';
import { termStyles } from '../styles/term.ts';
import { termButton } from './open.ts';
import { Panel } from './panel.ts';

export class InspectorElement extends Panel {
  static override styles = [
    shared,
    termStyles,
    css`
      .card {
        min-height: 120px;
      }
      h2 {
        display: flex;
        flex-wrap: wrap;
        gap: 2px 6px;
        align-items: baseline;
        margin-bottom: 8px;
      }
      ol {
        margin: 0 -6px;
        padding: 0;
        list-style: none;
      }
      li {
        display: flex;
      }
      .onward {
        flex: none;
        width: 26px;
        border: 0;
        border-radius: 6px;
        background: none;
        color: var(--accent);
      }
      @media print {
        .onward {
          visibility: hidden;
        }
      }
      .onward:hover {
        background: var(--chip);
      }
      .candidate {
        display: grid;
        grid-template-columns: 96px 1fr 58px;
        gap: 8px;
        align-items: center;
        width: 100%;
        min-height: 24px;
        padding: 2px 6px;
        border: 0;
        border-radius: 6px;
        background: none;
        font: 12.5px/1.3 var(--mono);
        text-align: left;
      }
      .candidate:hover {
        background: var(--chip);
      }
      .candidate[aria-pressed='true'] {
        background: var(--chip);
        box-shadow: inset 2px 0 0 var(--accent);
      }
      .candidate span {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: pre;
      }
      .candidate .p {
        text-align: right;
        color: var(--dim);
        font-variant-numeric: tabular-nums;
      }
      .candidate svg {
        width: 100%;
        height: 9px;
        fill: var(--bar);
      }
      .hint {
        margin: 4px 0 10px;
      }
      table {
        width: 100%;
        border-collapse: collapse;
        font-size: 12.5px;
      }
      th,
      td {
        padding: 3px 0;
        text-align: left;
        font-weight: 400;
        white-space: nowrap;
      }
      thead th {
        font-size: 12px;
        color: var(--dim);
      }
      tbody th {
        width: 99%;
        max-width: 0;
        overflow: hidden;
        text-overflow: ellipsis;
        color: var(--dim);
      }
      td,
      thead th:not(:first-child) {
        padding-left: 12px;
        text-align: right;
        font-family: var(--mono);
        font-variant-numeric: tabular-nums;
      }
      thead th:not(:first-child) {
        font-family: inherit;
      }
      td.missing {
        font: 12px var(--sans);
        color: var(--dim);
      }
      .numbers {
        display: grid;
        grid-template-columns: 1fr 1fr;
        gap: 8px;
        margin: 10px 0;
        padding: 8px 0;
        border: solid var(--line);
        border-width: 1px 0;
      }
      .numbers div {
        font-size: 12px;
        color: var(--dim);
      }
      .numbers b {
        display: block;
        font: 15px/1.3 var(--mono);
        color: var(--ink);
        font-variant-numeric: tabular-nums;
      }
    `,
  ];
  protected readonly shows = [
    'run',
    'phase',
    'selected',
    'hovered',
    'pins',
    'groups',
  ] as const satisfies (keyof ViewState)[];

  protected override render(): TemplateResult {
    const { run } = this.state;
    const cell = currentCell(this.state);
    const line = run && cell && lineReadings(run, cell);
    return html`<section class="card" aria-labelledby="title">
      ${run && cell && line ? this.#cell(run, cell, line) : this.#empty(run, cell)}
    </section>`;
  }

  #empty(run: RunView | undefined, cell: Cell | undefined): TemplateResult {
    return html`<h2 id="title">One cell, in full</h2>
      <p class="small">
        ${
          run && cell
            ? `The readings of ${lineTitle(cell).toLowerCase()} are not there yet.`
            : 'Point at a cell of the table, or move over it with the arrow keys, to see its candidates here.'
        }
      </p>`;
  }

  #cell(run: RunView, cell: Cell, { readings, kl: rowKl, final }: LineReadings): TemplateResult {
    const { pos } = cell;
    const { k, topIds, topLogprobs } = readings;
    const kl = rowKl?.[pos];
    return html`
      <h2 id="title">
        ${lineTitle(cell)}, after
        <span class="token">${visibleText(run.pieces[pos] ?? '')}</span>
        <small>position ${pos}</small>
      </h2>
      <ol aria-label="Candidates">
        ${Array.from({ length: k }, (_, i) => this.#candidate(run, topIds[pos * k + i] ?? -1, topLogprobs[pos * k + i]))}
      </ol>
      <p class="small hint on-screen">
        Click a candidate to pin it${this.#last(run) ? '; + continues the prompt with it' : ''}.
      </p>
      <div class="numbers">
        <div>
          entropy ${termButton('entropy')}<b
            >${nats(readings.entropy[pos] ?? Number.NaN)} <small>nats</small></b
          >
        </div>
        <div>
          KL to the output ${termButton('kl')}<b>${kl === undefined ? '–' : nats(kl)} <small>nats</small></b>
        </div>
      </div>
      <table>
        <thead>
          <tr>
            <th scope="col">token</th>
            <th scope="col">probability</th>
            <th scope="col">rank ${termButton('rank')}</th>
          </tr>
        </thead>
        <tbody>
          ${target(run, 'output', final, pos, 'comes at the end')}
          ${target(run, 'input', readings.input, pos, '')}
          ${target(run, 'next', readings.next, pos, 'the prompt ends here')}
        </tbody>
      </table>
    `;
  }

  #candidate(run: RunView, id: number, logprob = Number.NaN): TemplateResult | typeof nothing {
    if (id < 0) return nothing;
    const p = Math.exp(logprob);
    const text = visibleText(run.texts.get(id) ?? '');
    const pinned = this.state.pins.some((pin) => idsOf(pin, this.state.groups).includes(id));
    return html`<li>
      <button
        class="candidate"
        aria-pressed=${pinned ? 'true' : 'false'}
        title=${`${text} · id ${id} · ln p ${logprob.toFixed(3)}${pinned ? ' · pinned' : ''}`}
        @click=${() => this.session.selection.toggle(id)}
      >
        <span>${text}</span>
        <svg aria-hidden="true">
          ${svg`<rect width=${`${Math.max(p * 100, 0.4)}%`} height="100%" rx="3"></rect>`}
        </svg>
        <span class="p">${probability(p)}</span>
      </button>
      ${this.#onward(run, id, text)}
    </li>`;
  }

  /** Whether what is looked at could come next: the last column of a whole run. */
  #last(run: RunView): boolean {
    const { phase } = this.state;
    return currentCell(this.state)?.pos === run.ids.length - 1 && !run.trace && phase === 'done';
  }

  /** A candidate of the last column can be the next token. */
  #onward(run: RunView, id: number, text: string): TemplateResult | typeof nothing {
    if (!this.#last(run)) return nothing;
    return html`<button
      class="onward"
      aria-label=${`Continue with ${text}`}
      title=${`Continue with ${text}: adds it to the prompt`}
      @click=${() => void this.session.grow((grower) => grower.step({ how: 'given', id }))}
    >
      +
    </button>`;
  }
}
customElements.define('rs-inspector', InspectorElement);

function target(
  run: RunView,
  name: 'output' | 'input' | 'next',
  readings: TargetReadings | undefined,
  pos: number,
  missing: string,
): TemplateResult {
  const id = readings?.ids[pos] ?? -1;
  const label = { output: 'the output', input: 'the input', next: 'the actual next' }[name];
  const there = readings && id >= 0;
  const text = there ? (run.texts.get(id) ?? '') : '';
  return html`<tr>
    <th scope="row" title=${there ? visibleText(text) : nothing}>
      ${label} ${there ? html`<span class="token">${visibleText(text)}</span>` : ''}
    </th>
    ${
      there
        ? html`<td>${probabilityOf(readings.logprobs[pos] ?? Number.NaN)}</td>
            <td>${count(readings.ranks[pos] ?? -1)}</td>`
        : html`<td colspan="2" class="missing">${missing}</td>`
    }
  </tr>`;
}
