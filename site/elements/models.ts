/** Pick a model: the list, any other by name, files from this device, the access token, what is kept here. */
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import {
  CATALOGUE,
  downloadOf,
  parametersInWords,
  searchCatalogue,
  type CatalogueModel,
} from '../controllers/catalogue.ts';
import { deviceFacts, FIT_WORDS, fitOf, type DeviceFacts } from '../controllers/fit.ts';
import { namedSource } from '../controllers/model-name.ts';
import { bytes } from '../controllers/numbers.ts';
import type { Session } from '../controllers/session.ts';
import type { ViewState } from '../controllers/view-state.ts';
import { modelsStyles } from '../styles/models.ts';
import { shared } from '../styles/shared.ts';
import { openDialog } from './dialog.ts';
import { Panel } from './panel.ts';
import './models-kept.ts';
import './models-own.ts';

/** @param at what the reader came for: the field for the access token. */
export function showModels(session: Session, at?: 'token'): void {
  openDialog(
    'Pick a model',
    (close) => html`<rs-models .session=${session} .at=${at} @rs-picked=${close}></rs-models>`,
  );
}

export class ModelsElement extends Panel {
  static override properties = {
    ...Panel.properties,
    at: { attribute: false },
    query: { state: true },
    facts: { state: true },
  };
  static override styles = [shared, modelsStyles];
  declare at: 'token' | undefined;
  declare query: string;
  declare facts: DeviceFacts | undefined;
  protected readonly shows = ['model', 'info'] as const satisfies (keyof ViewState)[];

  constructor() {
    super();
    this.query = '';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void deviceFacts().then((facts) => (this.facts = facts));
  }

  protected override firstUpdated(changed: PropertyValues<this>): void {
    super.firstUpdated(changed);
    if (this.at === undefined) this.renderRoot.querySelector('input')?.focus();
  }

  protected override render(): TemplateResult {
    const found = searchCatalogue(this.query);
    const named = namedSource(this.query);
    const other = named !== undefined && !CATALOGUE.some(({ id }) => id === named) ? named : undefined;
    return html`
      <label class="search">
        <span class="hidden-text">Search models</span>
        <input
          type="search"
          placeholder="gpt2, qwen, owner/name, https://…"
          autocomplete="off"
          spellcheck="false"
          @input=${(event: InputEvent) => {
            if (event.target instanceof HTMLInputElement) this.query = event.target.value;
          }}
          @keydown=${(event: KeyboardEvent) => {
            const first = other ?? found[0]?.id;
            if (event.key === 'Enter' && this.query !== '' && first !== undefined) this.#pick(first);
          }}
        />
      </label>
      <ul class="models" aria-label="Models">
        ${
          other === undefined
            ? nothing
            : html`<li>
                <button class="model" @click=${() => this.#pick(other)}>
                  <b>${other}</b>
                  <span class="facts"
                    >${other.startsWith('http') ? 'from this address' : 'from the hub'}</span
                  >
                </button>
              </li>`
        }
        ${found.map((model) => this.#row(model))}
      </ul>
      ${
        found.length === 0 && other === undefined
          ? html`<p class="small" role="status">
              None of these. A model on the Hugging Face hub is <code>owner/name</code>; a folder on a server
              is an <code>https://</code> address.
            </p>`
          : nothing
      }
      <p class="small">
        “About” sizes are parameters × bytes a weight. Whether one fits is an estimate: weights are computed
        with in
        f32.${this.facts && this.facts.gpuBuffer === undefined ? ' On wasm a model has 4 GB at most.' : ''}
      </p>
      <rs-own-models .session=${this.session} .at=${this.at}></rs-own-models>
      <rs-kept-models .session=${this.session}></rs-kept-models>
    `;
  }

  #row(model: CatalogueModel): TemplateResult {
    const { id, family, layers, licence, gated, instruct, note } = model;
    const { bytes: size, exact } = downloadOf(model);
    const [owner, name] = id.includes('/') ? id.split('/') : [undefined, id];
    const fit = this.facts && fitOf(model, this.facts);
    const facts = [
      family,
      `${parametersInWords(model.parameters)} parameters`,
      `${layers} layers`,
      exact ? bytes(size) : `about ${roughly(size)}`,
      licence ?? 'licence: see its page',
      ...(note === undefined ? [] : [note]),
    ];
    return html`<li>
      <button
        class="model"
        aria-current=${id === this.state.model ? 'true' : nothing}
        @click=${() => this.#pick(id)}
      >
        <span class="name"
          >${owner === undefined ? nothing : html`<span class="owner">${owner}/</span>`}<b>${name}</b>
          ${gated ? html`<span class="badge">gated</span>` : nothing}
          ${instruct ? html`<span class="badge">chat</span>` : nothing}</span
        >
        <span class="fit ${fit ?? ''}">${fit ? FIT_WORDS[fit] : ''}</span>
        <span class="facts">${facts.join(' · ')}</span>
      </button>
    </li>`;
  }

  #pick(model: string): void {
    this.dispatchEvent(new CustomEvent('rs-picked', { bubbles: true, composed: true }));
    this.session.setEngine(model, this.state.device);
  }
}
customElements.define('rs-models', ModelsElement);

/** Two digits: more would claim to know. */
function roughly(size: number): string {
  return size < 1e9
    ? `${Number((size / 1e6).toPrecision(2))} MB`
    : `${Number((size / 1e9).toPrecision(2))} GB`;
}
