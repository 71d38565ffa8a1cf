/**
 * One head in large: who looks (down) at what (across), with the tokens along both sides. Two canvases, so that a
 * pointer that moves repaints the marks alone; for the keyboard and for people who don't see it, a grid whose active
 * cell is named.
 */
import { visibleText } from '../../shared/picture/visible.ts';
import { mapColours, rasterMap, type MapSource } from '../../shared/picture/attention-raster.ts';
import type { ColorScheme } from '../../shared/picture/ramp.ts';
import { isSeen } from '../../shared/lens/attention.ts';
import { LongPress } from '../controllers/long-press.ts';
import { attentionMapSheet } from '../styles/attention-map.ts';

export interface MapContent {
  readonly source: MapSource;
  readonly pieces: readonly string[];
  readonly label: string;
  readonly scheme: ColorScheme;
  /** A cell in words. */
  readonly say: (dest: number, src: number) => string;
}

/** The token in question, and one that it looks at. */
export interface Place {
  readonly dest: number;
  readonly src: number;
}
export type PlaceEvent = CustomEvent<Place | null>;

/** CSS pixels: the longest label, what one line of labels needs, the widest cell. */
const LABEL = { long: 96, narrow: 68, line: 13, gap: 6 } as const;
const WIDEST_CELL = 44;
const NARROW = 480;

