/** A uPlot chart of any kind in an element; see {@link PlotHost}. */
import type uPlot from 'uplot';
import { type HostedSpec, PlotHost, type UPlot } from './plot-host.ts';

export interface PlotSpec extends HostedSpec {
  /** Another colour scheme draws anew. */
  readonly scheme: string;
  readonly data: uPlot.AlignedData;
  /** @param colour a custom property's value. */
  readonly options: (
    Plot: UPlot,
    colour: (name: string) => string,
  ) => Omit<uPlot.Options, 'width' | 'height'>;
}

export class PlotElement extends PlotHost<PlotSpec> {
  protected override differs(spec: PlotSpec, before: PlotSpec): boolean {
    return before.data !== spec.data || before.scheme !== spec.scheme;
  }

  protected override paint(Plot: UPlot, { options, data, height }: PlotSpec): void {
    this.plot?.destroy();
    const made = options(Plot, (name) => this.colour(name));
    this.plot = new Plot({ ...made, width: this.width, height }, data, this.target);
  }
}
customElements.define('rs-plot', PlotElement);
