/** The tabs of the page's views, and the panel in which every view but the lens is shown. */
import { css, html, nothing, type TemplateResult } from 'lit';
import type { Session } from '../controllers/session.ts';
import { DEFAULT_VIEW, VIEWS, viewOf, type View, type ViewId } from '../controllers/views.ts';
import type { ViewState } from '../controllers/view-state.ts';
import { lensStyles } from '../styles/lens.ts';
import { shared } from '../styles/shared.ts';
import { problemNotice, progressLine } from './notices.ts';
import { Panel } from './panel.ts';

export const tabStyles = css`
  .tabs {
    grid-column: 1 / -1;
    display: flex;
    gap: 4px;
    overflow-x: auto;
    border-bottom: 1px solid var(--line);
    scrollbar-width: none;
  }
  [role='tab'] {
    flex: none;
    border: 0;
    border-bottom: 2px solid transparent;
    border-radius: 7px 7px 0 0;
    padding: 8px 12px;
    min-height: 38px;
    background: none;
    color: var(--dim);
    font-size: 14px;
    white-space: nowrap;
  }
  [role='tab']:hover {
    color: var(--ink);
  }
  [role='tab'][aria-selected='true'] {
    border-bottom-color: var(--accent);
    color: var(--ink);
    font-weight: 600;
  }
  [role='tab']:focus-visible {
    outline-offset: -3px;
  }
  @media (pointer: coarse) {
    [role='tab'] {
      min-height: 44px;
    }
  }
`;

/** Tabs that one Tab key passes over and arrows walk through. */
export function viewTabs(session: Session, shown: ViewId): TemplateResult {
  const show = (event: Event, view: View | undefined): void => {
    if (!view) return;
    session.setView(view.id);
    const list = (event.currentTarget as HTMLElement).closest('.tabs');
    const tab = list?.querySelector<HTMLElement>(`#tab-${view.id}`);
    tab?.focus();
    tab?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  };
  const walk = (event: KeyboardEvent): void => {
    const at = VIEWS.findIndex(({ id }) => id === shown);
    const last = VIEWS.length - 1;
    const to = { ArrowRight: at < last ? at + 1 : 0, ArrowLeft: at > 0 ? at - 1 : last, Home: 0, End: last }[
      event.key
    ];
    if (to === undefined) return;
    event.preventDefault();
    show(event, VIEWS[to]);
  };
  return html`<div class="tabs" role="tablist" aria-label="Views" @keydown=${walk}>
    ${VIEWS.map(
      (view) =>
        html`<button
          role="tab"
          id="tab-${view.id}"
          aria-controls=${view.id === shown ? panelOf(view.id) : nothing}
          aria-selected=${view.id === shown}
          tabindex=${view.id === shown ? 0 : -1}
          @click=${(event: Event) => show(event, view)}
        >
          ${view.label}
        </button>`,
    )}
  </div>`;
}

/** The id of the tab panel that shows a view: the lens has its own. */
export function panelOf(id: ViewId): string {
  return id === DEFAULT_VIEW ? 'panel-lens' : 'panel-view';
}

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
