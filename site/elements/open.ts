/** Opens the page's dialogs, whose code comes with the first click. */
import { html, type TemplateResult } from 'lit';
import type { DroppedItem } from '../controllers/drops.ts';
import type { Session } from '../controllers/session.ts';
import { TERM_TITLES, type Term } from '../controllers/terms.ts';

export function openDefinitions(here?: Term): void {
  void import('./dialogs.ts').then(({ showDefinitions }) => showDefinitions(here));
}

export function openAbout(session: Session): void {
  void import('./dialogs.ts').then(({ showAbout }) => showAbout(session));
}

export function openModels(session: Session, at?: 'token'): void {
  void import('./dialogs.ts').then(({ showModels }) => showModels(session, at));
}

/** Opens what was dropped on the page. */
export async function openDropped(session: Session, items: readonly DroppedItem[]): Promise<void> {
  try {
    const { filesOfDrop } = await import('./dialogs.ts');
    session.openFiles(await filesOfDrop(items));
  } catch (error) {
    session.complain(error);
  }
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
