/** A cell's card: its candidates with bars, and how its numbers differ from the line below. */
import { html, svg, type TemplateResult } from 'lit';
import { visibleText } from '../../shared/picture/visible.ts';
import { lineBelow, lineReadings, lineTitle, targetIn, type LineReadings } from '../controllers/lines.ts';
import { change, count, logProbability, nats, probabilityOf } from '../controllers/numbers.ts';
import { tokenText, type Cell, type RunView, type ViewState } from '../controllers/view-state.ts';
import { CellCard } from './cell-card.ts';

const CANDIDATES = 5;

export class LensCardElement extends CellCard {
  protected readonly shows = ['run', 'target', 'chosen'] as const satisfies (keyof ViewState)[];

  protected override render(): TemplateResult {
    const { run, chosen } = this.state;
    const { cell } = this;
    const line = run && cell && lineReadings(run, cell, chosen);
    if (!line) return html``;
    const under = lineBelow(cell, run);
    const below = under && lineReadings(run, under, chosen);
    return html`
      <header>
        ${lineTitle(cell)}, after <span class="token">${visibleText(run.pieces[cell.pos] ?? '')}</span>
        ${this.closeButton()}
      </header>
      ${this.#candidates(run, cell, line)} ${this.#numbers(cell, line, below)}
    `;
  }

  #candidates(
    run: RunView,
    { pos }: Cell,
    { readings: { k, topIds, topLogprobs } }: LineReadings,
  ): TemplateResult {
    const rows = Array.from({ length: Math.min(k, CANDIDATES) }, (_, i) => {
      const [id = -1, logprob = Number.NaN] = [topIds[pos * k + i], topLogprobs[pos * k + i]];
      if (id < 0) return '';
      return html`<li>
        <span>${visibleText(run.texts.get(id) ?? '')}</span>
        <svg aria-hidden="true">
          ${svg`<rect width=${`${Math.max(Math.exp(logprob) * 100, 0.4)}%`} height="100%" rx="3"></rect>`}
        </svg>
        <span class="p">${probabilityOf(logprob)}</span>
      </li>`;
    });
    return html`<ol>
      ${rows}
    </ol>`;
  }

  #numbers({ pos }: Cell, line: LineReadings, below: LineReadings | undefined): TemplateResult {
    const { target } = this.state;
    const own = targetIn(line, target);
    const id = own?.ids[pos] ?? -1;
    const name = typeof target === 'number' ? 'target' : target === 'top' ? 'output' : target;
    const before = below && targetIn(below, target);
    const rank = own?.ranks[pos];
    const rankBefore = before?.ranks[pos];
    const row = (title: TemplateResult | string, value: string, delta: string): TemplateResult =>
      html`<tr>
        <th scope="row">${title}</th>
        <td>${value}</td>
        <td>${delta}</td>
      </tr>`;
    const difference = (now: number | undefined, then: number | undefined): string =>
      now === undefined || then === undefined ? '' : change(now - then);
    return html`<table>
      <thead>
        <tr>
          <th scope="col"><span class="hidden-text">reading</span></th>
          <th scope="col">here</th>
          <th scope="col">from below</th>
        </tr>
      </thead>
      <tbody>
        ${
          own && id >= 0
            ? html`${row(
                html`ln p, ${name} <span class="token">${visibleText(tokenText(this.state, id))}</span>`,
                logProbability(own.logprobs[pos] ?? Number.NaN),
                difference(own.logprobs[pos], before?.logprobs[pos]),
              )}${row(
                `rank, ${name}`,
                rank === undefined ? '–' : count(rank),
                rank === undefined || rankBefore === undefined ? '' : change(rank - rankBefore, 0),
              )}`
            : ''
        }
        ${row('entropy, nats', nats(line.readings.entropy[pos] ?? Number.NaN), difference(line.readings.entropy[pos], below?.readings.entropy[pos]))}
        ${row('KL, nats', line.kl ? nats(line.kl[pos] ?? Number.NaN) : 'at the end', difference(line.kl?.[pos], below?.kl?.[pos]))}
      </tbody>
    </table>`;
  }
}
customElements.define('rs-lens-card', LensCardElement);
