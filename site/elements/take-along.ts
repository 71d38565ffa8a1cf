/** The Export dialog: a link, pictures and tables of the view, the whole run as a file, and how to cite it. */
import { html, nothing, type TemplateResult } from 'lit';
import { lensHtml } from '../../shared/picture/lens-html.ts';
import { InputError, messageOf } from '../../shared/errors.ts';
import type { TraceData } from '../../shared/trace/data.ts';
import { TRACE_MEDIA_TYPE } from '../../shared/trace/format.ts';
import { toLogitlens } from '../../shared/trace/logitlenskit.ts';
import { addressOf } from '../controllers/address.ts';
import { citationOf } from '../controllers/citation.ts';
import type { Exportable } from '../controllers/exports.ts';
import { download, pngOf, stemOf } from '../controllers/files.ts';
import { lensExports } from '../controllers/lens-exports.ts';
import type { Session } from '../controllers/session.ts';
import { isFinished, ofWholeRows, traceOfRun } from '../controllers/trace-of-run.ts';
import { LOCAL, type ViewState } from '../controllers/view-state.ts';
import { DEFAULT_VIEW, viewOf } from '../controllers/views.ts';
import type { ModelIdentity } from '../engine/protocol.ts';
import { shared } from '../styles/shared.ts';
import { takeAlongStyles } from '../styles/take-along.ts';
import { PRINT } from '../words/print.ts';
import { openDialog } from './dialog.ts';
import { Panel } from './panel.ts';
import { printPage } from './print-sheet.ts';

export function showTakeAlong(session: Session): void {
  openDialog('Take it along', () => html`<rs-take-along .session=${session}></rs-take-along>`);
}

export class TakeAlongElement extends Panel {
  static override properties = {
    ...Panel.properties,
    said: { state: true },
    hashing: { state: true },
    identity: { state: true },
  };
  static override styles = [shared, takeAlongStyles];
  /** What the last click came to. */
  declare said: string;
  declare hashing: AbortController | undefined;
  declare identity: ModelIdentity | undefined;
  protected readonly shows = [
    'run',
    'view',
    'selected',
    'pins',
    'paths',
  ] as const satisfies (keyof ViewState)[];

  constructor() {
    super();
    this.said = '';
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.hashing?.abort();
  }

  protected override render(): TemplateResult {
    const { run } = this.state;
    if (!isFinished(run)) {
      return html`<p>There is nothing to take along until a run has come to its end.</p>`;
    }
    const trace = traceOfRun(run, this.identity);
    return html`
      ${this.#link()} ${this.#offers(trace)} ${this.#whole(trace)} ${this.#cite(trace)}
      <p class="said small" role="status">${this.said}</p>
    `;
  }

