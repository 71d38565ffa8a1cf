/** A cell of two runs in short: both sides' candidates, and how far apart they are. */
import { html, type TemplateResult } from 'lit';
import { visibleText } from '../../shared/picture/visible.ts';
import type { ComparedCells } from '../../shared/compare/cells.ts';
import { inBoth, type InBoth } from '../controllers/compare-scale.ts';
import type { ComparedRun, Comparison } from '../controllers/compare.ts';
import { change, count, logProbability, nats, probabilityOf } from '../controllers/numbers.ts';
import type { ViewState } from '../controllers/view-state.ts';
import { compareCardStyles } from '../styles/compare.ts';
import { lensCardStyles } from '../styles/lens-card.ts';
import { shared } from '../styles/shared.ts';
import { CellCard } from './cell-card.ts';
import { columnName, rowName } from './compare-parts.ts';

const CANDIDATES = 5;

export class CompareCardElement extends CellCard {
  static override styles = [shared, lensCardStyles, compareCardStyles];
  protected readonly shows = [] as const satisfies (keyof ViewState)[];
  #found: Comparison | undefined;

  set found(found: Comparison) {
    if (this.#found === found) return;
    this.#found = found;
    this.requestUpdate();
  }

  protected override render(): TemplateResult {
    const found = this.#found;
    const { cell } = this;
    const cells = cell && found?.cells[cell.layer + 1];
    if (!found || !cells) return html``;
    const row = found.rows[cell.layer + 1] ?? { a: undefined, b: undefined };
    return html`<header>${rowName(row)}, ${columnName(found, cell.pos)} ${this.closeButton()}</header>
      <div class="lists">
        ${(['a', 'b'] as const).map((side) => this.#candidates(found, cells, cell.pos, side))}
      </div>
      ${this.#numbers(found, cells, cell.pos)}`;
  }

  #candidates(found: Comparison, cells: ComparedCells, pos: number, side: 'a' | 'b'): TemplateResult {
    const { k } = cells;
    const other = side === 'a' ? 'b' : 'a';
    const textOf = (which: 'a' | 'b', i: number): string | undefined =>
      found[which].texts.get(cells[which].topIds[pos * k + i] ?? -1);
    const shown = Array.from({ length: Math.min(k, CANDIDATES) }, (_, i) => i);
    const others = new Set(shown.map((i) => textOf(other, i)));
    const rows = shown.flatMap((i) => {
      const text = textOf(side, i);
      if (text === undefined) return [];
      return [
        html`<li class=${others.has(text) ? 'shared' : ''}>
          <span>${visibleText(text)}</span>
          <span class="p">${probabilityOf(cells[side].topLogprobs[pos * k + i] ?? NaN)}</span>
        </li>`,
      ];
    });
    return html`<div>
      <h4>${side.toUpperCase()}</h4>
      ${
        rows.length > 0
          ? html`<ol>
              ${rows}
            </ol>`
          : html`<p class="small">has no such cell</p>`
      }
    </div>`;
  }

  #numbers(found: Comparison, cells: ComparedCells, pos: number): TemplateResult {
    const { k, a, b } = cells;
    const name = (run: ComparedRun, id: number | undefined): TemplateResult =>
      html`<span class="token">${visibleText(run.texts.get(id ?? -1) ?? '')}</span>`;
    const logs = (title: TemplateResult, { logprobs: [x, y], ranks: [r, s] }: InBoth): TemplateResult =>
      html`<tr>
          <th scope="row">ln p, ${title}</th>
          <td>${logProbability(x)}</td>
          <td>${logProbability(y)}</td>
          <td>${change(y - x)}</td>
        </tr>
        <tr>
          <th scope="row">rank, ${title}</th>
          <td>${rankWords(r, found, k)}</td>
          <td>${rankWords(s, found, k)}</td>
          <td>${r < 0 || s < 0 ? '' : change(s - r, 0)}</td>
        </tr>`;
    const [topA, topB] = [a.topIds[pos * k], b.topIds[pos * k]];
    const same = found.a.texts.get(topA ?? -1) === found.b.texts.get(topB ?? -1);
    return html`<table>
      <thead>
        <tr>
          <th scope="col"><span class="hidden-text">reading</span></th>
          <th scope="col">A</th>
          <th scope="col">B</th>
          <th scope="col">B less A</th>
        </tr>
      </thead>
      <tbody>
        ${(topA ?? -1) < 0 ? '' : logs(name(found.a, topA), inBoth(cells, pos, 'a'))}
        ${same || (topB ?? -1) < 0 ? '' : logs(name(found.b, topB), inBoth(cells, pos, 'b'))}
        <tr>
          <th scope="row">entropy, nats</th>
          <td>${nats(a.entropy[pos] ?? NaN)}</td>
          <td>${nats(b.entropy[pos] ?? NaN)}</td>
          <td>${change((b.entropy[pos] ?? NaN) - (a.entropy[pos] ?? NaN))}</td>
        </tr>
        <tr>
          <th scope="row">KL to the other, nats</th>
          <td>${nats(cells.klAB[pos] ?? NaN)}</td>
          <td>${nats(cells.klBA[pos] ?? NaN)}</td>
          <td></td>
        </tr>
        <tr>
          <th scope="row">Jensen–Shannon, nats</th>
          <td colspan="3">${nats(cells.js[pos] ?? NaN)}</td>
        </tr>
      </tbody>
    </table>`;
  }
}
customElements.define('rs-compare-card', CompareCardElement);

/** `17`; of candidates alone, beyond them: `> 9`. */
function rankWords(rank: number, { why }: Comparison, k: number): string {
  if (rank >= 0) return count(rank);
  return why === undefined ? '–' : `> ${k - 1}`;
}
