/** Prompts that each show one thing. */
export interface Example {
  readonly label: string;
  readonly prompt: string;
  /** What to look for, without promising a number. */
  readonly hint: string;
}

export const EXAMPLES: readonly [Example, ...Example[]] = [
  {
    label: 'A fact',
    prompt: 'The Eiffel Tower is in the city of',
    hint: 'Look at the last column: somewhere on the way up, a city takes over.',
  },
  {
    label: 'Who gets the drink',
    prompt: 'When Mary and John went to the store, John gave a drink to',
    hint: 'The name that came only once has to win in the last column.',
  },
  {
    label: 'A repeated list',
    prompt: 'stone river moon fish stone river moon',
    hint: 'The second time round, the model can copy what followed the first time.',
  },
  {
    label: 'An open story',
    prompt: 'Once upon a time there was a',
    hint: 'Many words could come next: see how the colour stays pale to the top.',
  },
  {
    label: 'Opposites',
    prompt: 'The opposite of hot is',
    hint: 'Compare the last column with the one before it: one is hard, one is easy.',
  },
];