  get #address(): string {
    return new URL(addressOf(this.state), location.href).href;
  }

  #link(): TemplateResult {
    const fromDisk = this.state.trace?.startsWith(LOCAL) || this.state.request?.model.startsWith(LOCAL);
    return html`<section>
      <h3><label for="link">Link</label></h3>
      <div class="line">
        <input id="link" class="wide" readonly .value=${this.#address} @focus=${selectAll} />
        <button class="button" @click=${() => this.#copy(this.#address, 'link')}>Copy the link</button>
      </div>
      <p class="small">
        ${
          fromDisk
            ? 'What is shown was opened from this device’s disk, so this link works on this page only.'
            : 'It restores the prompt, the view, the selected cell and the pins. What stands after “#” reaches no server.'
        }
      </p>
    </section>`;
  }

  #offers(trace: TraceData): TemplateResult {
    const { view } = this.state;
    const lens = lensExports(this.state, trace);
    const others = view === DEFAULT_VIEW ? [] : this.session.exports.of(view);
    const own = [...this.session.exports.of(DEFAULT_VIEW)];
    return html`<section>
      <h3>Pictures and tables</h3>
      <ul>
        ${others.map((item) => this.#offer(item, trace, viewOf(view).label))}
        ${[...lens, ...own].map((item) => this.#offer(item, trace))}
      </ul>
    </section>`;
  }

  #offer(item: Exportable, trace: TraceData, of?: string): TemplateResult {
    const { svg, csv, json } = item;
    const { scheme } = this.state;
    const file = `${stem(trace)}-${item.file}`;
    const way = (format: string, make: () => Promise<Blob>): TemplateResult =>
      html`<button
        class="button"
        aria-label=${`${item.name} as ${format}`}
        @click=${() => void this.#save(make, `${file}.${format.toLowerCase()}`)}
      >
        ${format}
      </button>`;
    return html`<li>
      <span>${item.name}${of === undefined ? nothing : html` <small>${of}</small>`}</span>
      <span class="ways">
        ${svg ? way('SVG', async () => text(await svg(), 'image/svg+xml')) : nothing}
        ${svg ? way('PNG', async () => pngOf(await svg(scheme))) : nothing}
        ${csv ? way('CSV', async () => text(await csv(), 'text/csv')) : nothing}
        ${json ? way('JSON', async () => text(`${JSON.stringify(await json())}\n`, 'application/json')) : nothing}
      </span>
    </li>`;
  }

  #whole(trace: TraceData): TemplateResult {
    const file = stem(trace);
    const live = this.state.run?.trace === undefined && this.session.engine.alive;
    const save = (make: () => Promise<Blob>, ending: string) => (): void =>
      void this.#save(make, `${file}.${ending}`);
    return html`<section>
      <h3>The whole run</h3>
      <ul>
        <li>
          <span>Trace <small>opens here again, without the model</small></span>
          <button
            class="button"
            aria-label="Save the trace"
            @click=${save(() => Promise.resolve(text(JSON.stringify(trace.source), TRACE_MEDIA_TYPE)), 'trace.json')}
          >
            Save
          </button>
        </li>
        <li>
          <span>Web page <small>one file, no script, works offline</small></span>
          <button
            class="button"
            aria-label="Save as a web page"
            @click=${save(() => Promise.resolve(text(lensHtml(trace), 'text/html')), 'html')}
          >
            Save
          </button>
        </li>
        <li>
          <span>${PRINT.paper} <small>${PRINT.whole}</small></span>
          <button class="button" @click=${() => void printPage(this.session)}>${PRINT.print}</button>
        </li>
        <li>
          <span
            >logitlenskit
            <small>JSON, version 2${live ? '' : '; needs the model: press “Run live” first'}</small></span
          >
          <button
            class="button"
            aria-label="Save as logitlenskit JSON"
            ?disabled=${!live}
            @click=${save(() => this.#logitlens(trace), 'logitlens.json')}
          >
            Save
          </button>
        </li>
      </ul>
    </section>`;
  }

  /** Every candidate of a position, followed through all rows by the engine. */
  async #logitlens(trace: TraceData): Promise<Blob> {
    const { rows } = trace.lens;
    // The engine follows a token through the layers' own rows, and the format knows no others.
    const whole = rows.flatMap((row, r) => (row.mid ? [] : [r]));
    const json = await toLogitlens(trace, async (pos, ids) => {
      this.said = `Reading position ${pos + 1} of ${trace.ids.length}…`;
      const paths = await this.session.engine.trajectories(pos, ids);
      const table = new Float32Array(rows.length * ids.length);
      paths.forEach((path, i) => {
        const logprobs = ofWholeRows(path.logprobs, whole.length);
        if (logprobs.length !== whole.length)
          throw new InputError('The run has changed meanwhile: try again.');
        logprobs.forEach((logprob, at) => (table[(whole[at] ?? 0) * ids.length + i] = logprob));
      });
      return table;
    });
    return text(`${JSON.stringify(json)}\n`, 'application/json');
  }

  #cite(trace: TraceData): TemplateResult {
    const { plain, bibtex } = citationOf(trace, this.#address, new Date());
    const hashed = trace.model.weightHash !== undefined;
    return html`<section>
      <h3>Cite it</h3>
      ${(
        [
          ['Plain text', plain],
          ['BibTeX', bibtex],
        ] as const
      ).map(
        ([name, words]) =>
          html`<div class="cite">
            <pre tabindex="0" role="group" aria-label=${name}>${words}</pre>
            <button class="button" @click=${() => this.#copy(words, name)}>Copy ${name}</button>
          </div>`,
      )}
      ${
        hashed
          ? nothing
          : this.hashing
            ? html`<div class="line">
                <progress aria-label="Hashing the weights"></progress>
                <button class="button" @click=${() => this.hashing?.abort()}>Cancel</button>
              </div>`
            : this.session.engine.alive && !this.state.run?.trace
              ? html`<button class="button" @click=${() => void this.#hash()}>
                  Add revision and weight hash
                </button>`
              : nothing
      }
    </section>`;
  }

  async #hash(): Promise<void> {
    const controller = new AbortController();
    this.hashing = controller;
    try {
      this.identity = await this.session.engine.identity(controller.signal);
      this.said = 'The trace and the citation now name the very weights.';
    } catch (error) {
      this.said = controller.signal.aborted ? '' : messageOf(error);
    }
    this.hashing = undefined;
  }

  async #save(make: () => Promise<Blob>, name: string): Promise<void> {
    try {
      download(await make(), name);
      this.said = `Saved ${name}`;
    } catch (error) {
      this.said = messageOf(error);
    }
  }

  #copy(words: string, what: string): void {
    navigator.clipboard.writeText(words).then(
      () => (this.said = `Copied: ${what}`),
      () => (this.said = 'The browser did not let the page copy: mark the text and copy it by hand.'),
    );
  }
}
customElements.define('rs-take-along', TakeAlongElement);

function stem(trace: TraceData): string {
  return stemOf(trace.model.id, trace.pieces.slice(trace.bos ? 1 : 0).join(''));
}

function text(content: string, type: string): Blob {
  return new Blob([content], { type });
}

function selectAll(event: FocusEvent): void {
  if (event.target instanceof HTMLInputElement) event.target.select();
}
