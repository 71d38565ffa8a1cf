/** The directions view's charts by uPlot: shares of the variance, lengths of stream and writes. */
import { html, type TemplateResult } from 'lit';
import type uPlot from 'uplot';
import type { Directions, Geometry } from '../../engine/directions-api.ts';
import type { ColorScheme } from '../../shared/picture/ramp.ts';
import type { PlotSpec } from '../charts/plot.ts';
import { stroke } from '../charts/key.ts';
import { layerTicks } from '../charts/ticks.ts';
import { layerLabel, layerName } from '../controllers/view-state.ts';
import { percent } from './directions-pictures.ts';
import '../charts/plot.ts';

/** Components that the scree shows: what is beyond is nothing to see. */
const MOST = 16;

function axis(colour: (name: string) => string): uPlot.Axis {
  return {
    stroke: colour('--dim'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
}

/** Made once an answer: a chart draws anew where its data is another object. */
export interface ChartData {
  readonly scree: uPlot.AlignedData;
  /** As powers of ten: lengths differ by orders of magnitude. */
  readonly norms: uPlot.AlignedData;
}

export function chartData({ ratios, geometry }: Directions): ChartData {
  const shown = [...ratios.subarray(0, MOST)];
  let sum = 0;
  const cumulative = shown.map((ratio) => (sum += ratio));
  const rows = [...geometry.stream.keys()].map((row) => row - 1);
  const positive = (x: number | undefined): number | null =>
    x !== undefined && x > 0 ? Math.log10(x) : null;
  return {
    scree: [shown.map((_, i) => i + 1), shown, cumulative],
    norms: [
      rows,
      [...geometry.stream].map(positive),
      rows.map((layer) => positive(geometry.attn[layer])),
      rows.map((layer) => positive(geometry.mlp[layer])),
    ],
  };
}

export function screeChart({ scree }: ChartData, scheme: ColorScheme): TemplateResult {
  const [numbers = [], shares = [], sums = []] = scree as readonly (readonly number[])[];
  const spec: PlotSpec = {
    label: `Scree: the first component has ${percent(shares[0] ?? 0)} of the variance, the first two ${percent(sums[1] ?? 1)}, the first ${numbers.length} ${percent(sums.at(-1) ?? 1)}`,
    height: 190,
    scheme,
    data: scree,
    options: (Plot, colour) => ({
      legend: { show: false },
      padding: [10, 8, 0, 0],
      cursor: { show: false },
      scales: { x: { time: false, range: [0.4, numbers.length + 0.6] }, y: { range: [0, 1.02] } },
      axes: [
        {
          ...axis(colour),
          size: 26,
          gap: 6,
          grid: { show: false },
          splits: () => [...numbers],
          values: (_p, v) => v.map((n) => (numbers.length <= 10 || n % 2 === 1 ? String(n) : '')),
        },
        {
          ...axis(colour),
          size: 42,
          gap: 4,
          splits: () => [0, 0.25, 0.5, 0.75, 1],
          values: (_p, v) => v.map((n) => `${n * 100}%`),
        },
      ],
      series: [
        {},
        {
          label: 'share',
          fill: colour('--series-0'),
          stroke: colour('--series-0'),
          width: 0,
          points: { show: false },
          ...(Plot.paths.bars && { paths: Plot.paths.bars({ size: [0.66, 40] }) }),
        },
        {
          label: 'sum',
          stroke: colour('--series-1'),
          width: 2,
          dash: [5, 4],
          points: { show: true, size: 5 },
        },
      ],
    }),
  };
  return html`<rs-plot .spec=${spec}></rs-plot>
    <div class="key">
      <span>${stroke(0)} share of one component</span><span>${stroke(1, true)} all up to here</span>
    </div>
    <details>
      <summary>As a table</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">component</th>
            <th scope="col">share</th>
            <th scope="col">sum</th>
          </tr>
        </thead>
        <tbody>
          ${numbers.map(
            (n, i) =>
              html`<tr>
                <th scope="row">PC${n}</th>
                <td>${percent(shares[i] ?? 0)}</td>
                <td>${percent(sums[i] ?? 0)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </details>`;
}

export function normChart({ norms }: ChartData, geometry: Geometry, scheme: ColorScheme): TemplateResult {
  const { stream, attn, mlp } = geometry;
  const last = stream.length - 2;
  const spec: PlotSpec = {
    label: `Lengths by layer: the stream from ${length(stream[0])} at the embedding to ${length(stream.at(-1))} in the last layer; attention adds ${length(attn.at(-1))} there, the MLP ${length(mlp.at(-1))}`,
    height: 190,
    scheme,
    data: norms,
    options: (_Plot, colour) => ({
      legend: { show: false },
      padding: [10, 8, 0, 0],
      cursor: { show: false },
      scales: { x: { time: false }, y: { range: decades } },
      axes: [
        {
          ...axis(colour),
          size: 26,
          gap: 6,
          grid: { show: false },
          splits: (plot) => layerTicks(last, plot.width),
          values: (_p, v) => v.map((layer) => layerLabel(layer)),
        },
        {
          ...axis(colour),
          size: 46,
          gap: 4,
          splits: (_p, _axis, low, high) => powers(low, high),
          filter: (_p, v) => v,
          values: (_p, v) => v.map((power) => String(Number((10 ** power).toPrecision(1)))),
        },
      ],
      series: [
        {},
        {
          label: 'stream',
          stroke: colour('--series-6'),
          width: 2,
          points: { show: stream.length <= 40, size: 4 },
        },
        {
          label: 'attention',
          stroke: colour('--series-0'),
          width: 2,
          dash: [5, 4],
          points: { show: stream.length <= 40, size: 4 },
        },
        {
          label: 'MLP',
          stroke: colour('--series-1'),
          width: 2,
          dash: [2, 3],
          points: { show: stream.length <= 40, size: 4 },
        },
      ],
    }),
  };
  return html`<rs-plot .spec=${spec}></rs-plot>
    <div class="key">
      <span>${stroke(6)} the stream</span><span>${stroke(0, true)} what attention adds</span
      ><span>${stroke(1, true)} what the MLP adds</span>
    </div>
    <details>
      <summary>As a table</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="Lengths by layer">
        <table>
          <thead>
            <tr>
              <th scope="col">row</th>
              <th scope="col">stream</th>
              <th scope="col">attention adds</th>
              <th scope="col">MLP adds</th>
            </tr>
          </thead>
          <tbody>
            ${[...stream].map(
              (x, row) =>
                html`<tr>
                  <th scope="row">${layerName(row - 1)}</th>
                  <td>${length(x)}</td>
                  <td>${row > 0 ? length(attn[row - 1]) : '–'}</td>
                  <td>${row > 0 ? length(mlp[row - 1]) : '–'}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </details>`;
}

/** The scale's ends, as powers of ten: a little beyond the data, and one whole power at least. */
function decades(_plot: uPlot, low: number, high: number): [number, number] {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  return [Math.min(low - 0.1, Math.ceil(high) - 1), Math.max(high + 0.1, Math.floor(low) + 1)];
}

/** Round lengths within the scale: 1, 2 and 5 of each power of ten, or whole powers where those are many. */
function powers(low: number, high: number): number[] {
  const steps = high - low > 2.5 ? [0] : [0, Math.log10(2), Math.log10(5)];
  const first = Math.floor(low);
  return Array.from({ length: Math.ceil(high) - first + 1 }, (_, i) => steps.map((step) => first + i + step))
    .flat()
    .filter((power) => power >= low && power <= high);
}

/** `12.3`, `22,495` */
export function length(x: number | undefined): string {
  if (x === undefined || Number.isNaN(x)) return '–';
  return x >= 1000 ? Math.round(x).toLocaleString('en') : x.toPrecision(3);
}
