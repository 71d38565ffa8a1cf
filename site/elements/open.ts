/** Opens the page's dialogs, whose code comes with the first click. */
import { html, type TemplateResult } from 'lit';
import type { Session } from '../controllers/session.ts';
import { TERM_TITLES, type Term } from '../controllers/terms.ts';

export function openDefinitions(here?: Term): void {
  void import('./dialogs.ts').then(({ showDefinitions }) => showDefinitions(here));
}

export function openAbout(session: Session): void {
  void import('./dialogs.ts').then(({ showAbout }) => showAbout(session));
}

/** A small button that opens a term's definition. */
export function termButton(term: Term): TemplateResult {
  return html`<button
    class="term"
    aria-label="What is: ${TERM_TITLES[term]}"
    title="What is this?"
    @click=${() => openDefinitions(term)}
  >
    ?
  </button>`;
}
