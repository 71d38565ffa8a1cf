/** Two runs by layer, in one column: how open each guess is, what each makes of both answers, how far they are apart. */
import { html, type TemplateResult } from 'lit';
import type { ColorScheme } from '../../shared/picture/ramp.ts';
import { stroke } from '../charts/key.ts';
import type { ChartSeries, ChartSpec } from '../charts/line-chart.ts';
import { compareLines, type CompareLines } from '../controllers/compare-lines.ts';
import type { Comparison } from '../controllers/compare.ts';
import { nats } from '../controllers/numbers.ts';
import type { Cell } from '../controllers/view-state.ts';
import { columnName, rowName } from './compare-parts.ts';
import '../charts/line-chart.ts';

export function compareCharts(
  found: Comparison,
  { selected, scheme }: { readonly selected: Cell; readonly scheme: ColorScheme },
): TemplateResult {
  const where = columnName(found, selected.pos);
  return html`<div class="cards">
    ${compareLines(found, selected.pos).map(
      (lines, i) =>
        html`<section class="card" aria-labelledby="chart-${i}">
          <h3 id="chart-${i}">${lines.title} <small>${where}, by layer</small></h3>
          <rs-line-chart .spec=${chartOf(lines, where, selected.layer, scheme)}></rs-line-chart>
          <div class="key">
            ${lines.lines.map(
              ({ name, colour, dashed }) => html`<span>${stroke(colour, dashed)} ${name}</span>`,
            )}
          </div>
          ${asTable(found, lines)}
        </section>`,
    )}
  </div>`;
}

function chartOf(
  { title, lines, scale, most }: CompareLines,
  where: string,
  layer: number,
  scheme: ColorScheme,
): ChartSpec {
  const ends = lines.map(({ name, values }) => `${name} ends at ${number(values[values.length - 1])}`);
  return {
    label: `${title} by layer ${where}: ${ends.join(', ')}`,
    series: lines.map(({ name, values, colour, dashed }): ChartSeries => ({
      ...{ name, values, colour },
      ...(dashed && { dashed }),
    })),
    ...{ scale, height: 120, layer, scheme },
    ...(most === undefined ? {} : { most }),
  };
}

function asTable(found: Comparison, { title, lines }: CompareLines): TemplateResult {
  return html`<details>
    <summary>As a table</summary>
    <div class="scroll" tabindex="0" role="region" aria-label=${`${title}, as a table`}>
      <table>
        <thead>
          <tr>
            <th scope="col">row</th>
            ${lines.map(({ name }) => html`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${found.rows.map(
            (row, r) =>
              html`<tr>
                <th scope="row">${rowName(row)}</th>
                ${lines.map(({ values }) => html`<td>${number(values[r])}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

function number(x: number | undefined): string {
  return x === undefined || Number.isNaN(x) ? '–' : x < 0.01 && x > 0 ? x.toPrecision(2) : nats(x);
}
