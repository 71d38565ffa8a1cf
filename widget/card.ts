/**
 * A cell's card: its candidates with bars, each of which can be pinned, and what else the trace knows of the cell. It
 * lies beside the cell in the top layer, so that no host page cuts it off; by touch, and where it's narrow, at the
 * window's lower or upper edge.
 */
import { probabilityText } from '../shared/picture/lens-table.ts';
import { visibleText } from '../shared/picture/visible.ts';
import { NEVER, type TraceData } from '../shared/trace/data.ts';
import { make } from './dom.ts';
import type { Place } from './table.ts';
import { candidatesOf } from './trajectory.ts';

/** CSS pixels: between card and cell; windows narrower than this get a sheet. */
const GAP = 8;
const NARROW = 560;
/** Milliseconds until a card shows, moves on to another cell, goes. */
const REST = { pointer: 280, keys: 500, next: 70, leave: 200 } as const;

export interface CardPorts {
  /** The colour of the pin on a token, −1 for none. */
  colourOf(pos: number, id: number): number;
  pin(pos: number, id: number): void;
  cellAt(place: Place): HTMLElement | undefined;
}

export class Card {
  readonly element = make('div', {
    class: 'card',
    part: 'card',
    id: 'card',
    popover: 'manual',
    role: 'tooltip',
  });
  readonly #ports: CardPorts;
  #trace: TraceData | undefined;
  #candidates = 5;
  #place: Place | undefined;
  #described: HTMLElement | undefined;
  #sheet = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ports: CardPorts) {
    this.#ports = ports;
    this.element.addEventListener('pointerenter', () => clearTimeout(this.#timer));
    this.element.addEventListener('pointerleave', () => this.rest(undefined, 'pointer'));
    this.element.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      const back = this.#place && this.#ports.cellAt(this.#place);
      this.hide();
      back?.focus();
      event.stopPropagation();
    });
  }

  get open(): boolean {
    return this.#place !== undefined;
  }

  show(trace: TraceData, candidates: number): void {
    this.hide();
    [this.#trace, this.#candidates] = [trace, candidates];
  }

  /** The pointer or the keyboard is on a cell, or on none. */
  rest(place: Place | undefined, how: 'pointer' | 'keys'): void {
    clearTimeout(this.#timer);
    if (place) {
      this.#timer = setTimeout(() => this.present(place, false), this.open ? REST.next : REST[how]);
    } else if (!this.#sheet) this.#timer = setTimeout(() => this.hide(), REST.leave);
  }

  /** @param touch as a sheet that stays until it is closed. */
  present(place: Place, touch: boolean): void {
    clearTimeout(this.#timer);
    const cell = this.#ports.cellAt(place);
    if (!this.#trace || !cell?.isConnected) return;
    this.hide();
    [this.#place, this.#sheet] = [place, touch];
    this.#draw(this.#trace, place);
    this.element.setAttribute('role', touch ? 'dialog' : 'tooltip');
    this.element.setAttribute('aria-label', 'Cell in short');
    this.element.classList.toggle('sheet', touch || innerWidth < NARROW);
    if (typeof this.element.showPopover === 'function') this.element.showPopover();
    else this.element.classList.add('shown');
    this.#lie(cell.getBoundingClientRect());
    this.#described = cell;
    cell.setAttribute('aria-describedby', 'card');
    addEventListener('scroll', this.#scrolled, { passive: true });
    addEventListener('pointerdown', this.#outside, true);
  }

  /** Drawn again, after a pin came or went. */
  refresh(): void {
    if (this.#trace && this.#place) this.#draw(this.#trace, this.#place);
  }

  hide(): void {
    clearTimeout(this.#timer);
    if (!this.#place) return;
    [this.#place, this.#sheet] = [undefined, false];
    this.#described?.removeAttribute('aria-describedby');
    if (typeof this.element.hidePopover === 'function' && this.element.isConnected)
      this.element.hidePopover();
    this.element.classList.remove('shown');
    removeEventListener('scroll', this.#scrolled);
    removeEventListener('pointerdown', this.#outside, true);
  }

  /** A card that stays where it was while its cell goes away would speak of another cell. */
  readonly #scrolled = (): void => this.hide();

  readonly #outside = (event: PointerEvent): void => {
    if (!event.composedPath().includes(this.element) && this.#sheet) this.hide();
  };

  #lie(box: DOMRect): void {
    const { style } = this.element;
    const { width, height } = this.element.getBoundingClientRect();
    if (this.element.classList.contains('sheet')) {
      style.left = '';
      style.top = box.bottom + GAP > innerHeight - height ? '0' : `${innerHeight - height}px`;
      return;
    }
    const right = box.right + GAP;
    const left = right + width + GAP <= innerWidth ? right : box.left - GAP - width;
    const within = (n: number, most: number): number => Math.max(GAP, Math.min(n, most - GAP));
    if (left >= GAP) {
      style.left = `${left}px`;
      style.top = `${within(box.top + box.height / 2 - height / 2, innerHeight - height)}px`;
    } else {
      style.left = `${within(box.left + box.width / 2 - width / 2, innerWidth - width)}px`;
      const below = box.bottom + GAP + height <= innerHeight;
      style.top = `${below ? box.bottom + GAP : Math.max(0, box.top - GAP - height)}px`;
    }
  }

  #draw(trace: TraceData, { row, pos }: Place): void {
    const { layer = 0, mid } = trace.lens.rows[row] ?? {};
    const where = layer === -1 ? 'Embedding' : `Layer ${layer}${mid ? ', after attention' : ''}`;
    const close = make('button', { class: 'close', 'aria-label': 'Close' }, '×');
    close.addEventListener('click', () => this.hide());
    this.element.replaceChildren(
      make(
        'header',
        {},
        make('b', {}, where),
        ' after ',
        make('span', { class: 'token' }, visibleText(trace.pieces[pos] ?? '')),
        close,
      ),
      make(
        'ol',
        {},
        ...candidatesOf(trace, row, pos, this.#candidates).map((c) => this.#candidate(trace, pos, c)),
      ),
      make(
        'p',
        { class: 'dim' },
        ...numbers(trace, row, pos).flatMap((text, i) => (i ? [' · ', text] : [text])),
      ),
    );
  }

  #candidate(
    trace: TraceData,
    pos: number,
    { id, p }: { readonly id: number; readonly p: number },
  ): HTMLLIElement {
    const text = visibleText(trace.texts.get(id) ?? '');
    const colour = this.#ports.colourOf(pos, id);
    const bar = make('span', { class: 'bar' }, make('span'));
    const inner = bar.firstElementChild;
    if (inner instanceof HTMLElement) inner.style.width = `${Math.max(p * 100, 0.6)}%`;
    const pinned = colour >= 0;
    const button = make(
      'button',
      {
        'aria-pressed': String(pinned),
        title: pinned ? 'Unpin' : 'Follow through the layers',
        tabindex: this.#sheet ? '0' : '-1',
      },
      make('span', { class: 'text' }, text),
      bar,
      make('span', { class: 'p' }, probabilityText(p)),
      make('i', { class: pinned ? `s${colour}` : 'free' }),
    );
    button.addEventListener('click', () => this.#ports.pin(pos, id));
    return make('li', {}, button);
  }
}

/** What the trace has of a cell besides its candidates, in words. */
function numbers({ lens, ids, texts }: TraceData, row: number, pos: number): string[] {
  const cell = row * ids.length + pos;
  const final = lens.targets.find(({ name }) => name === 'final');
  const rank = final?.ranks[cell] ?? -1;
  const entropy = lens.entropy?.[cell];
  const kl = lens.kl?.[cell];
  const layer = lens.convergence[pos] ?? NEVER;
  const settled = layer === NEVER ? [] : [`settles at ${layer === -1 ? 'the embedding' : `layer ${layer}`}`];
  const answer = visibleText(texts.get(final?.ids[pos] ?? -1) ?? '');
  return [
    ...(rank > 0 ? [`the output’s “${answer}” is at rank ${rank.toLocaleString('en')}`] : []),
    ...(entropy === undefined ? [] : [`entropy ${entropy.toFixed(2)} nats`]),
    ...(kl === undefined ? [] : [`KL to the output ${kl.toFixed(2)} nats`]),
    ...settled,
  ];
}
