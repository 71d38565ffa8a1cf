/** What the page’s frame says: header, offers, what is dropped on it. The first visit loads this; dialogs have their own. */
import type { Theme } from '../controllers/view-state.ts';

export const HEADER = {
  open: 'Open',
  export: 'Export',
  share: 'Share',
  definitions: 'Definitions',
  help: 'Help',
  helpTitle: 'Keys and a guided tour (?)',
  coloursTitle: 'Light, dark, or as the system is',
  colours: (theme: string) => `Colours: ${theme}. Change`,
  pick: 'Pick a model',
  pickAnother: 'Pick another model',
} as const;

export const THEME_WORDS: Readonly<Record<Theme, string>> = { auto: 'Auto', light: 'Light', dark: 'Dark' };

/** The offer of the tour; its stops are in tour.ts, which comes with the tour. */
export const INVITATION = {
  text: 'New here? A tour of seven stops shows how to read this page.',
  take: 'Show me around',
  decline: 'No, thanks',
} as const;

export const DROP = 'Drop a model’s folder, a .gguf file, or a trace';

export const VIEWS_LABEL = 'Views';

/** A part of the page that did not load. */
export const NOT_LOADED = 'This part of the page did not load: check the connection, then reload the page.';

/** The small buttons that open a definition. */
export const TERM_BUTTON = { label: (term: string) => `What is: ${term}`, title: 'What is this?' } as const;
