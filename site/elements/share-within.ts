/** Sharing where the page's host only hands out files: a link and an embed code that hold the whole trace. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import type { TraceData } from '../../shared/trace/data.ts';
import { codeWithTrace } from '../controllers/embed-code.ts';
import { PACKED_CHARACTERS, packTrace } from '../controllers/packed-trace.ts';
import type { Session } from '../controllers/session.ts';
import { publicJson } from '../controllers/share.ts';
import { siteAddress } from '../place.ts';
import { shared } from '../styles/shared.ts';
import { takeAlongStyles } from '../styles/take-along.ts';
import { copyField } from './copy-field.ts';
import { openTakeAlong } from './open.ts';
import { wordsForTrace } from './share-words.ts';

export class ShareWithinElement extends LitElement {
  static override properties = {
    trace: { attribute: false },
    session: { attribute: false },
    packed: { state: true },
    said: { state: true },
  };
  static override styles = [shared, takeAlongStyles];
  declare trace: TraceData;
  declare session: Session;
  /** Undefined while it is being packed. */
  declare packed: string | undefined;
  declare said: string;
  #of: TraceData | undefined;

  constructor() {
    super();
    this.said = '';
  }

  override willUpdate(): void {
    if (this.#of?.source === this.trace.source) return;
    this.#of = this.trace;
    this.packed = undefined;
    const { source } = this.trace;
    void packTrace(publicJson(source)).then((packed) => {
      if (this.#of?.source === source) this.packed = packed;
    });
  }

  protected override render(): TemplateResult {
    const { packed, trace } = this;
    const words = wordsForTrace(trace);
    const field = (name: string, value: string): TemplateResult =>
      copyField(name, value, (said) => (this.said = said));
    const { name, code } = codeWithTrace(publicJson(trace.source), siteAddress(), words);
    const most = PACKED_CHARACTERS.toLocaleString('en');
    const fits = packed !== undefined && packed.length <= PACKED_CHARACTERS;
    return html`<section>
      <p class="small">
        This page’s server stores nothing. The link and the code below hold the whole table themselves: the
        prompt, the model’s name, candidates and numbers; not your device or times.
      </p>
      ${packed === undefined ? html`<p class="small">Packing…</p>` : nothing}
      ${
        fits
          ? html`${field('Link', `${siteAddress().href}#trace=${packed}`)}
              <p class="small">
                ${packed.length.toLocaleString('en')} of at most ${most} characters. Some programs cut long
                links: if one does, send the file.
              </p>`
          : nothing
      }
      ${
        packed !== undefined && !fits
          ? html`<p>
              The table is too large for a link: packed it has ${packed.length.toLocaleString('en')}
              characters, and a link takes ${most} at most. Save it as a file; whoever gets it opens it here
              with Open.
            </p>`
          : nothing
      }
      ${field('Words for who cannot see the picture', words)} ${field(name, code)}
      <p class="small">
        The code loads <code>embed.js</code> from here: it works where this page’s host lets other sites read
        its files (CORS), as most static hosts do.
      </p>
      <p class="line">
        <button
          class="button ${packed === undefined || fits ? '' : 'primary'}"
          @click=${() => openTakeAlong(this.session)}
        >
          File, picture, or a link that runs the prompt again
        </button>
      </p>
      <p class="said small" role="status">${this.said}</p>
    </section>`;
  }
}
customElements.define('rs-share-within', ShareWithinElement);
