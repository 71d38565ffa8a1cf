/** Models on this device: what is kept, how much it takes, since when it was not used; delete, and ask to keep. */
import { html, nothing, type TemplateResult } from 'lit';
import {
  askPersistence,
  deleteKept,
  keptStorage,
  listKept,
  type KeptModel,
} from '../../engine/kept-storage.ts';
import { ago, bytes } from '../controllers/numbers.ts';
import type { ViewState } from '../controllers/view-state.ts';
import { modelsStyles } from '../styles/models.ts';
import { shared } from '../styles/shared.ts';
import { Panel } from './panel.ts';

/** What this browser says of keeping. */
interface Room {
  /** The browser promises not to delete what is kept by itself. */
  readonly persisted: boolean;
  /** Bytes that this site may take in all; undefined where it is not told. */
  readonly quota: number | undefined;
}

async function room(): Promise<Room> {
  const { storage } = navigator as { readonly storage?: StorageManager };
  const [persisted, estimate] = await Promise.all([
    storage?.persisted().catch(() => false),
    storage?.estimate().catch(() => undefined),
  ]);
  return { persisted: persisted ?? false, quota: estimate?.quota };
}

export class KeptModelsElement extends Panel {
  static override properties = {
    ...Panel.properties,
    kept: { state: true },
    room: { state: true },
    refused: { state: true },
  };
  static override styles = [shared, modelsStyles];
  declare kept: readonly KeptModel[] | undefined;
  declare room: Room | undefined;
  declare refused: boolean;
  protected readonly shows = ['note', 'phase'] as const satisfies (keyof ViewState)[];

  constructor() {
    super();
    this.refused = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#look();
  }

  async #look(): Promise<void> {
    this.kept = await listKept().catch(() => []);
    this.room = await room();
  }

  protected override render(): TemplateResult {
    return html`<h3 id="kept">Models on this device</h3>
      ${this.state.note === undefined ? nothing : html`<p class="small bad">${this.state.note}</p>`}
      ${this.kept === undefined ? html`<p class="small">Looking…</p>` : this.#list(this.kept)}`;
  }

  #list(kept: readonly KeptModel[]): TemplateResult {
    if (keptStorage() === undefined) {
      return html`<p class="small">
        This browser keeps nothing here (the page has to come over https): a model is downloaded at each
        visit.
      </p>`;
    }
    if (kept.length === 0) {
      return html`<p class="small">
        None yet. A model that you open is kept, so that the next visit needs no network.
      </p>`;
    }
    const total = kept.reduce((sum, model) => sum + model.bytes, 0);
    return html`
      <ul class="kept" aria-labelledby="kept">
        ${kept.map(
          (model) =>
            html`<li>
              <span class="name">${model.id}</span>
              <span class="small">
                ${bytes(model.bytes)} · used
                ${ago(Date.now() - model.lastUsed)}${
                  model.revision === '' ? '' : ` · ${model.revision.slice(0, 7)}`
                }
              </span>
              <button
                class="button"
                aria-label=${`Delete ${model.id} from this device`}
                @click=${() => void this.#delete(model)}
              >
                Delete
              </button>
            </li>`,
        )}
      </ul>
      <p class="small total">
        ${bytes(total)} in
        all${this.room?.quota === undefined ? '' : `, of ${bytes(this.room.quota)} that this browser allows`}.
      </p>
      ${this.#persistence()}
    `;
  }

  #persistence(): TemplateResult {
    if (this.room?.persisted) {
      return html`<p class="small" role="status">This browser has promised not to delete them by itself.</p>`;
    }
    return html`<div class="fields">
        <button class="button" @click=${() => void this.#persist()}>Ask the browser to keep them</button>
      </div>
      <p class="small" role="status">
        ${
          this.refused
            ? 'The browser did not promise it: it may delete them when the disk gets full. Most ask for a bookmark or a few more visits first.'
            : 'Without that, it may delete them when the disk gets full; they are fetched again then.'
        }
      </p>`;
  }

  async #delete({ id, revision }: KeptModel): Promise<void> {
    await deleteKept(id, revision);
    await this.#look();
    // The button that had the focus is gone.
    this.renderRoot.querySelector<HTMLElement>('button')?.focus();
  }

  async #persist(): Promise<void> {
    this.refused = !(await askPersistence());
    this.room = await room();
  }
}
customElements.define('rs-kept-models', KeptModelsElement);
