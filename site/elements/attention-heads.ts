/**
 * Small maps of heads, to pick one from: a button each, over one canvas that has all pictures. Arrow keys walk
 * through them; a layer's heads wrap, all layers' stand in a table.
 */
import { mapColours, rasterMap, type MapSource } from '../../shared/picture/attention-raster.ts';
import { rampColor, type ColorScheme } from '../../shared/picture/ramp.ts';
import { headGridSheet } from '../styles/attention-heads.ts';

/** A tile: a map, or a share of the ramp. */
export interface HeadTile {
  /** The layer's and the head's number; a negative head is a combination of heads. */
  readonly layer: number;
  readonly head: number;
  readonly picture: MapSource | number;
  /** Under the tile. */
  readonly caption: string;
  /** For people who don't see it, and on hover. */
  readonly name: string;
}

export interface HeadGridContent {
  /** `wrap`: as many in a row as fit. `table`: a row a layer, named. */
  readonly form: 'wrap' | 'table';
  readonly label: string;
  readonly rows: readonly { readonly layer: number; readonly tiles: readonly HeadTile[] }[];
  readonly selected: { readonly layer: number; readonly head: number } | undefined;
  readonly scheme: ColorScheme;
}

/** CSS pixels: a tile, at the least and at most; between tiles; the caption under one; a row's name. */
const SIZES = {
  wrap: { least: 64, most: 112, gap: 8, caption: 18, name: 0 },
  table: { least: 24, most: 56, gap: 4, caption: 0, name: 30 },
} as const;

/** CSS pixels at the sides, for the focus ring. */
const PADDING = 8;

export class HeadGridElement extends HTMLElement {
  readonly #stage = document.createElement('div');
  readonly #canvas = document.createElement('canvas');
  readonly #resized: ResizeObserver;
  #content: HeadGridContent | undefined;
  #buttons: HTMLButtonElement[] = [];
  #tiles: readonly HeadTile[] = [];
  #columns = 1;
  #shape = '';

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open', delegatesFocus: true });
    root.adoptedStyleSheets = [headGridSheet()];
    this.#stage.className = 'stage';
    this.#stage.setAttribute('role', 'radiogroup');
    this.#canvas.setAttribute('aria-hidden', 'true');
    root.append(this.#stage);
    this.#stage.append(this.#canvas);
    this.#stage.addEventListener('click', (event) => this.#pick(this.#indexOf(event)));
    this.#stage.addEventListener('keydown', (event) => this.#keydown(event));
    this.#resized = new ResizeObserver(() => this.#lay());
  }

  set content(content: HeadGridContent | undefined) {
    if (content === this.#content) return;
    this.#content = content;
    this.#lay();
  }

  connectedCallback(): void {
    this.#resized.observe(this);
  }

  disconnectedCallback(): void {
    this.#resized.disconnect();
  }

  #lay(): void {
    const content = this.#content;
    const width = this.clientWidth - PADDING;
    if (!content || width <= 0) return;
    const { form, rows, selected, label } = content;
    const { least, most, gap, caption, name } = SIZES[form];
    this.#tiles = rows.flatMap(({ tiles }) => tiles);
    const longest = Math.max(1, ...rows.map(({ tiles }) => tiles.length));
    const fitting = Math.max(1, Math.floor((width - name + gap) / (least + gap)));
    this.#columns = form === 'table' ? longest : Math.min(fitting, longest);
    const even = Math.floor((width - name + gap) / this.#columns) - gap;
    const tile = Math.min(Math.max(even, least), most);
    this.#stage.setAttribute('aria-label', label);
    const places = this.#tiles.map((_, i) => this.#place(i, rows));
    const step = { x: tile + gap, y: tile + gap + caption };
    const shape = `${form}:${tile}:${this.#columns}:${places.length}:${rows.length}`;
    if (shape !== this.#shape) this.#make(shape, places, step, tile, name, rows);
    this.#tiles.forEach((item, i) => this.#label(i, item, selected));
    this.#paint(content, places, step, tile, name);
    // One of them takes the keyboard.
    if (!this.#buttons.some((button) => button.tabIndex === 0))
      this.#buttons[0]?.setAttribute('tabindex', '0');
  }

  #place(i: number, rows: HeadGridContent['rows']): readonly [column: number, row: number] {
    if (this.#content?.form === 'wrap') return [i % this.#columns, Math.floor(i / this.#columns)];
    let before = 0;
    for (const [row, { tiles }] of rows.entries()) {
      if (i < before + tiles.length) return [i - before, row];
      before += tiles.length;
    }
    return [0, 0];
  }

  #make(
    shape: string,
    places: readonly (readonly [number, number])[],
    step: { readonly x: number; readonly y: number },
    tile: number,
    name: number,
    rows: HeadGridContent['rows'],
  ): void {
    this.#shape = shape;
    this.#buttons = places.map(([column, row]) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.setAttribute('role', 'radio');
      button.style.left = `${name + column * step.x}px`;
      button.style.top = `${row * step.y}px`;
      button.style.width = `${tile}px`;
      button.style.height = `${step.y - step.x + tile}px`;
      const text = document.createElement('span');
      button.append(text);
      return button;
    });
    const names = name === 0 ? [] : rows.map(({ layer }, row) => rowName(layer, row * step.y, tile));
    const lines = Math.max(0, ...places.map(([, row]) => row)) + 1;
    const columns = Math.max(0, ...places.map(([column]) => column)) + 1;
    this.#stage.style.height = `${lines * step.y}px`;
    this.#stage.style.width = `${name + columns * step.x}px`;
    this.#stage.replaceChildren(this.#canvas, ...names, ...this.#buttons);
  }

