/** Every reading's definition, one click away from where the reading is shown. */
import { html, type TemplateResult } from 'lit';
import { DEFINITIONS, TERMS, type Term } from '../controllers/definitions.ts';
import { openDialog } from './dialog.ts';

export function openDefinitions(here?: Term): void {
  openDialog('What each reading means', () => html`${TERMS.map((term) => article(term, term === here))}`);
}

function article(term: Term, here: boolean): TemplateResult {
  const { title, plain, exact, source } = DEFINITIONS[term];
  return html`<article class=${here ? 'here' : ''}>
    <h3>${title}</h3>
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

/** A small button that opens a term's definition. */
export function termButton(term: Term): TemplateResult {
  const { title } = DEFINITIONS[term];
  return html`<button
    class="term"
    aria-label="What is: ${title}"
    title="What is this?"
    @click=${() => openDefinitions(term)}
  >
    ?
  </button>`;
}
