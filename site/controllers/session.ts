/** All that a reader can do, in one object that the elements are given. */
import type { DeviceChoice } from '../../engine/api.ts';
import type { Engine } from '../engine/client.ts';
import { Address } from './address.ts';
import { EXAMPLES } from './examples.ts';
import { earlierPrompts, forgetPrompts } from './keepsakes.ts';
import type { WayOut } from './problems.ts';
import { Prompt } from './prompt.ts';
import { Runs } from './runs.ts';
import { Selection } from './selection.ts';
import { Store } from './store.ts';
import { Appearance } from './appearance.ts';
import { DEFAULT_MODEL, INITIAL, type ColourBy, type RowOrder } from './view-state.ts';

export class Session {
  readonly store = new Store({ ...INITIAL, history: earlierPrompts() });
  readonly selection: Selection;
  readonly appearance: Appearance;
  readonly #runs: Runs;
  readonly #prompt: Prompt;
  readonly #address: Address;

  constructor(engine: Engine) {
    this.#runs = new Runs(engine, this.store);
    this.#prompt = new Prompt(engine, this.store);
    this.selection = new Selection(engine, this.store);
    this.appearance = new Appearance(this.store);
    this.#address = new Address(this.store, () => void this.#runs.run());
  }

  /**
   * Shows what the address asks for; with no prompt in it, the first example. A reader who saves data gets the
   * empty page instead, and an address with an empty prompt gets it too.
   */
  open(saveData: boolean): void {
    const { prompt, ids } = this.#address.open();
    if (ids || prompt) void this.#runs.run();
    else if (prompt === undefined && !saveData) this.pickExample(EXAMPLES[0].prompt);
    else this.store.set({ phase: 'done' });
  }

  run(): void {
    const { text, askedIds, model, device, bos, request } = this.store.state;
    const again =
      request?.prompt === (askedIds ? undefined : text) &&
      request?.model === model &&
      request.device === device &&
      request.bos === bos;
    // Another prompt's selection would be a random cell of this one.
    if (!again) this.store.set({ selected: undefined });
    void this.#runs.run();
  }

  cancel(): void {
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

  setBos(bos: 'auto' | boolean): void {
    this.store.set({ bos });
  }

  /** Another model or device: takes effect at once when there is a prompt to run. */
  setEngine(model: string, device: DeviceChoice): void {
    this.store.set({ model: model.trim() || DEFAULT_MODEL, device });
    this.run();
  }

  setColour(colour: ColourBy): void {
    this.store.set({ colour });
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
        this.pickExample(EXAMPLES[0].prompt);
        break;
      case 'shorten':
        await this.#runs.model();
        await this.#prompt.shorten();
        this.run();
    }
  }
}
