/** The search over a vocabulary, and the spellings of a word. */
import { describe, expect, it } from 'vitest';
import { Vocabulary } from '../../site/engine/vocabulary.ts';

const TEXTS = [
  'Paris',
  ' Paris',
  'paris',
  ' PARIS',
  ' Parisian',
  ' comparison',
  '\n',
  '\n\n',
  '  ',
  ' ',
  '#3',
];
const vocabulary = new Vocabulary({ vocabSize: TEXTS.length, text: (id) => TEXTS[id] ?? '' });

describe('vocabulary', () => {
  it.each([
    ['Paris', [0, 1, 2, 3, 4, 5]],
    [' paris', [0, 2, 1, 3, 4, 5]],
    ['comp', [5]],
    ['\n', [6, 7]],
    [' ', [9, 8]],
    ['', []],
    ['#3', [3]],
    ['#99', []],
    ['zebra', []],
  ])('finds %j', (query, ids) => {
    const { matches, total } = vocabulary.search({ query, limit: 10 });
    const found = matches.map(([id]) => id);
    // A space finds what begins with it, in any order behind the space itself.
    if (query === ' ') expect(found.slice(0, 2)).toEqual(ids);
    else {
      expect(found).toEqual(ids);
      expect(total).toBe(ids.length);
    }
    for (const [id, text] of matches) expect(text).toBe(TEXTS[id]);
  });

  it('gives no more than asked for, and says how many there are', () => {
    expect(vocabulary.search({ query: 'par', limit: 2 })).toMatchObject({ matches: { length: 2 }, total: 6 });
  });

  it('groups spellings, the token itself first; white space keeps to itself', () => {
    expect(vocabulary.spellings(1).map(([id]) => id)).toEqual([1, 0, 2, 3]);
    expect(vocabulary.spellings(6)).toEqual([[6, '\n']]);
    expect(() => vocabulary.spellings(11)).toThrow('there is no token 11');
  });
});
