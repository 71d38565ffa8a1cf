/** Opens the page's dialogs, whose code comes with the first click. */
import { html, type TemplateResult } from 'lit';
import { NetworkError } from '../../shared/errors.ts';
import type { DroppedItem } from '../controllers/drops.ts';
import type { Session } from '../controllers/session.ts';
import type * as Dialogs from './dialogs.ts';
import type { Purpose } from './lens-search.ts';
import { looksLikeLens, looksLikeTrace } from '../controllers/trace-source.ts';
import { LOCAL } from '../controllers/view-state.ts';
import { NOT_LOADED, TERM_BUTTON } from '../words/page.ts';
import { TERM_TITLES, type Term } from '../words/terms.ts';

export function openDefinitions(here?: Term): void {
  void import('./dialogs.ts').then(({ showDefinitions }) => showDefinitions(here));
}

export function openAbout(session: Session): void {
  void withDialogs(session, ({ showAbout }) => showAbout(session));
}

/** Without a network the code does not come, and the page says so. */
async function withDialogs(
  session: Session,
  act: (dialogs: typeof Dialogs) => void | Promise<void>,
): Promise<void> {
  try {
    await act(await import('./dialogs.ts'));
  } catch (error) {
    session.complain(error instanceof TypeError ? notLoaded(error) : error);
  }
}

/** What it comes to when a part of the page can't be fetched. */
export function notLoaded(cause: unknown): NetworkError {
  return new NetworkError(NOT_LOADED, {
    cause,
  });
}

export function openModels(session: Session, at?: 'token'): void {
  void withDialogs(session, ({ showModels }) => showModels(session, at));
}

/** Searches the vocabulary for a token to pin or to colour the table by. */
export function openTokenSearch(session: Session, purpose: Purpose): void {
  void withDialogs(session, ({ showTokenSearch }) => showTokenSearch(session, purpose));
}

/** Opens what was dropped on the page: a trace, a lens, or else a model. */
export function openDropped(session: Session, items: readonly DroppedItem[]): void {
  void withDialogs(session, async ({ filesOfDrop }) => {
    const files = await filesOfDrop(items);
    const [first] = files;
    if (first && looksLikeTrace(files))
      await session.openTrace({ name: `${LOCAL}${first.path}`, file: first.blob });
    else if (first && looksLikeLens(files)) {
      session.store.set({ lensFile: new File([first.blob], first.path) });
      session.setView('translate');
    } else session.openFiles(files);
  });
}

export function openGallery(session: Session): void {
  void withDialogs(session, ({ showGallery }) => showGallery(session));
}

export function openTakeAlong(session: Session): void {
  void withDialogs(session, ({ showTakeAlong }) => showTakeAlong(session));
}

export function openShare(session: Session): void {
  void withDialogs(session, ({ showShare }) => showShare(session));
}

export function openTraceDialog(session: Session): void {
  void withDialogs(session, ({ showOpenTrace }) => showOpenTrace(session));
}

export function openHelp(session: Session): void {
  void withDialogs(session, ({ showHelp }) => showHelp(session));
}

export function openTour(session: Session): void {
  void withDialogs(session, ({ showTour }) => showTour(session));
}

/** Prints the page, the table whole. */
export function openPrint(session: Session): void {
  void withDialogs(session, ({ printPage }) => printPage(session));
}

/** A small button that opens a term's definition. */
export function termButton(term: Term): TemplateResult {
  return html`<button
    class="term"
    aria-label=${TERM_BUTTON.label(TERM_TITLES[term])}
    title=${TERM_BUTTON.title}
    @click=${() => openDefinitions(term)}
  >
    ?
  </button>`;
}
