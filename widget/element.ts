/**
 * `<residscope-lens>`: a lens in anyone's page. From a trace it paints with no model and one request; attributes,
 * events, parts and custom properties are in docs/embed.md.
 */
import { InputError, messageOf, toErrorMessage } from '../shared/errors.ts';
import type { TraceData } from '../shared/trace/data.ts';
import { decodeTrace } from '../shared/trace/decode.ts';
import type { Trace } from '../shared/trace/format.ts';
import { AttributedElement } from './attributes.ts';
import { colourRules } from './colours.ts';
import { make } from './dom.ts';
import type { WidgetEvents } from './events.ts';
import { hostOf, scriptHost } from './host.ts';
import { candidates, chosenRows, tableHeight, themeOf } from './options.ts';
import { fetchTrace, inlineTrace, traceAddress, traceId } from './source.ts';
import styles from './styles.css?inline';
import type { Place } from './table.ts';
import { candidatesOf } from './trajectory.ts';
import { promptOf, shownPrompt, summaryOf, View } from './view.ts';

/** What the element is doing: `idle` has nothing to show yet. */
export type WidgetState = 'idle' | 'loading' | 'running' | 'ready' | 'error';

let sheet: CSSStyleSheet | undefined;

/** One sheet in memory for all widgets of a page; made by script, which no style policy forbids. */
function sharedSheet(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(styles + colourRules());
  }
  return sheet;
}

export class ResidscopeLensElement extends AttributedElement {
  static readonly observedAttributes = [
    'trace',
    'model',
    'prompt',
    'layers',
    'top-k',
    'height',
    'theme',
    'host',
  ];

