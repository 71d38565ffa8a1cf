/**
 * `embed.js`, and the package's entry `residscope/embed`: registers `<residscope-lens>`, once a page, whichever copy
 * comes first.
 */
import { ResidscopeLensElement } from './element.ts';
import type { WidgetState } from './face.ts';
import type { ResidscopeErrorEvent, ResidscopeRunEvent, ResidscopeSelectEvent } from './events.ts';

export { ResidscopeLensElement };
export type { ResidscopeErrorEvent, ResidscopeRunEvent, ResidscopeSelectEvent, WidgetState };

declare global {
  interface HTMLElementTagNameMap {
    'residscope-lens': ResidscopeLensElement;
  }
  interface HTMLElementEventMap {
    'residscope-select': ResidscopeSelectEvent;
    'residscope-run': ResidscopeRunEvent;
    'residscope-error': ResidscopeErrorEvent;
  }
}

const registry = (globalThis as { customElements?: CustomElementRegistry }).customElements;
if (registry && !registry.get('residscope-lens')) registry.define('residscope-lens', ResidscopeLensElement);
