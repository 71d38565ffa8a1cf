/** One style sheet in memory for all widgets of a page; made by script, which no style policy forbids. */
import { colourRules } from './colours.ts';
import card from './styles/card.css?inline';
import frame from './styles/frame.css?inline';
import live from './styles/live.css?inline';
import pins from './styles/pins.css?inline';
import states from './styles/states.css?inline';
import table from './styles/table.css?inline';

let sheet: CSSStyleSheet | undefined;

export function sharedSheet(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    // Later ones win: states and live runs change what the others lay out.
    sheet.replaceSync([frame, table, pins, card, states, live].join('') + colourRules());
  }
  return sheet;
}
