/** Bars with a sign, a line each, and below them their sum. */
import { html, svg, type TemplateResult } from 'lit';
import type { HeadName } from '../../shared/heads/reading.ts';
import type { BarRow } from '../controllers/bars.ts';
import { change } from '../controllers/numbers.ts';

/** Bars of heads can be opened. */
interface HeadPick {
  readonly shown: HeadName | undefined;
  readonly open: (head: HeadName) => void;
}

/** @param all the last one is the sum of the others. */
export function logitBars(label: string, all: readonly BarRow[], heads?: HeadPick): TemplateResult {
  const least = Math.min(0, ...all.map(({ value }) => value));
  const most = Math.max(0, ...all.map(({ value }) => value));
  const x = (value: number): number => (100 * (value - least)) / (most - least || 1);
  return html`<div class="scroll tall" tabindex="0" role="region" aria-label=${label}>
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
                  row.head && heads
                    ? html`<button
                        class="open"
                        aria-label="${row.name}: which tokens it read"
                        aria-pressed=${heads.shown?.layer === row.head.layer && heads.shown.head === row.head.head}
                        @click=${() => row.head && heads.open(row.head)}
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
