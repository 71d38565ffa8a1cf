/**
 * The table's foot: how hard each prediction is, for the whole prompt at once. Bars upward are the output's
 * entropy, bars downward the layer from which the answer stays. As wide as the table's columns where those fit;
 * where they don't, a frame shows what is in sight, and a click goes there.
 */
import type { Session } from '../controllers/session.ts';
import { nats } from '../controllers/numbers.ts';
import type { ViewState } from '../controllers/view-state.ts';
import { rulerSheet } from '../styles/lens-ruler.ts';
import { HEADER_WIDTH } from './grid-geometry.ts';
import type { LensGridElement } from './lens-grid.ts';

/** CSS pixels of the two bands and of the line between them. */
const UP = 26;
const DOWN = 20;
const AXIS = 1;
/** The widest bar: with few tokens the bars would be blocks. */
const BAR = 28;

export class RulerElement extends HTMLElement {
  session: Session | undefined;
  #grid: LensGridElement | undefined;
  #stop: (() => void) | undefined;
  #frame = 0;
  /** CSS pixels, as of the last painting: asked while the table scrolls, the browser would lay out twice. */
  #width = 0;
  readonly #canvas = document.createElement('canvas');
  readonly #window = document.createElement('i');
  readonly #resized = new ResizeObserver(() => this.#draw());
  readonly #look = (): void => this.#mark();

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [rulerSheet()];
    const bars = document.createElement('div');
    bars.className = 'bars';
    bars.append(this.#canvas, this.#window);
    this.#canvas.setAttribute('role', 'img');
    root.append(bars);
    this.#canvas.addEventListener('click', (event) => {
      const pos = this.#posAt(event.offsetX);
      if (pos === undefined) return;
      this.#grid?.centre(pos);
      const { store, selection } = this.session ?? {};
      const last = store?.state.run?.rows.at(-1)?.layer;
      if (last !== undefined) selection?.select({ layer: last, pos });
    });
    this.#canvas.addEventListener('pointermove', (event) => {
      this.#canvas.title = this.#titleAt(event.offsetX);
    });
  }

  set grid(grid: LensGridElement | null) {
    this.#grid?.removeEventListener('rs-look', this.#look);
    this.#grid = grid ?? undefined;
    this.#grid?.addEventListener('rs-look', this.#look);
    this.#mark();
  }

  connectedCallback(): void {
    this.#stop = this.session?.store.subscribe((state, before) => {
      if (state.run?.late !== before.run?.late || state.scheme !== before.scheme) this.#draw();
    });
    this.#resized.observe(this);
  }

  disconnectedCallback(): void {
    this.#stop?.();
    this.#resized.disconnect();
    this.#grid?.removeEventListener('rs-look', this.#look);
    cancelAnimationFrame(this.#frame);
  }

  get #state(): ViewState | undefined {
    return this.session?.store.state;
  }

  /** CSS pixels of one position. */
  get #step(): number {
    const count = this.#state?.run?.ids.length ?? 0;
    const inner = this.#width - HEADER_WIDTH;
    return count === 0 ? 0 : Math.min(this.#grid?.columnWidth ?? inner, inner / count);
  }

  #posAt(x: number): number | undefined {
    const count = this.#state?.run?.ids.length ?? 0;
    const pos = Math.floor(x / (this.#step || 1));
    return pos >= 0 && pos < count ? pos : undefined;
  }

  #titleAt(x: number): string {
    const run = this.#state?.run;
    const pos = this.#posAt(x);
    if (!run?.late || pos === undefined) return '';
    const entropy = run.rows.at(-1)?.entropy[pos] ?? Number.NaN;
    const settled = run.late.convergence[pos] ?? 0;
    return `position ${pos}, after “${run.pieces[pos] ?? ''}”: entropy ${nats(entropy)} nats, settles at ${settled < 0 ? 'the embedding' : `layer ${settled}`}`;
  }

  #draw(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#paint());
  }

  #paint(): void {
    const run = this.#state?.run;
    const entropy = run?.rows.at(-1)?.entropy;
    const depth = run?.late?.convergence;
    this.toggleAttribute('hidden', !depth);
    this.#width = this.clientWidth;
    const step = this.#step;
    if (!run || !entropy || !depth || step <= 0) return;
    const { dVocab, nLayers } = run.model.spec;
    const width = Math.ceil(step * depth.length);
    const dense = devicePixelRatio || 1;
    this.#canvas.width = width * dense;
    this.#canvas.height = (UP + AXIS + DOWN) * dense;
    this.#canvas.style.width = `${width}px`;
    this.#canvas.style.height = `${UP + AXIS + DOWN}px`;
    const context = this.#canvas.getContext('2d');
    if (!context) return;
    const style = getComputedStyle(this);
    const colour = (name: string): string => style.getPropertyValue(name);
    context.scale(dense, dense);
    const bar = Math.max(Math.min(step - Math.min(2, step / 4), BAR), 0.5);
    const left = (pos: number): number => pos * step + (step - bar - Math.min(2, step / 4)) / 2;
    context.fillStyle = colour('--bar');
    entropy.forEach((value, pos) => {
      const height = Math.max((value / Math.log(dVocab)) * UP, 0.5);
      context.fillRect(left(pos), UP - height, bar, height);
    });
    context.fillStyle = colour('--settle');
    depth.forEach((layer, pos) => {
      context.fillRect(left(pos), UP + AXIS, bar, Math.max(((layer + 1) / nLayers) * DOWN, 1));
    });
    context.fillStyle = colour('--line-strong');
    context.fillRect(0, UP, width, AXIS);
    this.#canvas.setAttribute('aria-label', summary(run.pieces, entropy, depth));
    this.#mark();
  }

  /** The frame around what the table shows, where that is not all. */
  #mark(): void {
    const count = this.#state?.run?.ids.length ?? 0;
    const span = this.#grid?.positions;
    const all = !span || span.end - span.first >= count;
    this.#window.hidden = all;
    if (all) return;
    const step = this.#step;
    this.#window.style.transform = `translateX(${span.first * step}px)`;
    this.#window.style.width = `${(span.end - span.first) * step}px`;
  }
}
customElements.define('rs-ruler', RulerElement);

/** What the bars say, for those who cannot see them. */
function summary(pieces: readonly string[], entropy: Float32Array, depth: Int32Array): string {
  let [low, high] = [0, 0];
  entropy.forEach((value, pos) => {
    if (value < (entropy[low] ?? 0)) low = pos;
    if (value > (entropy[high] ?? 0)) high = pos;
  });
  const at = (pos: number): string =>
    `position ${pos} after “${(pieces[pos] ?? '').trim()}”, ${nats(entropy[pos] ?? Number.NaN)} nats, settled at layer ${depth[pos] ?? '–'}`;
  return `Entropy of the output and layer where the answer settles, by position. Most certain: ${at(low)}. Most open: ${at(high)}.`;
}