  #label(i: number, { name, caption, layer, head }: HeadTile, selected: HeadGridContent['selected']): void {
    const button = this.#buttons[i];
    if (!button) return;
    const own = selected?.layer === layer && selected.head === head;
    button.setAttribute('aria-label', name);
    button.title = name;
    button.setAttribute('aria-checked', String(own));
    const focused = button.matches(':focus');
    button.tabIndex = own || focused ? 0 : -1;
    const text = button.firstElementChild;
    if (text && text.textContent !== caption) text.textContent = caption;
  }

  #paint(
    { scheme }: HeadGridContent,
    places: readonly (readonly [number, number])[],
    step: { readonly x: number; readonly y: number },
    tile: number,
    name: number,
  ): void {
    const ratio = devicePixelRatio || 1;
    const [width, height] = [parseFloat(this.#stage.style.width), parseFloat(this.#stage.style.height)];
    this.#canvas.width = Math.round(width * ratio);
    this.#canvas.height = Math.round(height * ratio);
    this.#canvas.style.width = `${width}px`;
    this.#canvas.style.height = `${height}px`;
    const context = this.#canvas.getContext('2d');
    if (!context) return;
    const colours = mapColours(scheme);
    this.#tiles.forEach(({ picture }, i) => {
      const [column, row] = places[i] ?? [0, 0];
      const [x, y] = [Math.round((name + column * step.x) * ratio), Math.round(row * step.y * ratio)];
      const side = Math.round(tile * ratio);
      if (typeof picture === 'number') {
        context.fillStyle = rampColor(picture, scheme);
        if (!Number.isNaN(picture)) context.fillRect(x, y, side, side);
        return;
      }
      const raster = rasterMap(picture, side, colours);
      const image = new ImageData(raster.side, raster.side);
      new Uint32Array(image.data.buffer).set(raster.pixels);
      const rest = Math.floor((side - raster.side) / 2);
      context.putImageData(image, x + rest, y + rest);
    });
  }

  #indexOf(event: Event): number {
    const button = (event.target as Element).closest('button');
    return button ? this.#buttons.indexOf(button) : -1;
  }

  #pick(i: number): void {
    const tile = this.#tiles[i];
    if (!tile) return;
    for (const button of this.#buttons) button.tabIndex = -1;
    const button = this.#buttons[i];
    if (button) button.tabIndex = 0;
    const { layer, head } = tile;
    this.dispatchEvent(new CustomEvent('pick', { detail: { layer, head } }));
  }

  #keydown(event: KeyboardEvent): void {
    const i = this.#indexOf(event);
    if (i < 0) return;
    const last = this.#buttons.length - 1;
    const to = {
      ArrowRight: i + 1,
      ArrowLeft: i - 1,
      ArrowDown: i + this.#columns,
      ArrowUp: i - this.#columns,
      Home: 0,
      End: last,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (to < 0 || to > last) return;
    this.#pick(to);
    this.#buttons[to]?.focus();
  }
}
customElements.define('rs-head-grid', HeadGridElement);

function rowName(layer: number, top: number, tile: number): HTMLElement {
  const name = document.createElement('i');
  name.textContent = String(layer);
  name.style.top = `${top}px`;
  name.style.height = `${tile}px`;
  name.setAttribute('aria-hidden', 'true');
  return name;
}

export type PickHead = CustomEvent<{ readonly layer: number; readonly head: number }>;
