/** The panel in which every view but the lens is shown; its code comes with the first of them. */
import { html, nothing, type TemplateResult } from 'lit';
import { DEFAULT_VIEW, viewOf, type View, type ViewId } from '../controllers/views.ts';
import type { ViewState } from '../controllers/view-state.ts';
import { lensStyles } from '../styles/lens.ts';
import { shared } from '../styles/shared.ts';
import { problemNotice, progressLine } from './notices.ts';
import { Panel } from './panel.ts';

/** Fetches a view's code when it is first shown, and keeps its element from then on. */
export class ViewElement extends Panel {
  static override properties = { ...Panel.properties, missing: { state: true } };
  static override styles = [shared, lensStyles];
  /** The view whose code did not come. */
  declare missing: ViewId | undefined;
  protected readonly shows = [
    'view',
    'phase',
    'problem',
    'run',
    'weights',
    'info',
  ] as const satisfies (keyof ViewState)[];
  readonly #made = new Map<ViewId, HTMLElement>();

  protected override render(): TemplateResult {
    const { problem, phase, view, run } = this.state;
    const busy = phase === 'loading' || phase === 'running';
    const { element } = viewOf(view);
    if (!element) return html``;
    if (run?.trace && !element.readsTraces) return this.#needsModel(viewOf(view));
    const made = this.#made.get(view);
    if (!made && this.missing !== view) void this.#load(viewOf(view));
    return html`
      ${busy ? progressLine(this.state) : nothing}
      <div role="alert">${problem ? problemNotice(problem, this.session) : nothing}</div>
      ${made ?? (this.missing === view ? this.#missing(viewOf(view)) : html`<p class="small" role="status">Opening ${viewOf(view).label}…</p>`)}
    `;
  }

  async #load({ id, element }: View): Promise<void> {
    if (!element) return;
    try {
      await element.load();
      const made = document.createElement(element.tag);
      if (made instanceof Panel) made.session = this.session;
      if (!this.#made.has(id)) this.#made.set(id, made);
    } catch {
      this.missing = id;
    }
    this.requestUpdate();
  }

  #needsModel({ label }: View): TemplateResult {
    return html`<div class="card notice">
      <h3>“${label}” needs the model</h3>
      <p>The table comes from a trace, which holds what the lens read and not the states behind it.</p>
      <div class="ways">
        <button class="button primary" @click=${() => this.session.run()}>Run live</button>
      </div>
    </div>`;
  }

  #missing({ label }: View): TemplateResult {
    return html`<div class="card notice error">
      <h3>“${label}” did not load</h3>
      <p>Its code is fetched when it is first opened. Check the connection, then reload the page.</p>
      <div class="ways">
        <button class="button primary" @click=${() => location.reload()}>Reload the page</button>
        <button class="button" @click=${() => this.session.setView(DEFAULT_VIEW)}>Back to the lens</button>
      </div>
    </div>`;
  }
}
customElements.define('rs-view', ViewElement);
