/** All that a reader can do, in one object that the elements are given. */
import type { Compute, DeviceChoice } from '../../engine/api.ts';
import type { FileEntry } from '../../engine/blob-source.ts';
import type { Engine } from '../engine/client.ts';
import type { LensSummary, TokenMatches } from '../engine/protocol.ts';
import { Address } from './address.ts';
import { EXAMPLES, type Example } from '../words/examples.ts';
import { Exports } from './exports.ts';
import { earlierPrompts, forgetPrompts } from './keepsakes.ts';
import { problemOf, type WayOut } from '../words/problems.ts';
import { Prompt } from './prompt.ts';
import { Runs } from './runs.ts';
import type { Grower } from './growth.ts';
import { Selection } from './selection.ts';
import { Store } from './store.ts';
import type { TraceSource } from './trace-source.ts';
import { Traces } from './traces.ts';
import { Appearance } from './appearance.ts';
import { DEFAULT_VIEW, type ViewId } from './views.ts';
import { TargetReader } from './target.ts';
import {
  DEFAULT_MODEL,
  INITIAL,
  LOCAL,
  type ColourBy,
  type Options,
  type RowOrder,
  type Target,
  type ViewState,
} from './view-state.ts';

/** What an example sets back, so that its point is all there is to see. */
const PLAIN = {
  view: DEFAULT_VIEW,
  bos: 'auto',
  mid: false,
  lens: undefined,
  head: undefined,
  options: {},
  hovered: undefined,
  pins: [],
  groups: new Map(),
  colour: 'probability',
  target: 'top',
} as const satisfies Partial<ViewState>;

export class Session {
  readonly store = new Store({ ...INITIAL, history: earlierPrompts() });
  readonly selection: Selection;
  readonly appearance: Appearance;
  readonly engine: Engine;
  readonly exports = new Exports();
  readonly target: TargetReader;
  readonly #runs: Runs;
  readonly #traces: Traces;
  readonly #prompt: Prompt;
  readonly #address: Address;
  #grower: Promise<Grower> | undefined;

