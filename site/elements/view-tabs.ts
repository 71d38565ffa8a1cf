/** The tabs of the page's views. */
import { css, html, nothing, type TemplateResult } from 'lit';
import type { Session } from '../controllers/session.ts';
import { VIEWS_LABEL } from '../words/page.ts';
import { DEFAULT_VIEW, VIEWS, type View, type ViewId } from '../controllers/views.ts';

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
  @media (forced-colors: active) {
    [role='tab']:not([aria-selected='true']) {
      border-color: Canvas;
    }
    [role='tab'][aria-selected='true'] {
      forced-color-adjust: none;
      background: Highlight;
      color: HighlightText;
    }
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
  return html`<div class="tabs" role="tablist" aria-label=${VIEWS_LABEL} @keydown=${walk}>
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
