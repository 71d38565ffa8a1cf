/** The element's attributes as properties, as frameworks set them: each reflects, and nothing else is kept. */

/** Where there is no document (a server that renders pages), the class is only a name. */
const Base =
  (globalThis as { HTMLElement?: typeof HTMLElement }).HTMLElement ??
  (Object as unknown as typeof HTMLElement);

type Given<T> = T | null | undefined;

export class AttributedElement extends Base {
  /** A trace's id or address. */
  get trace(): string {
    return this.getAttribute('trace') ?? '';
  }
  set trace(value: Given<string>) {
    this.#reflect('trace', value);
  }

  get model(): string {
    return this.getAttribute('model') ?? '';
  }
  set model(value: Given<string>) {
    this.#reflect('model', value);
  }

  get prompt(): string {
    return this.getAttribute('prompt') ?? '';
  }
  set prompt(value: Given<string>) {
    this.#reflect('prompt', value);
  }

  /** Which layers to show, `0-3,7,emb`. */
  get layers(): string {
    return this.getAttribute('layers') ?? '';
  }
  set layers(value: Given<string>) {
    this.#reflect('layers', value);
  }

  /** Candidates in a card; the attribute is `top-k`. */
  get topK(): string {
    return this.getAttribute('top-k') ?? '';
  }
  set topK(value: Given<string | number>) {
    this.#reflect('top-k', value);
  }

  /** The table's largest height: CSS pixels or a CSS length. */
  get height(): string {
    return this.getAttribute('height') ?? '';
  }
  set height(value: Given<string | number>) {
    this.#reflect('height', value);
  }

  get theme(): string {
    return this.getAttribute('theme') ?? '';
  }
  set theme(value: Given<string>) {
    this.#reflect('theme', value);
  }

  /** What a live run computes on: `auto`, `wasm` or `webgpu`. */
  get device(): string {
    return this.getAttribute('device') ?? '';
  }
  set device(value: Given<string>) {
    this.#reflect('device', value);
  }

  /** The server whose traces and engine it uses; by default the one that the script came from. */
  get host(): string {
    return this.getAttribute('host') ?? '';
  }
  set host(value: Given<string>) {
    this.#reflect('host', value);
  }

  /**
   * Takes over what was set before the script came, as a framework does that draws first: an own property hides the
   * accessor. Once the element is in a page.
   */
  protected adopt(...more: readonly string[]): void {
    for (const name of [...Object.getOwnPropertyNames(AttributedElement.prototype), ...more]) {
      if (!Object.hasOwn(this, name)) continue;
      const value: unknown = Reflect.get(this, name);
      Reflect.deleteProperty(this, name);
      Reflect.set(this, name, value);
    }
  }

  #reflect(name: string, value: Given<string | number>): void {
    if (value === null || value === undefined) this.removeAttribute(name);
    else this.setAttribute(name, String(value));
  }
}
