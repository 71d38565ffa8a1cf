/** An element around one uPlot chart: it fetches the library with the first chart, and follows the element's width. */
import type uPlot from 'uplot';
import { chartSheet } from '../styles/chart.ts';

export type UPlot = typeof uPlot;

/** What every chart's host needs to know of it. */
export interface HostedSpec {
  /** What the chart says, for those who cannot see it. */
  readonly label: string;
  /** CSS pixels. */
  readonly height: number;
}

export abstract class PlotHost<Spec extends HostedSpec> extends HTMLElement {
  #spec: Spec | undefined;
  protected plot: uPlot | undefined;
  /** CSS pixels; 0 before it is known. */
  protected width = 0;
  protected readonly target = document.createElement('div');
  readonly #resize = new ResizeObserver(([entry]) => {
    const width = Math.floor(entry?.contentRect.width ?? 0);
    if (width === this.width) return;
    this.width = width;
    if (this.plot && this.#spec && width > 0) this.plot.setSize({ width, height: this.#spec.height });
    else void this.#draw();
  });

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [chartSheet()];
    root.append(this.target);
  }

  connectedCallback(): void {
    this.#resize.observe(this);
  }

  disconnectedCallback(): void {
    this.#resize.disconnect();
    this.plot?.destroy();
    this.plot = undefined;
    this.width = 0;
  }

  set spec(spec: Spec) {
    const before = this.#spec;
    this.#spec = spec;
    this.setAttribute('role', 'img');
    this.setAttribute('aria-label', spec.label);
    this.style.height = `${spec.height}px`;
    if (!before || this.differs(spec, before)) void this.#draw();
  }

  /** A custom property's value, for the canvas. */
  protected colour(name: string): string {
    return getComputedStyle(this).getPropertyValue(name).trim();
  }

  /** Whether a new spec has to be drawn. */
  protected abstract differs(spec: Spec, before: Spec): boolean;

  /** Draws the spec: makes `plot`, or changes it. */
  protected abstract paint(Plot: UPlot, spec: Spec): void;

  async #draw(): Promise<void> {
    const spec = this.#spec;
    if (!spec || this.width === 0) return;
    const Plot = await loadPlot();
    if (spec === this.#spec && this.isConnected) this.paint(Plot, spec);
  }
}

let library: Promise<UPlot> | undefined;

/**
 * uPlot formats numbers in the browser's language as it loads, and a browser on a bare system may name one that is
 * no language (`en-US@posix`): then it is told English.
 */
function loadPlot(): Promise<UPlot> {
  if (!library) {
    try {
      Intl.getCanonicalLocales(navigator.language);
    } catch {
      Object.defineProperty(navigator, 'language', { value: 'en', configurable: true });
    }
    library = import('uplot').then((module) => module.default);
    // A download that failed may be asked for again.
    library.catch(() => (library = undefined));
  }
  return library;
}
