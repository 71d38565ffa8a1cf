/**
 * `embed.js`, and the package's entry `residscope/embed`: registers `<residscope-lens>`, once a page, whichever copy
 * comes first.
 */
import { ResidscopeLensElement, type WidgetState } from './element.ts';
import type { ResidscopeErrorEvent, ResidscopeSelectEvent } from './events.ts';

export { ResidscopeLensElement, type WidgetState };
export type { ResidscopeErrorEvent, ResidscopeSelectEvent };

declare global {
  interface HTMLElementTagNameMap {
    'residscope-lens': ResidscopeLensElement;
  }
  interface HTMLElementEventMap {
    'residscope-select': ResidscopeSelectEvent;
    'residscope-error': ResidscopeErrorEvent;
  }
}

const registry = (globalThis as { customElements?: CustomElementRegistry }).customElements;
if (registry && !registry.get('residscope-lens')) registry.define('residscope-lens', ResidscopeLensElement);
