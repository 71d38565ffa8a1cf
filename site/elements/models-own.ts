/** A model that is not in the list: by name and revision, or from this device; and the token for gated ones. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { fileEntries } from '../../engine/blob-source.ts';
import { namedSource } from '../controllers/model-name.ts';
import type { ViewState } from '../controllers/view-state.ts';
import { modelsStyles } from '../styles/models.ts';
import { shared } from '../styles/shared.ts';
import { Panel } from './panel.ts';

export class OwnModelsElement extends Panel {
  static override properties = {
    ...Panel.properties,
    at: { attribute: false },
    complaint: { state: true },
    tokenKept: { state: true },
  };
  static override styles = [shared, modelsStyles];
  declare at: 'token' | undefined;
  declare complaint: string;
  declare tokenKept: boolean;
  protected readonly shows = ['problem', 'model'] as const satisfies (keyof ViewState)[];

  constructor() {
    super();
    this.complaint = '';
    this.tokenKept = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.tokenKept = this.session.hasToken;
  }

  protected override firstUpdated(changed: PropertyValues<this>): void {
    super.firstUpdated(changed);
    if (this.at === 'token') this.#input('token')?.focus();
  }

  protected override render(): TemplateResult {
    return html`
      <h3>Any other model</h3>
      <form @submit=${(event: SubmitEvent) => this.#open(event)}>
        <div class="fields">
          <label class="wide"
            >Hub id or address
            <input
              id="model"
              type="text"
              placeholder="owner/name or https://…"
              autocomplete="off"
              spellcheck="false"
              aria-describedby=${this.complaint ? 'complaint' : nothing}
            />
          </label>
          <label
            >Revision
            <input id="revision" type="text" placeholder="main" autocomplete="off" spellcheck="false" />
          </label>
          <button class="button" type="submit">Open</button>
        </div>
        <p id="complaint" class="small bad" role="alert">${this.complaint}</p>
      </form>
      <h3>From this device</h3>
      <div class="fields">
        ${this.#chooser('folder', 'Choose a folder…')} ${this.#chooser('file', 'Choose a .gguf file…')}
      </div>
      <p class="small">
        A folder with config.json, tokenizer.json and .safetensors files, or one .gguf file. You can also drop
        it anywhere on this page. Nothing is uploaded.
      </p>
      <h3>Access token</h3>
      <form @submit=${(event: SubmitEvent) => this.#useToken(event)}>
        <div class="fields">
          <label class="wide"
            >For gated and private models
            <input
              id="token"
              type="password"
              placeholder=${this.tokenKept ? 'a token is in use' : 'hf_…'}
              autocomplete="off"
              spellcheck="false"
            />
          </label>
          <button class="button" type="submit">Use it</button>
          ${
            this.tokenKept
              ? html`<button class="button" type="button" @click=${() => this.#forgetToken()}>
                  Forget it
                </button>`
              : nothing
          }
        </div>
      </form>
      <p class="small">Kept in this page’s memory until you close or reload it, and sent to the hub only.</p>
    `;
  }

  #chooser(kind: 'folder' | 'file', words: string): TemplateResult {
    return html`<button class="button" @click=${() => this.#input(kind)?.click()}>${words}</button>
      <input
        id=${kind}
        type="file"
        hidden
        tabindex="-1"
        aria-label=${words}
        accept=${kind === 'file' ? '.gguf' : nothing}
        ?webkitdirectory=${kind === 'folder'}
        @change=${(event: Event) => this.#choose(event)}
      />`;
  }

  #input(id: string): HTMLInputElement | null {
    return this.renderRoot.querySelector<HTMLInputElement>(`input#${id}`);
  }

  #open(event: SubmitEvent): void {
    event.preventDefault();
    const source = namedSource(this.#input('model')?.value ?? '', this.#input('revision')?.value);
    if (source === undefined) {
      this.complaint = 'Give a model as owner/name, or the https:// address of a folder with its files.';
      this.#input('model')?.focus();
      return;
    }
    this.#picked();
    this.session.setEngine(source, this.state.device);
  }

  #choose(event: Event): void {
    if (!(event.target instanceof HTMLInputElement) || !event.target.files?.length) return;
    const entries = fileEntries(event.target.files);
    this.#picked();
    this.session.openFiles(entries);
  }

  /** A load that failed for want of a token is tried again with it. */
  #useToken(event: SubmitEvent): void {
    event.preventDefault();
    const field = this.#input('token');
    if (!field || field.value.trim() === '') return;
    this.session.setToken(field.value.trim());
    field.value = '';
    this.tokenKept = true;
    if (this.state.problem) {
      this.#picked();
      this.session.run();
    }
  }

  #forgetToken(): void {
    this.session.setToken(undefined);
    this.tokenKept = false;
  }

  #picked(): void {
    this.dispatchEvent(new CustomEvent('rs-picked', { bubbles: true, composed: true }));
  }
}
customElements.define('rs-own-models', OwnModelsElement);
