/** What the help says: each part of the page with its keys. */
export const HELP = {
  heading: 'Help',
  intro:
    'Everything here can be reached with the Tab key; inside a table, a map or a row of tabs the arrow keys walk.',
  tour: 'Take the tour',
  gallery: 'Examples',
  definitions: 'Definitions',
  single: 'The ? key opens this help',
  keysOf: (place: string) => `Keys: ${place}`,
} as const;

/** A key or several that do the same; `+` joins keys that are pressed together. */
export interface Shortcut {
  readonly keys: readonly string[];
  readonly does: string;
}

export const SHORTCUTS: readonly (readonly [place: string, shortcuts: readonly Shortcut[]])[] = [
  [
    'anywhere',
    [
      { keys: ['?'], does: 'open this help' },
      { keys: ['Esc'], does: 'close a dialog, a card, the tour' },
      { keys: ['Ctrl+P', '⌘+P'], does: 'print the whole table' },
    ],
  ],
  [
    'the prompt',
    [
      { keys: ['Enter'], does: 'run' },
      { keys: ['Shift+Enter'], does: 'start a new line' },
    ],
  ],
  [
    'the lens table',
    [
      { keys: ['←', '→', '↑', '↓'], does: 'go from cell to cell; a rest shows the cell’s card' },
      { keys: ['Page Up', 'Page Down'], does: 'jump five layers' },
      { keys: ['Home', 'End'], does: 'first, last token' },
      { keys: ['Ctrl+Home', 'Ctrl+End'], does: 'the table’s first, last cell' },
      { keys: ['Enter', 'Space'], does: 'pin the cell’s token, or unpin it' },
      { keys: ['Esc'], does: 'clear the selection' },
      { keys: ['g'], does: 'go on by the model’s own next token' },
      { keys: ['u'], does: 'take the last added token back' },
    ],
  ],
  [
    'views',
    [
      { keys: ['←', '→'], does: 'the view before, the view after' },
      { keys: ['Home', 'End'], does: 'the first, the last view' },
    ],
  ],
  [
    'attention',
    [
      { keys: ['←', '→', '↑', '↓'], does: 'walk over the maps, a map’s cells or the text’s tokens' },
      { keys: ['Home', 'End'], does: 'the first token, the token itself' },
      { keys: ['Page Up', 'Page Down'], does: 'ten tokens up, down' },
    ],
  ],
  [
    'searches',
    [
      { keys: ['↑', '↓'], does: 'walk through what was found' },
      { keys: ['Enter'], does: 'take it' },
    ],
  ],
];

/** For fingers. */
export const TOUCH =
  'With a finger: touch a cell to select it, press it for half a second for its card; touch beside the card to close it.';
