/** What the guided tour says. */
export const TOUR = {
  leave: 'Leave the tour',
  back: 'Back',
  next: 'Next',
  done: 'Done',
  at: (stop: number, stops: number) => `${stop} of ${stops}`,
} as const;

/** Stops, in their order, by what they point at. */
export const STOPS = {
  prompt: {
    heading: 'A prompt',
    text: 'Type the beginning of a sentence; Enter runs it. The model runs in this page: what you type stays on this device. The chips under it are the tokens that the model reads.',
  },
  table: {
    heading: 'What each layer would say next',
    text: 'A column for each token, a row for each layer. A cell holds the word that the model would say next if it stopped at that layer; the stronger the colour, the surer.',
  },
  settles: {
    heading: 'Where the answer settles',
    text: 'From this line on, every layer says what the model says in the end. Easy predictions settle early, hard ones late.',
  },
  inspector: {
    heading: 'One cell, close up',
    text: 'Click a cell, or walk with the arrow keys: here are its ten best candidates. Pin one to follow it through all layers.',
  },
  views: {
    heading: 'Other views of the same run',
    text: 'Where each head looks, along which directions the state moves, a lens fitted to this model. The run stays; only the view changes.',
  },
  checks: {
    heading: 'Every run tests itself',
    text: 'Each run is held against a second computation of the same. Click for the numbers, the device, and a check on another one.',
  },
  tools: {
    heading: 'Take it along',
    text: 'Save tables and pictures, or share a link that brings all of this back. This tour and the keys are under Help.',
  },
} as const;
export type Stop = keyof typeof STOPS;
