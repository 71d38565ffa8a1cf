/**
 * The vocabulary as a reader searches it: by text, without case, with or without the space in front, or by id. Its
 * texts are made once and kept: 50,000 of them take about as many microseconds.
 */
import { InputError } from '../../shared/errors.ts';
import type { TokenizerPort } from '../../shared/tokenizer/encoding.ts';
import type { SearchAsk, TokenMatches, TokenTexts } from './protocol.ts';

/** How well a token meets a query: smaller is better. */
const NONE = 9;

export class Vocabulary {
  readonly #texts: readonly string[];
  /** Lower case, without space around. */
  readonly #words: readonly string[];

  constructor(tokenizer: Pick<TokenizerPort, 'vocabSize' | 'text'>) {
    this.#texts = Array.from({ length: tokenizer.vocabSize }, (_, id) => tokenizer.text(id));
    this.#words = this.#texts.map(wordOf);
  }

  /** The text itself first, then the word in other spellings, then what begins with it, then what holds it. */
  search({ query, limit }: SearchAsk): TokenMatches {
    const byId = /^\s*#(\d{1,9})\s*$/.exec(query)?.[1];
    if (byId !== undefined) {
      const id = Number(byId);
      return id < this.#texts.length
        ? { matches: [[id, this.#text(id)]], total: 1 }
        : { matches: [], total: 0 };
    }
    const word = wordOf(query);
    if (query === '') return { matches: [], total: 0 };
    const found: [number, number][] = [];
    this.#texts.forEach((text, id) => {
      const grade = gradeOf(query, word, text, this.#words[id] ?? '');
      if (grade < NONE) found.push([grade, id]);
    });
    const length = (id: number): number => this.#text(id).length;
    found.sort(([a, i], [b, j]) => a - b || length(i) - length(j) || i - j);
    return {
      matches: found.slice(0, limit).map(([, id]) => [id, this.#text(id)] as const),
      total: found.length,
    };
  }

  /** @throws {InputError} for an id outside the vocabulary. */
  spellings(id: number): TokenTexts {
    const word = this.#words[id];
    if (word === undefined) throw new InputError(`engine: there is no token ${id}`);
    // Of white space each kind is its own word.
    if (word === '') return [[id, this.#text(id)]];
    const others = [...this.#words.keys()].filter((other) => other !== id && this.#words[other] === word);
    return [id, ...others].map((other) => [other, this.#text(other)] as const);
  }

  #text(id: number): string {
    return this.#texts[id] ?? '';
  }
}

function wordOf(text: string): string {
  return text.trim().toLowerCase();
}

function gradeOf(query: string, word: string, text: string, own: string): number {
  if (text === query) return 0;
  // Nothing but white space: only what begins with just that.
  if (word === '') return text.startsWith(query) ? 3 : NONE;
  if (text === ` ${query}`) return 1;
  if (own === word) return 2;
  if (own.startsWith(word)) return 3;
  return own.includes(word) ? 4 : NONE;
}
