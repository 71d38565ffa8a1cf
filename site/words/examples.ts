/**
 * Prompts that each show one thing: the chips under the prompt box and the gallery. What a hint says is true of the
 * embedded model, and test/node/examples.test.ts holds every one of them against its numbers.
 */
import type { ViewState } from '../controllers/view-state.ts';
import { namedView } from '../controllers/views.ts';

export interface Example {
  readonly label: string;
  readonly prompt: string;
  /** What it shows, in a sentence. */
  readonly hint: string;
  /** Where to look: view, cell, colour, in terms of the embedded model's layers and tokens. */
  readonly show: Partial<Pick<ViewState, 'view' | 'selected' | 'head' | 'colour' | 'target'>>;
}

const TOWER = 'The Eiffel Tower is in the city of';
const LIST = 'stone river moon fish stone river moon';

export const EXAMPLES: readonly [Example, ...Example[]] = [
  {
    label: 'A fact',
    prompt: TOWER,
    hint: 'In the last column “Paris” takes over at layer 4 and stays. Press Enter on it to pin it and see it rise.',
    show: { selected: { layer: 4, pos: 8 } }, // a pin would fetch the charts on a first visit
  },
  {
    label: 'Easy and hard',
    prompt: 'Once upon a time there was a',
    hint: '“was” → “a” is settled from layer 0 on; the word after “a” stays open to the top.',
    show: { colour: 'entropy', selected: { layer: 7, pos: 7 } },
  },
  {
    label: 'A repeated list',
    prompt: LIST,
    hint: 'The second time round the model copies what followed the first time: the entropy falls to almost nothing.',
    show: { colour: 'entropy', selected: { layer: 7, pos: 7 } },
  },
  {
    label: 'Who gets the drink',
    prompt: 'When Mary and John went to the store, John gave a drink to',
    hint: 'Two names could follow; the one that came only once wins, from layer 4 on.',
    show: { selected: { layer: 4, pos: 14 } },
  },
  {
    label: 'Input lost',
    prompt: 'The opposite of hot is',
    hint: 'The bottom row reads as the token that went in, at rank 0; one layer up it is hundreds of places away.',
    show: { colour: 'rank', target: 'input', selected: { layer: 0, pos: 4 } },
  },
];

/** Further ones, of views whose code comes later; the gallery shows them where the page has the view. */
export const VIEW_EXAMPLES: readonly Example[] = [
  {
    label: 'One direction, one answer',
    prompt: TOWER,
    hint: 'The direction along which the states of this prediction differ most reads as “Paris”, as the model’s answer does.',
    show: { view: 'directions', selected: { layer: 7, pos: 8 } },
  },
  {
    label: 'An induction head',
    prompt: LIST,
    hint: 'Head 0 of layer 7 looks from the second “river” at “moon”: the token that followed the first “river”.',
    show: { view: 'attention', selected: { layer: 7, pos: 6 }, head: 0 },
  },
].filter(({ show }) => namedView(show.view) !== undefined);
