/** Every reading's definition, one click away from where the reading is shown. */
import { html, type TemplateResult } from 'lit';
import { DEFINITIONS } from '../words/definitions.ts';
import { TERM_TITLES, TERMS, type Term } from '../words/terms.ts';
import { openDialog } from './dialog.ts';

export function showDefinitions(here?: Term): void {
  openDialog('What each reading means', () => html`${TERMS.map((term) => article(term, term === here))}`);
}

function article(term: Term, here: boolean): TemplateResult {
  const { plain, exact, source } = DEFINITIONS[term];
  return html`<article class=${here ? 'here' : ''}>
    <h3>${TERM_TITLES[term]}</h3>
    <p>${plain}</p>
    <p class="exact">${exact}</p>
    ${
      source
        ? html`<p class="small">
            <a href=${source.href} target="_blank" rel="noopener noreferrer">${source.text}</a>
          </p>`
        : ''
    }
  </article>`;
}
