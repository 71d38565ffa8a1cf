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
import type { WidgetEvents } from './events.ts';
import { Face, type WidgetState } from './face.ts';
import { hostOf, scriptHost } from './host.ts';
import { liveEngine } from './live.ts';
import { LivePanel } from './live-panel.ts';
import { candidates, chosenRows, deviceOf, tableHeight, themeOf } from './options.ts';
import { fetchTrace, inlineTrace, traceAddress, traceId } from './source.ts';
import styles from './styles.css?inline';
import type { Place } from './table.ts';
import { candidatesOf } from './trajectory.ts';
import { promptOf, View } from './view.ts';

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

  readonly #face = new Face();
  readonly #resized = new ResizeObserver(() => this.#view?.resize(this.#face.width));
  #state: WidgetState = 'idle';
  #shown: TraceData | undefined;
  /** Given by script, in place of an address. */
  #given: unknown;
  #view: View | undefined;
  #loading: AbortController | undefined;
  /** What the picture on the screen was loaded from. */
  #source: string | undefined;
  /** Whether a live run made it. */
  #fresh = false;
  #panel: LivePanel | undefined;
  #running: AbortController | undefined;
  #due = false;

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [sharedSheet()];
    root.append(this.#face.element);
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
      if (this.isConnected) return;
      this.#loading?.abort();
      this.#running?.abort();
    });
  }

  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (before === now) return;
    if (name === 'trace' && now !== null) this.#given = undefined;
    if (name === 'prompt' && this.#panel) this.#panel.prompt = now ?? '';
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

  /**
   * Runs a prompt in the reader's browser, as "Run live" does: the model is downloaded with the first run.
   *
   * @param prompt default: the one that is shown.
   * @throws {ResidscopeError} when it can't be run; the element says so too.
   */
  async run(prompt?: string): Promise<void> {
    const panel = this.#panel;
    const host = this.#host();
    if (!panel || !host) throw new InputError('live: expected a host with an engine and a model, got none');
    this.#running?.abort();
    const { signal } = (this.#running = new AbortController());
    if (prompt !== undefined) panel.prompt = prompt;
    const text = panel.prompt;
    const before = this.#state;
    this.#enter('running');
    panel.running();
    try {
      const device = deviceOf(this.device);
      const engine = await liveEngine(host, signal);
      const ask = { model: this.#model(), prompt: text, bos: this.#bos(), k: 10, device };
      const trace = decodeTrace(
        await engine.run(ask, { signal, onProgress: (step) => panel.progress(step) }),
      );
      if (signal.aborted) return;
      [this.#shown, this.#fresh, this.#source] = [trace, true, this.#sourceKey()];
      panel.ended(ranOn(trace));
      this.#draw(trace);
      this.#tell('residscope-run', { model: trace.model.id, prompt: text, trace: trace.source });
    } catch (error) {
      if (this.#running.signal !== signal) return;
      this.#enter(before);
      const { kind, message } = toErrorMessage(error);
      if (kind === 'cancelled') {
        panel.ended('Cancelled.');
        return;
      }
      panel.ended('', message);
      this.#tell('residscope-error', { kind, message });
      throw error;
    }
  }

  #host(): URL | undefined {
    return hostOf(this.getAttribute('host'), document.baseURI) ?? scriptHost();
  }

  /** What a live run takes. */
  #model(): string {
    return this.model === '' ? (this.#shown?.model.id ?? '') : this.model;
  }

  /** As the trace on the screen has it, where it is of the same model. */
  #bos(): 'auto' | boolean {
    return this.#shown?.model.id === this.#model() ? this.#shown.bos : 'auto';
  }

  #sourceKey(): string {
    return this.#given === undefined ? `${this.trace} ${this.host}` : 'given';
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
    const source = this.#sourceKey();
    this.#loading?.abort();
    const { signal } = (this.#loading = new AbortController());
    try {
      this.#face.dress(themeOf(this.getAttribute('theme')), this);
      const known = source === this.#source ? this.#shown : undefined;
      const trace = known ?? (await this.#load(signal));
      if (signal.aborted) return;
      if (!known) [this.#source, this.#shown, this.#fresh] = [source, trace, false];
      if (trace) this.#draw(trace);
      else this.#showIdle();
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  async #load(signal: AbortSignal): Promise<TraceData | undefined> {
    if (this.#given !== undefined) return decodeTrace(this.#given);
    if (this.trace === '') return inlineTrace(this);
    const address = traceAddress(this.trace, this.#host(), document.baseURI);
    if (!this.#shown) {
      this.#enter('loading');
      this.#face.showFallback(undefined);
    }
    return fetchTrace(address, signal);
  }

  /** @throws {InputError} when an attribute says something that can't be done. */
  #draw(trace: TraceData): void {
    const view = new View(trace, {
      rows: chosenRows(this.getAttribute('layers'), trace.lens.rows),
      candidates: candidates(this.getAttribute('top-k')),
      height: tableHeight(this.getAttribute('height')),
      width: this.#face.width,
      onSelect: (place) => this.#tellSelected(trace, place),
    });
    this.#view?.close();
    this.#view = view;
    this.#enter('ready');
    this.#face.tellTrace(trace, promptOf(trace), this.#address(trace));
    this.#offerLive(promptOf(trace));
    this.#face.show(view.element);
    view.reveal();
  }

  /** Where the lens opens in the page: a stored one as it is, others by their prompt, which stays in the browser. */
  #address(trace: TraceData): URL | undefined {
    const host = this.#host();
    const id = this.#given === undefined && !this.#fresh ? traceId(this.trace) : undefined;
    if (!host || id !== undefined) return host && new URL(`t/${id ?? ''}`, host);
    const fragment = new URLSearchParams({ model: trace.model.id, prompt: promptOf(trace) });
    return new URL(`#${fragment.toString().replaceAll('+', '%20')}`, host);
  }

  /** The way to a live run, where there is a server that has the engine. */
  #offerLive(prompt: string): void {
    if (this.#panel || !this.#host() || this.#model() === '') return;
    this.#panel = new LivePanel(this.#model(), this.prompt === '' ? prompt : this.prompt, {
      // What goes wrong is said in the panel and told to the page.
      run: () => void this.run().catch(() => undefined),
      cancel: () => this.#running?.abort(),
    });
    this.#face.live = this.#panel.element;
  }

  #showIdle(): void {
    this.#view?.close();
    this.#view = undefined;
    this.#enter('idle');
    this.#face.tell(this.prompt, this.model, undefined);
    this.#offerLive(this.prompt);
    this.#face.showFallback(
      this.#panel
        ? `“Run live” downloads ${this.model} into your browser and runs it there.`
        : 'No lens yet: give this element a trace.',
    );
  }

  #fail(error: unknown): void {
    const { kind, message } = toErrorMessage(error);
    this.#view?.close();
    [this.#view, this.#shown, this.#source] = [undefined, undefined, undefined];
    this.#enter('error');
    this.#face.tell('', '', undefined);
    const lasting = error instanceof InputError || kind === 'format';
    this.#face.showError(message, lasting ? undefined : () => void this.#update());
    this.#tell('residscope-error', { kind, message: messageOf(error) });
  }

  #enter(state: WidgetState): void {
    this.#state = state;
    this.#face.state = state;
  }

  #tellSelected(trace: TraceData, { row, pos }: Place): void {
    const { layer = 0, mid = false } = trace.lens.rows[row] ?? {};
    const [top] = candidatesOf(trace, row, pos, 1);
    this.#tell('residscope-select', {
      layer,
      mid,
      pos,
      after: trace.pieces[pos] ?? '',
      id: top?.id,
      token: top && trace.texts.get(top.id),
      probability: top?.p,
    });
  }

  #tell<N extends keyof WidgetEvents>(name: N, detail: WidgetEvents[N]['detail']): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

/** `Ran in your browser in 0.3 s: wasm, 1 thread` */
function ranOn({ device, timings }: TraceData): string {
  const seconds = (timings?.['done'] ?? 0) / 1000;
  const where = [device?.name, device?.detail].filter((text) => text !== undefined && text !== '').join(', ');
  return `Ran in your browser in ${seconds.toFixed(seconds < 10 ? 1 : 0)} s: ${where}`;
}
