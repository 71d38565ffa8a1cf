/**
 * What the page prints above a view: prompt, model, device and date, and of the lens the whole table, in blocks of
 * columns that fit the paper. It comes with the first wish to print, and is filled anew before each.
 */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { visibleText } from '../../shared/picture/visible.ts';
import { lineLabel, lineReadings, linesOf, type Line } from '../controllers/lines.ts';
import type { Session } from '../controllers/session.ts';
import { tokenText, type RunView, type ViewState } from '../controllers/view-state.ts';
import { DEFAULT_VIEW } from '../controllers/views.ts';
import { printSheetStyles } from '../styles/print-sheet.ts';
import { PRINT } from '../words/print.ts';
import { CellPainter, legendOf, type Paint } from './cell-painter.ts';

/** Columns that are still read on a sheet of A4 or Letter. */
const COLUMNS = 10;

export class PrintSheetElement extends LitElement {
  static override styles = printSheetStyles;
  declare session: Session;
  readonly #media = matchMedia('print');
  readonly #fill = (): void => this.requestUpdate();

  override connectedCallback(): void {
    super.connectedCallback();
    this.#media.addEventListener('change', this.#fill);
    addEventListener('beforeprint', this.#fill);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#media.removeEventListener('change', this.#fill);
    removeEventListener('beforeprint', this.#fill);
  }

  protected override render(): TemplateResult | typeof nothing {
    const { state } = this.session.store;
    const { run, view, info } = state;
    // Tells the page's own elements what the sheet stands for.
    document.documentElement.dataset['sheet'] = run && view === DEFAULT_VIEW ? 'table' : 'head';
    if (!run) return nothing;
    return html`<header>
        <h1>${PRINT.title}</h1>
        <p class="prompt">${run.pieces.join('')}</p>
        <p class="facts">
          <span>${PRINT.model}: ${run.model.id}</span>${
            info && !run.trace ? html`<span>${PRINT.device}: ${info.device.name}</span>` : nothing
          }<span
            >${PRINT.date}:
            ${new Date().toLocaleString('en', { dateStyle: 'long', timeStyle: 'short' })}</span
          >
        </p>
      </header>
      ${view === DEFAULT_VIEW ? this.#table(run, state) : nothing}`;
  }

  #table(run: RunView, state: ViewState): TemplateResult {
    const { colour, target, order } = state;
    const chosen = typeof target === 'number' ? visibleText(tokenText(state, target)) : '';
    const brush = new CellPainter().brush(run, { colour, target, scheme: 'light' });
    const lines = linesOf(run);
    if (order === 'last-on-top') lines.reverse();
    const all = run.pieces.length;
    const blocks = Array.from({ length: Math.ceil(all / COLUMNS) }, (_, i) => i * COLUMNS);
    return html`<section aria-labelledby="table">
      <p class="table" id="table">${PRINT.table(legendOf(colour, target, chosen))}</p>
      ${blocks.map((first) => {
        const end = Math.min(first + COLUMNS, all);
        const columns = Array.from({ length: end - first }, (_, i) => first + i);
        return html`<table>
          ${
            all > COLUMNS
              ? html`<caption>
                  ${PRINT.tokens(first, end - 1, all)}
                </caption>`
              : nothing
          }
          <thead>
            <tr>
              <th scope="col">${PRINT.layer}</th>
              ${columns.map((pos) => html`<th scope="col">${visibleText(run.pieces[pos] ?? '')}</th>`)}
              ${Array.from({ length: COLUMNS - columns.length }, () => (all > COLUMNS ? html`<td></td>` : nothing))}
            </tr>
          </thead>
          <tbody>
            ${lines.map((line) => this.#row(run, state, line, columns, brush))}
          </tbody>
        </table>`;
      })}
    </section>`;
  }

  #row(
    run: RunView,
    { chosen, order }: ViewState,
    line: Line,
    columns: readonly number[],
    brush: ReturnType<CellPainter['brush']>,
  ): TemplateResult {
    const found = lineReadings(run, line, chosen);
    const cell = (pos: number): TemplateResult => {
      if (!found) return html`<td></td>`;
      const { topIds, k } = found.readings;
      const paint: Paint | undefined = brush(found, pos);
      // The line under which answers have not settled; below it in a table whose last layer is on top.
      const settled =
        !line.mid && order === 'last-on-top' && run.late?.convergence[pos] === line.layer ? 'settled' : '';
      return html`<td
        class=${settled}
        .style=${paint ? `background:${paint.background};color:${paint.ink}` : ''}
      >
        ${visibleText(run.texts.get(topIds[pos * k] ?? -1) ?? '')}
      </td>`;
    };
    return html`<tr>
      <th scope="row">${lineLabel(line)}</th>
      ${columns.map(cell)}
    </tr>`;
  }
}
customElements.define('rs-print-sheet', PrintSheetElement);

/** Puts the sheet on the page, then asks the browser to print. */
export async function printPage(session: Session): Promise<void> {
  const kept = document.querySelector<PrintSheetElement>('rs-print-sheet');
  const sheet = kept ?? new PrintSheetElement();
  sheet.session = session;
  if (!kept) document.body.prepend(sheet);
  sheet.requestUpdate();
  await sheet.updateComplete;
  print();
}