  readonly #root = this.attachShadow({ mode: 'open' });
  readonly #frame = make('div', { class: 'frame', part: 'frame' });
  readonly #resized = new ResizeObserver(() => this.#view?.resize(this.#width()));
  #state: WidgetState = 'idle';
  #shown: TraceData | undefined;
  /** Given by script, in place of an address. */
  #given: unknown;
  #view: View | undefined;
  #loading: AbortController | undefined;
  /** What the picture on the screen was loaded from. */
  #source: string | undefined;
  #due = false;

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [sharedSheet()];
    this.#root.append(this.#frame);
  }

  connectedCallback(): void {
    this.#resized.observe(this);
    this.#schedule();
  }

  disconnectedCallback(): void {
    this.#resized.disconnect();
    this.#view?.close();
    // Moved to another place of the page, it is back before the next microtask is over.
    queueMicrotask(() => {
      if (!this.isConnected) this.#loading?.abort();
    });
  }

  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (before === now) return;
    if (name === 'trace' && now !== null) this.#given = undefined;
    this.#schedule();
  }

  /** The trace that it shows, parsed; or one to show in place of the `trace` attribute. It is checked as any other. */
  get data(): Trace | undefined {
    return this.#shown?.source;
  }
  set data(value: Trace | undefined) {
    this.#given = value;
    this.#source = undefined;
    this.#schedule();
  }

  get state(): WidgetState {
    return this.#state;
  }

  #host(): URL | undefined {
    return hostOf(this.getAttribute('host'), document.baseURI) ?? scriptHost();
  }

  /** Attributes come one by one: what follows from them is done once. */
  #schedule(): void {
    if (this.#due || !this.isConnected) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      if (this.isConnected) void this.#update();
    });
  }

  async #update(): Promise<void> {
    const source = this.#given === undefined ? `${this.trace} ${this.host}` : 'given';
    this.#loading?.abort();
    const { signal } = (this.#loading = new AbortController());
    try {
      this.#dress();
      const known = source === this.#source ? this.#shown : undefined;
      const trace = known ?? (await this.#load(signal));
      if (signal.aborted) return;
      this.#source = source;
      this.#shown = trace;
      if (trace) this.#draw(trace);
      else this.#showIdle();
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  /** @throws {InputError} */
  #dress(): void {
    const theme = themeOf(this.getAttribute('theme'));
    this.#frame.dataset['theme'] = theme === 'auto' && inheritsNoScheme(this) ? 'reader' : theme;
  }

  async #load(signal: AbortSignal): Promise<TraceData | undefined> {
    if (this.#given !== undefined) return decodeTrace(this.#given);
    if (this.trace === '') return inlineTrace(this);
    const address = traceAddress(this.trace, this.#host(), document.baseURI);
    this.#showLoading();
    return fetchTrace(address, signal);
  }

  #draw(trace: TraceData): void {
    let view: View;
    try {
      view = new View(trace, {
        rows: chosenRows(this.getAttribute('layers'), trace.lens.rows),
        candidates: candidates(this.getAttribute('top-k')),
        height: tableHeight(this.getAttribute('height')),
        width: this.#width(),
        onSelect: (place) => this.#tellSelected(trace, place),
      });
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#view?.close();
    this.#view = view;
    this.#show('ready', this.#head(trace), view.element, this.#foot(trace));
    view.reveal();
  }

  #head(trace: TraceData): HTMLElement {
    return make(
      'header',
      { class: 'head' },
      make('p', { class: 'prompt', part: 'prompt' }, make('bdi', {}, shownPrompt(promptOf(trace)))),
      make('p', { class: 'dim meta', part: 'meta' }, summaryOf(trace)),
    );
  }

  #foot(trace: TraceData): HTMLElement {
    const host = this.#host();
    const foot = make('footer', { class: 'dim foot', part: 'foot' });
    if (!host) return foot;
    const id = this.#given === undefined ? traceId(this.trace) : undefined;
    const fragment = new URLSearchParams({ model: trace.model.id, prompt: promptOf(trace) });
    const href = id === undefined ? new URL(`#${fragment.toString()}`, host) : new URL(`t/${id}`, host);
    foot.append(make('a', { href: href.href, target: '_blank', rel: 'noopener' }, 'Open in Residscope'));
    return foot;
  }

  #showLoading(): void {
    if (this.#shown) return;
    const bars = Array.from({ length: 5 }, () => make('i'));
    const waiting = make(
      'div',
      { class: 'waiting', role: 'status', 'aria-label': 'Loading the lens' },
      ...bars,
    );
    this.#show('loading', this.#fallback(waiting));
  }

  #showIdle(): void {
    const say = 'No lens yet: give this element a trace.';
    this.#show('idle', this.#fallback(make('p', { class: 'dim' }, say)));
  }

  #fail(error: unknown): void {
    const { kind, message } = toErrorMessage(error);
    this.#view?.close();
    this.#view = undefined;
    this.#shown = undefined;
    this.#source = undefined;
    const again = make('button', { class: 'button', part: 'button' }, 'Try again');
    again.addEventListener('click', () => void this.#update());
    const box = make(
      'div',
      { class: 'error', part: 'error', role: 'alert' },
      make('p', {}, make('b', {}, 'This lens can’t be shown. '), message),
      ...(error instanceof InputError || kind === 'format' ? [] : [again]),
    );
    this.#show('error', box, make('slot'));
    this.#tell('residscope-error', { kind, message: messageOf(error) });
  }

  /** What the post's author put inside, or something in its place. */
  #fallback(otherwise: HTMLElement): HTMLElement {
    return make('slot', {}, otherwise);
  }

  #show(state: WidgetState, ...parts: readonly HTMLElement[]): void {
    this.#state = state;
    this.#frame.dataset['state'] = state;
    this.#frame.replaceChildren(...parts);
  }

  /** CSS pixels inside the frame. */
  #width(): number {
    const { paddingLeft, paddingRight } = getComputedStyle(this.#frame);
    return this.#frame.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight) || 0;
  }

  #tellSelected({ lens, ids, pieces, texts }: TraceData, { row, pos }: Place): void {
    const { layer = 0, mid = false } = lens.rows[row] ?? {};
    const [top] = candidatesOf({ lens, ids } as TraceData, row, pos, 1);
    this.#tell('residscope-select', {
      layer,
      mid,
      pos,
      after: pieces[pos] ?? '',
      id: top?.id,
      token: top && texts.get(top.id),
      probability: top?.p,
    });
  }

  #tell<N extends keyof WidgetEvents>(name: N, detail: WidgetEvents[N]['detail']): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

/** Whether the host page says nothing of its scheme: then the reader's own counts. */
function inheritsNoScheme(element: Element): boolean {
  return getComputedStyle(element).colorScheme === 'normal';
}
