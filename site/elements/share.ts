/**
 * The Share dialog: says what will be public, stores the trace, and gives link, embed codes, picture, words and a way
 * back. Where the page's host stores nothing, the link and the code hold the trace themselves.
 */
import { html, nothing, type TemplateResult } from 'lit';
import { messageOf } from '../../shared/errors.ts';
import { LIMITS } from '../../shared/limits.ts';
import { readableText } from '../../shared/picture/visible.ts';
import type { TraceData } from '../../shared/trace/data.ts';
import { codeOfStored } from '../controllers/embed-code.ts';
import { bytes } from '../controllers/numbers.ts';
import { deleteTrace, hasApi, sharedTraces, storeTrace, type SharedTrace } from '../controllers/share.ts';
import type { Session } from '../controllers/session.ts';
import { isFinished, traceOfRun } from '../controllers/trace-of-run.ts';
import type { ViewState } from '../controllers/view-state.ts';
import { shared } from '../styles/shared.ts';
import { takeAlongStyles } from '../styles/take-along.ts';
import { openDialog } from './dialog.ts';
import { openTakeAlong } from './open.ts';
import { Panel } from './panel.ts';
import { copyField } from './copy-field.ts';
import './share-within.ts';
import { promptOf, wordsForTrace } from './share-words.ts';

export function showShare(session: Session): void {
  openDialog('Share', () => html`<rs-share .session=${session}></rs-share>`);
}

export class ShareElement extends Panel {
  static override properties = {
    ...Panel.properties,
    said: { state: true },
    api: { state: true },
    busy: { state: true },
    stored: { state: true },
    earlier: { state: true },
  };
  static override styles = [shared, takeAlongStyles];
  declare said: string;
  /** Undefined while it is not known. */
  declare api: boolean | undefined;
  declare busy: boolean;
  declare stored: SharedTrace | undefined;
  declare earlier: readonly SharedTrace[];
  protected readonly shows = ['run'] as const satisfies (keyof ViewState)[];

  constructor() {
    super();
    this.said = '';
    this.busy = false;
    this.earlier = sharedTraces();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void hasApi().then((api) => (this.api = api));
  }

  protected override render(): TemplateResult {
    const { run } = this.state;
    const trace = isFinished(run) ? traceOfRun(run, undefined) : undefined;
    return html`
      ${
        trace === undefined
          ? html`<p>There is nothing to share until a run has come to its end.</p>`
          : this.api === false
            ? html`<rs-share-within .session=${this.session} .trace=${trace}></rs-share-within>`
            : this.stored
              ? this.#done(this.stored, trace)
              : this.#ask(trace)
      }
      ${this.#earlierOnes()}
      <p class="said small" role="status">${this.said}</p>
    `;
  }

  #ask(trace: TraceData): TemplateResult {
    const size = JSON.stringify(trace.source).length;
    const tooLarge = size > LIMITS.traceBytes;
    return html`<section>
      <p>The table is stored on this page’s server, and whoever has the link sees:</p>
      <ul class="facts small">
        <li>the prompt: “${readableText(promptOf(trace))}”</li>
        <li>the model’s name, <b>${readableText(trace.model.id)}</b></li>
        <li>the table with its candidates and numbers (${bytes(size)})</li>
      </ul>
      <p class="small">
        Not your device, your times, your pins or other prompts. It is kept for 90 days unless the server’s
        operator chose otherwise; the date is told at once. This browser keeps a token with which you can
        delete it before.
      </p>
      ${tooLarge ? html`<p>It is larger than the ${bytes(LIMITS.traceBytes)} that a server stores: save it as a file instead.</p>` : nothing}
      <p class="line">
        <button
          class="button primary"
          ?disabled=${this.busy || tooLarge || this.api === undefined}
          @click=${() => void this.#store(trace)}
        >
          ${this.busy ? 'Storing…' : 'Store it and get a link'}
        </button>
        <button class="button" @click=${() => openTakeAlong(this.session)}>
          A file or a link that stores nothing
        </button>
      </p>
    </section>`;
  }

  #done({ id, url, expiresAt, deleteToken }: SharedTrace, trace: TraceData): TemplateResult {
    const words = wordsForTrace(trace);
    const field = (name: string, value: string): TemplateResult =>
      copyField(name, value, (said) => (this.said = said));
    return html`<section>
      ${field('Link', url)}
      <p class="small">
        ${expiresAt === undefined ? 'Kept until it is deleted.' : `Kept until ${expiresAt.slice(0, 10)}.`}
        ${deleteToken === undefined ? 'The same table was stored before, so its token is with whoever did that.' : ''}
      </p>
      <img src="/v1/traces/${id}/card.svg" alt=${words} />
      ${field('Words for who cannot see the picture', words)}
      ${codeOfStored(id, url, words).map(({ name, code }) => field(name, code))}
      ${deleteToken === undefined ? nothing : field('Token to delete it, told this once', deleteToken)}
    </section>`;
  }

  #earlierOnes(): TemplateResult | typeof nothing {
    if (this.earlier.length === 0) return nothing;
    return html`<section>
      <h3>Shared from this browser</h3>
      <ul>
        ${this.earlier.map(
          (one) =>
            html`<li>
              <span
                ><a href=${addressIn(one.url)}>${readableText(one.label)}</a>
                <small
                  >${one.expiresAt === undefined ? '' : `until ${one.expiresAt.slice(0, 10)}`}</small
                ></span
              >
              ${
                one.deleteToken === undefined
                  ? nothing
                  : html`<button
                      class="button"
                      aria-label=${`Delete “${one.label}”`}
                      @click=${() => void this.#delete(one)}
                    >
                      Delete
                    </button>`
              }
            </li>`,
        )}
      </ul>
    </section>`;
  }

  async #store(trace: TraceData): Promise<void> {
    this.busy = true;
    try {
      this.stored = await storeTrace(trace.source, promptOf(trace));
      this.earlier = sharedTraces();
      this.said = 'Stored.';
    } catch (error) {
      this.said = messageOf(error);
    }
    this.busy = false;
  }

  async #delete(one: SharedTrace): Promise<void> {
    try {
      await deleteTrace(one);
      this.earlier = sharedTraces();
      if (this.stored?.id === one.id) this.stored = undefined;
      this.said = 'Deleted. Copies that others made of it stay theirs.';
    } catch (error) {
      this.said = messageOf(error);
    }
  }
}
customElements.define('rs-share', ShareElement);

/** Only a page: what this browser kept may have been changed. */
function addressIn(url: string): string {
  return /^https?:\/\//.test(url) ? url : '/';
}
