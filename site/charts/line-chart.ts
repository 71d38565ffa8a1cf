/**
 * A small chart over the layers, drawn by uPlot, which is fetched with the first chart. The pointer's layer is
 * told to the page, and the page's layer is shown here, so that charts and table move together.
 */
import type uPlot from 'uplot';
import { LongPress } from '../controllers/long-press.ts';
import { layerLabel } from '../controllers/view-state.ts';
import { type HostedSpec, PlotHost, type UPlot } from './plot-host.ts';
import { layerTicks } from './ticks.ts';

export interface ChartSeries {
  readonly name: string;
  /** One value a row, NaN for none. */
  readonly values: ArrayLike<number>;
  /** Which of the page's series colours. */
  readonly colour: number;
  readonly dashed?: boolean;
}

export interface ChartSpec extends HostedSpec {
  readonly series: readonly ChartSeries[];
  /** `rank`: 0 is on top, and far ranks are drawn closer together. */
  readonly scale: 'share' | 'nats' | 'log' | 'rank';
  /** Largest value of the scale, where the data does not set it. */
  readonly most?: number;
  /** Layer under the cursor, from anywhere on the page. */
  readonly layer: number | undefined;
  /** Another colour scheme draws anew. */
  readonly scheme: string;
}

export class LineChartElement extends PlotHost<ChartSpec> {
  /** What the plot was made for; data alone does not make it anew. */
  #made = '';

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#made = '';
  }

  /** The cursor's layer is part of it. */
  protected override differs(): boolean {
    return true;
  }

  protected override paint(Plot: UPlot, spec: ChartSpec): void {
    const data: uPlot.AlignedData = [
      Array.from(spec.series[0]?.values ?? [], (_, row) => row - 1),
      ...spec.series.map(({ values }) =>
        Array.from(values, (v) => (Number.isNaN(v) ? null : spec.scale === 'rank' ? Math.asinh(v) : v)),
      ),
    ];
    const { scale, scheme, height, most, series } = spec;
    const made = JSON.stringify([scale, scheme, height, most, series.map((s) => [s.colour, s.dashed])]);
    if (this.plot && made === this.#made) {
      // The pointer's every move comes through here: only new numbers are drawn again.
      if (!sameNumbers(data, this.plot.data)) this.plot.setData(data);
    } else {
      this.plot?.destroy();
      this.plot = new Plot(this.#options(spec), data, this.target);
      this.#made = made;
      this.#listen(this.plot);
    }
    this.#point(this.plot, spec.layer);
  }

  /** The page's layer as the plot's cursor. */
  #point(plot: uPlot, layer: number | undefined): void {
    const left = layer === undefined ? -10 : plot.valToPos(layer, 'x');
    plot.setCursor({ left, top: layer === undefined ? -10 : 0 }, false);
  }

  #listen(plot: uPlot): void {
    const tell = (layer: number | undefined): void => {
      this.dispatchEvent(new CustomEvent('rs-layer', { detail: layer }));
    };
    const at = (event: PointerEvent): number => plot.posToIdx(event.offsetX) - 1;
    plot.over.addEventListener('pointermove', (event) => {
      if (event.pointerType !== 'touch') tell(at(event));
    });
    plot.over.addEventListener('pointerleave', (event) => {
      if (event.pointerType !== 'touch') tell(undefined);
    });
    const press = new LongPress<number>({ show: tell, hide: () => tell(undefined) });
    plot.over.addEventListener('pointerdown', (event) => press.down(event, at(event)));
  }

  #options({ scale, series, most, height }: ChartSpec): uPlot.Options {
    const colour = (name: string): string => this.colour(name);
    const axis = {
      stroke: colour('--dim'),
      font: '11px system-ui, sans-serif',
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { show: false },
    };
    const floor = scale === 'rank' ? 0.5 : 0;
    return {
      width: this.width,
      height,
      pxAlign: 1,
      legend: { show: false },
      padding: [8, 8, 0, 0],
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 }, bind: IGNORED },
      scales: {
        x: { time: false },
        y: {
          dir: scale === 'rank' ? -1 : 1,
          range: (_plot, low, high) =>
            scale === 'log'
              ? [Number.isFinite(low) ? Math.min(low * 1.06, -1) : -1, 0]
              : [
                  scale === 'rank' ? -0.2 : 0,
                  most ?? Math.max(Number.isFinite(high) ? high * 1.06 : 0, 1) + floor,
                ],
        },
      },
      axes: [
        {
          ...axis,
          size: 26,
          gap: 7,
          grid: { show: false },
          splits: (plot) => layerTicks(plot.data[0][plot.data[0].length - 1] ?? 0, plot.width),
          values: (_plot, ticks) => ticks.map((layer) => layerLabel(layer)),
        },
        {
          ...axis,
          size: 36,
          space: 24,
          gap: 4,
          ...(scale === 'share' ? { splits: () => [0, 0.5, 1] } : {}),
          filter: (_plot, splits) => splits,
          ...(scale === 'rank'
            ? { splits: (_plot, _i, _low, high) => RANKS.map(Math.asinh).filter((r) => r <= high) }
            : {}),
          values: (_plot, ticks) =>
            scale === 'rank' ? ticks.map((v) => rankLabel(Math.round(Math.sinh(v)))) : ticks.map(String),
        },
      ],
      series: [
        {},
        ...series.map((one) => ({
          label: one.name,
          stroke: colour(`--series-${one.colour}`),
          width: 2,
          ...(one.dashed ? { dash: [5, 4] } : {}),
          points: { show: one.values.length <= 40, size: 4 },
        })),
      ],
    };
  }
}
customElements.define('rs-line-chart', LineChartElement);

/** Ranks that the axis names; they lie on it by their inverse hyperbolic sine, which is a logarithm that has a 0. */
const RANKS = [0, 10, 100, 1000, 10_000, 100_000];

function sameNumbers(a: uPlot.AlignedData, b: uPlot.AlignedData): boolean {
  return a.every((column, i) => {
    const other = b[i];
    if (column.length !== other?.length) return false;
    for (let j = 0; j < column.length; j++) if (column[j] !== other[j]) return false;
    return true;
  });
}

function rankLabel(rank: number): string {
  return rank >= 1000 ? `${rank / 1000}k` : String(rank);
}

/** uPlot's own pointer handling is off: the page sets the cursor. */
const NOTHING = (): null => null;
const IGNORED: uPlot.Cursor.Bind = {
  mousedown: NOTHING,
  mouseup: NOTHING,
  click: NOTHING,
  dblclick: NOTHING,
  mousemove: NOTHING,
  mouseleave: NOTHING,
  mouseenter: NOTHING,
};