export class AttentionMapElement extends HTMLElement {
  readonly #stage = document.createElement('div');
  readonly #map = document.createElement('canvas');
  readonly #marks = document.createElement('canvas');
  readonly #row = document.createElement('div');
  readonly #cell = document.createElement('div');
  readonly #resized: ResizeObserver;
  #content: MapContent | undefined;
  #place: Place = { dest: 0, src: 0 };
  #hovered: Place | undefined;
  /** CSS pixels of a cell, and of the labels at the left and on top. */
  #size = { cell: 0, gutter: 0, side: 0 };

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [attentionMapSheet()];
    this.#stage.tabIndex = 0;
    this.#stage.className = 'stage';
    this.#stage.setAttribute('role', 'grid');
    this.#row.setAttribute('role', 'row');
    this.#cell.setAttribute('role', 'gridcell');
    this.#cell.id = 'cell';
    this.#cell.className = 'hidden-text';
    this.#row.append(this.#cell);
    for (const canvas of [this.#map, this.#marks]) canvas.setAttribute('aria-hidden', 'true');
    this.#stage.append(this.#map, this.#marks, this.#row);
    this.#stage.setAttribute('aria-activedescendant', 'cell');
    root.append(this.#stage);
    this.#stage.addEventListener('pointermove', (event) => {
      if (event.pointerType !== 'touch') this.#hover(this.#at(event));
    });
    this.#stage.addEventListener('pointerleave', (event) => {
      if (event.pointerType !== 'touch') this.#hover(undefined);
    });
    const press = new LongPress<Place>({
      show: (place) => this.#hover(place),
      hide: () => this.#hover(undefined),
    });
    this.#stage.addEventListener('pointerdown', (event) => press.down(event, this.#at(event)));
    this.#stage.addEventListener('click', (event) => {
      const place = this.#at(event);
      if (place) this.#tell('pick', place);
    });
    this.#stage.addEventListener('keydown', (event) => this.#keydown(event));
    this.#resized = new ResizeObserver(() => this.#paint());
  }

  set content(content: MapContent | undefined) {
    if (content === this.#content) return;
    this.#content = content;
    this.#paint();
  }

  set place(place: Place) {
    if (place.dest === this.#place.dest && place.src === this.#place.src) return;
    this.#place = place;
    this.#mark();
  }

  connectedCallback(): void {
    this.#resized.observe(this);
  }

  disconnectedCallback(): void {
    this.#resized.disconnect();
  }

  #hover(place: Place | undefined): void {
    if (place?.dest === this.#hovered?.dest && place?.src === this.#hovered?.src) return;
    this.#hovered = place;
    this.#mark();
    this.#tell('look', place);
  }

  #tell(name: 'look' | 'pick', place: Place | undefined): void {
    this.dispatchEvent(new CustomEvent(name, { detail: place }));
  }

  #at(event: MouseEvent): Place | undefined {
    const { cell, gutter } = this.#size;
    const tokens = this.#content?.source.tokens ?? 0;
    const box = this.#map.getBoundingClientRect();
    const dest = Math.floor((event.clientY - box.top - gutter) / cell);
    const src = Math.floor((event.clientX - box.left - gutter) / cell);
    if (dest < 0 || dest >= tokens || src >= tokens) return undefined;
    return { dest, src: Math.min(Math.max(src, 0), dest) };
  }

  #keydown(event: KeyboardEvent): void {
    const { dest, src } = this.#place;
    const last = (this.#content?.source.tokens ?? 1) - 1;
    const to = {
      ArrowUp: { dest: dest - 1, src },
      ArrowDown: { dest: dest + 1, src },
      ArrowLeft: { dest, src: src - 1 },
      ArrowRight: { dest, src: src + 1 },
      Home: { dest, src: 0 },
      End: { dest, src: dest },
      PageUp: { dest: dest - 10, src },
      PageDown: { dest: dest + 10, src },
    }[event.key];
    if (!to) return;
    event.preventDefault();
    const at = Math.min(Math.max(to.dest, 0), last);
    this.#tell('pick', { dest: at, src: Math.min(Math.max(to.src, 0), at) });
  }

  #paint(): void {
    const content = this.#content;
    const width = this.clientWidth;
    if (!content || width === 0) return;
    const { source, pieces, label, scheme } = content;
    const { tokens } = source;
    const ratio = devicePixelRatio || 1;
    const gutter = width < NARROW ? LABEL.narrow : LABEL.long;
    const room = Math.min(width - gutter, tokens * WIDEST_CELL);
    const raster = rasterMap(source, room * ratio, mapColours(scheme));
    const side = raster.side / ratio;
    this.#size = { cell: side / tokens, gutter, side };
    this.#stage.setAttribute('aria-label', label);
    this.#stage.setAttribute('aria-rowcount', String(tokens));
    this.#stage.setAttribute('aria-colcount', String(tokens));
    for (const canvas of [this.#map, this.#marks]) {
      canvas.width = Math.round((gutter + side) * ratio);
      canvas.height = canvas.width;
      canvas.style.width = `${gutter + side}px`;
      canvas.style.height = `${gutter + side}px`;
    }
    const context = this.#map.getContext('2d');
    if (!context) return;
    const image = new ImageData(raster.side, raster.side);
    new Uint32Array(image.data.buffer).set(raster.pixels);
    context.putImageData(image, Math.round(gutter * ratio), Math.round(gutter * ratio));
    context.scale(ratio, ratio);
    const style = getComputedStyle(this);
    context.fillStyle = style.getPropertyValue('--dim');
    context.font = `12px ${style.getPropertyValue('--mono')}`;
    const every = Math.ceil(LABEL.line / this.#size.cell);
    for (let pos = 0; pos < tokens; pos += every) {
      const text = fitted(context, visibleText(pieces[pos] ?? ''), gutter - LABEL.gap);
      this.#label(context, text, pos, 'row');
      this.#label(context, text, pos, 'column');
    }
    this.#mark();
  }

  #label(context: CanvasRenderingContext2D, text: string, pos: number, side: 'row' | 'column'): void {
    const { cell, gutter } = this.#size;
    const middle = gutter + (pos + 0.5) * cell;
    context.textBaseline = 'middle';
    if (side === 'row') {
      context.textAlign = 'right';
      context.fillText(text, gutter - LABEL.gap, middle);
      return;
    }
    context.save();
    context.translate(middle, gutter - LABEL.gap);
    context.rotate(-Math.PI / 2);
    context.textAlign = 'left';
    context.fillText(text, 0, 0);
    context.restore();
  }

  /** Row and column of the token in question, and the cell. */
  #mark(): void {
    const content = this.#content;
    const context = this.#marks.getContext('2d');
    if (!content || !context || this.#size.side === 0) return;
    const { dest, src } = this.#hovered ?? this.#place;
    const { cell, gutter, side } = this.#size;
    const ratio = devicePixelRatio || 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, gutter + side, gutter + side);
    const style = getComputedStyle(this);
    context.font = `600 12px ${style.getPropertyValue('--mono')}`;
    for (const [pos, edge] of [
      [dest, 'row'],
      [src, 'column'],
    ] as const) {
      const text = fitted(context, visibleText(content.pieces[pos] ?? ''), gutter - LABEL.gap - 2);
      context.fillStyle = style.getPropertyValue('--card');
      const from = gutter + (pos + 0.5) * cell - 8;
      if (edge === 'row') context.fillRect(0, from, gutter - 3, 16);
      else context.fillRect(from, 0, 16, gutter - 3);
      context.fillStyle = style.getPropertyValue('--ink');
      this.#label(context, text, pos, edge);
    }
    context.strokeStyle = style.getPropertyValue('--accent');
    context.lineWidth = 1.5;
    context.strokeRect(gutter, gutter + dest * cell, side, cell);
    context.setLineDash([4, 3]);
    context.strokeRect(gutter + dest * cell, gutter, cell, side);
    context.setLineDash([]);
    context.strokeStyle = style.getPropertyValue('--settle');
    context.lineWidth = 2.5;
    context.strokeRect(gutter + src * cell, gutter + dest * cell, cell, cell);
    const seen = isSeen(dest, src, content.source.window);
    const said = this.#hovered ? this.#place : { dest, src };
    this.#row.setAttribute('aria-rowindex', String(said.dest + 1));
    this.#cell.setAttribute('aria-colindex', String(said.src + 1));
    this.#cell.setAttribute('aria-selected', 'true');
    this.#cell.textContent = content.say(said.dest, said.src);
    this.#stage.classList.toggle('unseen', !seen);
  }
}
customElements.define('rs-attention-map', AttentionMapElement);

function fitted(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  let short = Array.from(text).slice(0, 16);
  while (short.length > 1 && context.measureText(`${short.join('')}…`).width > room)
    short = short.slice(0, -1);
  return `${short.join('')}…`;
}
