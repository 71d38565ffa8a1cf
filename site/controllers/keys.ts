/**
 * Keys of the whole page: `?` opens the help, and printing goes by way of the sheet that holds the whole table. A
 * single character as a shortcut can be switched off (WCAG 2.1.4).
 */
import { singleKeys } from './keepsakes.ts';

export function watchKeys(act: { readonly help: () => void; readonly print: () => void }): void {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.isComposing || event.altKey) return;
    const command = event.ctrlKey || event.metaKey;
    if (command && !event.shiftKey && event.key.toLowerCase() === 'p') act.print();
    else if (!command && event.key === '?' && !isTyping(event) && singleKeys()) act.help();
    else return;
    event.preventDefault();
  });
}

/** Whether the key is a character of a text, or picks in a list. */
function isTyping(event: KeyboardEvent): boolean {
  const [target] = event.composedPath();
  if (target instanceof HTMLInputElement) return !/^(radio|checkbox|button|file|range)$/.test(target.type);
  return (
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLElement && target.isContentEditable)
  );
}
