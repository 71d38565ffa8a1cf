/** The help: the tour, the definitions, and all keys by the part of the page in which they work. */
import { html, type TemplateResult } from 'lit';
import { keepSingleKeys, singleKeys } from '../controllers/keepsakes.ts';
import type { Session } from '../controllers/session.ts';
import { HELP, SHORTCUTS, TOUCH, type Shortcut } from '../words/help.ts';
import { showDefinitions } from './definitions.ts';
import { openDialog } from './dialog.ts';
import { showGallery } from './gallery.ts';
import { openTour } from './open.ts';

export function showHelp(session: Session): void {
  openDialog(HELP.heading, (close) => {
    const tour = (): void => {
      close();
      openTour(session);
    };
    return html`<p>${HELP.intro}</p>
      <div class="ways">
        <button class="button primary" @click=${tour}>${HELP.tour}</button>
        <button class="button" @click=${() => showGallery(session)}>${HELP.gallery}</button>
        <button class="button" @click=${() => showDefinitions()}>${HELP.definitions}</button>
      </div>
      ${SHORTCUTS.map(
        ([place, shortcuts]) =>
          html`<h3>${place}</h3>
            <dl class="keys" aria-label=${HELP.keysOf(place)}>${shortcuts.map(shortcutRow)}</dl>`,
      )}
      <p class="small">${TOUCH}</p>
      <label class="small"
        ><input
          type="checkbox"
          .checked=${singleKeys()}
          @change=${(event: Event) => keepSingleKeys((event.target as HTMLInputElement).checked)}
        />
        ${HELP.single}</label
      >`;
  });
}

function shortcutRow({ keys, does }: Shortcut): TemplateResult {
  return html`<dt>
      ${keys.map((key) => html`<span class="together">${key.split('+').map((part) => html`<kbd>${part}</kbd>`)}</span> `)}
    </dt>
    <dd>${does}</dd>`;
}