  constructor(engine: Engine) {
    this.engine = engine;
    this.#runs = new Runs(engine, this.store);
    this.#traces = new Traces(this.store);
    this.#prompt = new Prompt(engine, this.store);
    this.selection = new Selection(engine, this.store);
    this.appearance = new Appearance(this.store);
    this.target = new TargetReader(engine, this.store);
    this.#address = new Address(this.store, {
      run: () => this.#run(),
      openTrace: (name) => void this.openTrace({ name }),
    });
  }

  /**
   * Shows what the address asks for; with no prompt in it, the first example. A reader who saves data gets the
   * empty page instead, and an address with an empty prompt gets it too.
   */
  open(saveData: boolean): void {
    const { prompt, ids, trace } = this.#address.open();
    if (trace !== undefined) void this.openTrace({ name: trace });
    else if (ids || prompt) this.#run();
    else if (prompt === undefined && !saveData) this.showExample(EXAMPLES[0]);
    else this.store.set({ phase: 'done' });
  }

  run(): void {
    const { text, askedIds, model, device, bos, chat, request } = this.store.state;
    const again =
      request?.prompt === (askedIds ? undefined : text) &&
      request?.model === model &&
      request.device === device &&
      request.bos === bos &&
      request.chat === chat;
    // Another prompt's selection would be a random cell of this one.
    if (!again) this.store.set({ selected: undefined });
    this.#run();
  }

  #run(): void {
    this.#traces.leave();
    void this.#runs.run();
  }

  /** Shows a trace, for which no model is loaded. */
  openTrace(source: TraceSource): Promise<void> {
    this.#runs.leave();
    return this.#traces.open(source);
  }

  cancel(): void {
    this.#traces.cancel();
    this.#runs.cancel();
  }

  type(text: string): void {
    this.#prompt.type(text);
  }

  /** Sets a prompt and runs it. */
  pickExample(prompt: string): void {
    this.#prompt.type(prompt);
    this.run();
  }

  /** An example with the cell, colours and view that show its point: those of the embedded model, on the raw lens. */
  showExample({ prompt, show }: Example): void {
    const { model } = this.store.state;
    if (model !== DEFAULT_MODEL) {
      this.pickExample(prompt);
      return;
    }
    this.#prompt.type(prompt);
    this.store.set({ ...PLAIN, ...show });
    this.#run();
  }

  setBos(bos: 'auto' | boolean): void {
    this.store.set({ bos });
  }

  setChat(chat: boolean): void {
    this.store.set({ chat });
  }

  /** Another model or device: takes effect at once, on the first example when there is no prompt. */
  setEngine(model: string, device: DeviceChoice, compute: Compute = 'f32'): void {
    this.store.set({ compute });
    const named = model.trim() || DEFAULT_MODEL;
    // A file stays open for as long as its own name is asked for.
    this.#open(named, device, named === this.store.state.model ? this.store.state.files : undefined);
  }

  /** A model in files that the reader dropped or picked. */
  openFiles(entries: readonly FileEntry[]): void {
    const [first] = entries;
    if (!first) return;
    const name = first.path.split('/')[0] ?? first.path;
    this.#open(`${LOCAL}${name}`, this.store.state.device, entries);
  }

  /** Says on the page what went wrong outside of a run. */
  complain(error: unknown): void {
    this.store.set({ phase: 'error', problem: problemOf(error, this.store.state) });
  }

  /** For gated models on the hub; it stays in memory. */
  setToken(token: string | undefined): void {
    this.#runs.token = token;
  }

  /** For a second model, which opens in a thread of its own. */
  get token(): string | undefined {
    return this.#runs.token;
  }

  get hasToken(): boolean {
    return this.#runs.token !== undefined;
  }

  #open(model: string, device: DeviceChoice, files: readonly FileEntry[] | undefined): void {
    const { state } = this.store;
    // Ids mean other tokens in another model's vocabulary.
    const patch =
      model === state.model
        ? {}
        : {
            pins: [],
            groups: new Map(),
            target: 'top' as const,
            selected: undefined,
            head: undefined,
            // Of another model they name other heads; the text beside is only a text.
            options: { ...(state.options.compare && { compare: state.options.compare }) },
            headLabels: [],
            chat: false,
            lensAsked: undefined,
          };
    this.store.set({ ...patch, model, device, files });
    if (model !== state.model && state.askedIds) this.#prompt.type(textOf(state));
    if (this.store.state.text === '' && !this.store.state.askedIds) this.showExample(EXAMPLES[0]);
    else this.run();
  }

  setView(view: ViewId): void {
    this.store.set({ view });
  }

  /** What a view is set to; undefined: as it is by default. */
  setOption(name: keyof Options, value: string | undefined): void {
    const { options } = this.store.state;
    if (options[name] !== value) this.store.set({ options: { ...options, [name]: value } });
  }

  setColour(colour: ColourBy): void {
    this.store.set({ colour });
  }

  /** Tokens of the loaded model's vocabulary. */
  searchTokens(query: string, limit: number): Promise<TokenMatches> {
    return this.engine.search({ query, limit });
  }

  setTarget(target: Target): void {
    this.store.set({ target });
  }

  /** Shows or leaves out the rows after attention: the prompt runs again for them. */
  setMid(mid: boolean): void {
    const { selected, run } = this.store.state;
    this.store.set({ mid, ...(selected?.mid && { selected: undefined }) });
    if (run && !run.trace) this.#run();
  }

  /** Reads the prompt again, with a lens that is open in the engine's thread. */
  setLens(lens: LensSummary | undefined): void {
    this.store.set({ lens, lensAsked: lens?.kind });
    this.run();
  }

  /** Makes the run go on by tokens, or back: its code comes with the first. */
  async grow(act: (grower: Grower) => Promise<void> | void): Promise<void> {
    this.#grower ??= import('./growth.ts').then(({ Grower }) => new Grower(this.engine, this.store));
    try {
      await act(await this.#grower);
    } catch (error) {
      this.#grower = undefined;
      this.complain(error);
    }
  }

  setOrder(order: RowOrder): void {
    this.store.set({ order });
  }

  forgetHistory(): void {
    forgetPrompts();
    this.store.set({ history: [] });
  }

  async takeWayOut(way: WayOut): Promise<void> {
    const { model, device } = this.store.state;
    switch (way) {
      case 'trace':
        break;
      case 'reopen':
        if (this.store.state.trace !== undefined) await this.openTrace({ name: this.store.state.trace });
        break;
      case 'pick':
      case 'token':
        break; // a dialog, which the page opens
      case 'retry':
        this.run();
        break;
      case 'wasm':
        this.setEngine(model, 'wasm');
        break;
      case 'model':
        this.setEngine(DEFAULT_MODEL, device);
        break;
      case 'example':
        this.showExample(EXAMPLES[0]);
        break;
      case 'shorten':
        await this.#runs.model();
        await this.#prompt.shorten();
        this.run();
    }
  }
}

/** What ids from the address say, without the begin-of-text token. */
function textOf({ run }: ViewState): string {
  return run ? run.pieces.filter((_, i) => i > 0 || run.ids[0] !== run.model.bosId).join('') : '';
}
