/** A uPlot chart of any kind in an element: it comes with the library, follows its width and the colour scheme. */
import type uPlot from 'uplot';
import { chartSheet } from '../styles/chart.ts';
import { loadPlot, type UPlot } from './line-chart.ts';

export interface PlotSpec {
  /** What the chart says, for those who cannot see it. */
  readonly label: string;
  /** CSS pixels. */
  readonly height: number;
  /** Another colour scheme draws anew. */
  readonly scheme: string;
  readonly data: uPlot.AlignedData;
  /** @param colour a custom property's value. */
  readonly options: (
    Plot: UPlot,
    colour: (name: string) => string,
  ) => Omit<uPlot.Options, 'width' | 'height'>;
}

export class PlotElement extends HTMLElement {
  #spec: PlotSpec | undefined;
  #plot: uPlot | undefined;
  #width = 0;
  readonly #target = document.createElement('div');
  readonly #resize = new ResizeObserver(([entry]) => {
    const width = Math.floor(entry?.contentRect.width ?? 0);
    if (width === this.#width) return;
    this.#width = width;
    if (this.#plot && this.#spec && width > 0) this.#plot.setSize({ width, height: this.#spec.height });
    else void this.#draw();
  });

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [chartSheet()];
    root.append(this.#target);
  }

  connectedCallback(): void {
    this.#resize.observe(this);
  }

  disconnectedCallback(): void {
    this.#resize.disconnect();
    this.#plot?.destroy();
    this.#plot = undefined;
    this.#width = 0;
  }

  set spec(spec: PlotSpec) {
    const before = this.#spec;
    this.#spec = spec;
    this.setAttribute('role', 'img');
    this.setAttribute('aria-label', spec.label);
    this.style.height = `${spec.height}px`;
    if (before?.data !== spec.data || before.scheme !== spec.scheme) void this.#draw();
  }

  async #draw(): Promise<void> {
    const spec = this.#spec;
    if (!spec || this.#width === 0) return;
    const Plot = await loadPlot();
    if (spec !== this.#spec || !this.isConnected) return;
    this.#plot?.destroy();
    const style = getComputedStyle(this);
    const options = spec.options(Plot, (name) => style.getPropertyValue(name).trim());
    this.#plot = new Plot({ ...options, width: this.#width, height: spec.height }, spec.data, this.#target);
  }
}
customElements.define('rs-plot', PlotElement);
