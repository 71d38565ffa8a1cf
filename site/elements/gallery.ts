/** The gallery: prompts that each show one thing, opened with the view and the cell that show it. */
import { html } from 'lit';
import { EXAMPLES, VIEW_EXAMPLES, type Example } from '../words/examples.ts';
import type { Session } from '../controllers/session.ts';
import { DEFAULT_MODEL } from '../controllers/view-state.ts';
import { viewOf } from '../controllers/views.ts';
import { openDialog } from './dialog.ts';

export function showGallery(session: Session): void {
  openDialog('Gallery', (close) => {
    const show = (example: Example): void => {
      close();
      // What the sentences say is measured on the embedded model.
      const { model, device } = session.store.state;
      if (model !== DEFAULT_MODEL) session.setEngine(DEFAULT_MODEL, device);
      session.showExample(example);
    };
    return html`<p class="small">
        Each shows one thing, on ${DEFAULT_MODEL}, the small model that runs in this page.
      </p>
      ${[...EXAMPLES, ...VIEW_EXAMPLES].map(
        (example) =>
          html`<article>
            <h3>${example.label} <small>${viewOf(example.show.view ?? '').label}</small></h3>
            <p>${example.hint}</p>
            <p class="exact">${example.prompt}</p>
            <button class="button" aria-label="Show: ${example.label}" @click=${() => show(example)}>
              Show
            </button>
          </article>`,
      )}`;
  });
}
