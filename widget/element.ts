/**
 * `<residscope-lens>`: a lens in anyone's page. From a trace it paints with no model and one request; attributes,
 * events, parts and custom properties are in docs/embed.md.
 */
import { InputError, messageOf, toErrorMessage } from '../shared/errors.ts';
import type { TraceData } from '../shared/trace/data.ts';
import { decodeTrace } from '../shared/trace/decode.ts';
import type { Trace } from '../shared/trace/format.ts';
import { AttributedElement } from './attributes.ts';
import type { WidgetEvents } from './events.ts';
import { Face, type WidgetState } from './face.ts';
import { hostOf, pageAddress, scriptHost } from './host.ts';
import { LiveSession } from './live-session.ts';
import { candidates, chosenRows, deviceOf, tableHeight, themeOf } from './options.ts';
import { fetchTrace, inlineTrace, traceAddress, traceId } from './source.ts';
import { sharedSheet } from './sheet.ts';
import type { Place } from './table.ts';
import { candidatesOf } from './trajectory.ts';
import { promptOf, View } from './view.ts';

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
  /** Before a live run. */
  #before: WidgetState = 'idle';
  #due = false;
  readonly #live = new LiveSession({
    host: () => this.#host(),
    ask: () => ({ model: this.#model(), bos: this.#bos(), device: deviceOf(this.device) }),
    place: (panel) => (this.#face.live = panel),
    started: () => {
      if (this.#state !== 'running') this.#before = this.#state;
      this.#enter('running');
    },
    ran: (trace, prompt) => {
      [this.#shown, this.#fresh, this.#source] = [trace, true, this.#sourceKey()];
      this.#draw(trace);
      this.#tell('residscope-run', { model: trace.model.id, prompt, trace: trace.source });
    },
    stopped: (error) => {
      this.#enter(this.#before);
      if (error) this.#tell('residscope-error', { kind: error.kind, message: error.message });
    },
  });

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [sharedSheet()];
    root.append(this.#face.element);
  }

  connectedCallback(): void {
    this.adopt('data');
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
      this.#live.cancel();
    });
  }

  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (before === now) return;
    if (name === 'trace' && now !== null) this.#given = undefined;
    if (name === 'prompt' && this.#live.offered) this.#offerLive(true);
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
  run(prompt?: string): Promise<void> {
    return this.#live.run(prompt);
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
      if (source !== this.#source) this.#live.cancel();
      const known = source === this.#source ? this.#shown : undefined;
      const trace = known ?? (await this.#load(signal));
      if (signal.aborted) return;
      if (!known) [this.#source, this.#shown, this.#fresh] = [source, trace, false];
      if (trace) this.#draw(trace, !known);
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

  /**
   * @param another whether it takes the place of another trace.
   * @throws {InputError} when an attribute says something that can't be done.
   */
  #draw(trace: TraceData, another = false): void {
    const view = new View(trace, {
      rows: chosenRows(this.getAttribute('layers'), trace.lens.rows),
      candidates: candidates(this.getAttribute('top-k')),
      height: tableHeight(this.getAttribute('height')),
      width: this.#face.width,
      onSelect: (place) => this.#tellSelected(trace, place),
    });
    this.#view?.close();
    this.#view = view;
    this.#enter(this.#live.running ? 'running' : 'ready');
    const id = this.#given === undefined && !this.#fresh ? traceId(this.trace) : undefined;
    this.#face.tellTrace(trace, promptOf(trace), pageAddress(this.#host(), id, trace));
    this.#offerLive(another);
    this.#face.show(view.element);
    view.reveal();
  }

  /** @param afresh with the attribute's prompt or the trace's, whatever a reader typed. @returns whether it can be. */
  #offerLive(afresh: boolean): boolean {
    const prompt = this.prompt === '' && this.#shown ? promptOf(this.#shown) : this.prompt;
    return this.#live.offer(this.#model(), prompt, afresh);
  }

  #showIdle(): void {
    this.#view?.close();
    this.#view = undefined;
    this.#enter(this.#live.running ? 'running' : 'idle');
    this.#face.tell(this.prompt, this.model, undefined);
    this.#face.showFallback(
      this.#offerLive(false)
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
