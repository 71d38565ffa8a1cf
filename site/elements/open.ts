/** Opens the page's dialogs, whose code comes with the first click. */
import { html, type TemplateResult } from 'lit';
import type { DroppedItem } from '../controllers/drops.ts';
import type { Session } from '../controllers/session.ts';
import type * as Dialogs from './dialogs.ts';
import { TERM_TITLES, type Term } from '../controllers/terms.ts';

export function openDefinitions(here?: Term): void {
  void import('./dialogs.ts').then(({ showDefinitions }) => showDefinitions(here));
}

export function openAbout(session: Session): void {
  void withDialogs(session, ({ showAbout }) => showAbout(session));
}

/** Without a network the code does not come: the page says so, and the next click tries again. */
async function withDialogs(
  session: Session,
  act: (dialogs: typeof Dialogs) => void | Promise<void>,
): Promise<void> {
  try {
    await act(await import('./dialogs.ts'));
  } catch (error) {
    session.complain(error);
  }
}

export function openModels(session: Session, at?: 'token'): void {
  void withDialogs(session, ({ showModels }) => showModels(session, at));
}

/** Opens what was dropped on the page. */
export function openDropped(session: Session, items: readonly DroppedItem[]): void {
  void withDialogs(session, async ({ filesOfDrop }) => session.openFiles(await filesOfDrop(items)));
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
