/** The tokenizer's calls on fable-4m, on random texts, on hostile lengths and on files that lie. */
import { describe, expect, it } from 'vitest';
import { FormatError, InputError, UnsupportedError } from '../../shared/errors.ts';
import { Tokenizer } from '../../shared/tokenizer/tokenizer.ts';
import { expectInvariants } from '../cases/tokenizer.ts';
import { randomText, seeded } from '../support/random.ts';
import { readJson } from '../support/read-json.ts';
import { fableJson, tokenizerJsonOf } from '../support/tokenizer-kinds.ts';

const config = readJson('site/public/models/fable-4m/tokenizer_config.json');
const fable = Tokenizer.fromJson(fableJson(), config, 'fable-4m');
const FAMILY = '👩‍👩‍👧‍👦';

describe('fable-4m', () => {
  it('knows its vocabulary and its bos', () => {
    expect([fable.vocabSize, fable.bosId, fable.addsBos, [...fable.specialIds]]).toEqual([
      4096,
      0,
      true,
      [0],
    ]);
  });

  it('puts bos in front by itself, when told to, and not when told not to', () => {
    const auto = fable.encode('The');
    expect(auto).toEqual({ ids: [0, 286], tokens: ['<|endoftext|>', 'The'], offsets: [[0, 0], [0, 3]] }); // prettier-ignore
    expect(fable.encode('The', { bos: true })).toEqual(auto);
    expect(fable.encode('The', { bos: false })).toEqual({ ids: [286], tokens: ['The'], offsets: [[0, 3]] });
    expect(fable.encode('').ids).toEqual([0]);
  });

  it('finds a special token in the text', () => {
    expect(fable.encode('a<|endoftext|>b', { bos: false })).toMatchObject({
      tokens: ['a', '<|endoftext|>', 'b'],
      offsets: [[0, 1], [1, 14], [14, 15]], // prettier-ignore
    });
  });

  it('replaces lone surrogates and keeps the length', () => {
    const text = 'a\ud800b\udc00';
    const { ids, offsets } = fable.encode(text, { bos: false });
    expect(fable.decode(ids)).toBe('a\ufffdb\ufffd');
    expect(offsets.at(-1)).toEqual([3, 4]);
  });

  it('joins the bytes of a character over its tokens, and keeps specials', () => {
    const { ids } = fable.encode(`x${FAMILY}`);
    const pieces = fable.pieces(ids);
    expect(pieces).toHaveLength(ids.length);
    expect(pieces.filter((piece) => piece !== '')).toEqual(['<|endoftext|>', 'x', ...Array.from(FAMILY)]);
    expect(pieces.join('')).toBe(fable.decode(ids));
    expect(fable.pieces([])).toEqual([]);
    expect(fable.decode([])).toBe('');
  });

  it('shows bytes that are no whole character as U+FFFD', () => {
    const ids = fable.encode('é', { bos: false }).ids;
    const half = ids[0] ?? -1;
    if (ids.length > 1) expect(fable.text(half)).toBe('\ufffd');
    const [lead] = fable.encode(FAMILY, { bos: false }).ids;
    expect(fable.text(lead ?? -1)).toBe('\ufffd');
    expect(fable.pieces([lead ?? -1, 286])).toEqual(['\ufffd', 'The']);
  });

  it('names an id that it does not have', () => {
    for (const id of [-1, 4096, 0.5, Number.NaN]) {
      expect(() => fable.tokenString(id)).toThrow(InputError);
      expect(() => fable.decode([id])).toThrow(
        /fable-4m: there is no token .*: expected a whole number from 0 to 4095/,
      );
    }
    expect(fable.text(4096)).toBe('⟨4096⟩');
  });
});

describe('any text', () => {
  it('comes back, covered by offsets without gaps (seed 3)', () => {
    const random = seeded(3);
    for (let i = 0; i < 400; i++) expectInvariants(fable, randomText(random, 40, true), 1);
  });

  const HOSTILE: Record<string, string> = {
    'one letter': 'a'.repeat(16 * 1024),
    spaces: ' '.repeat(16 * 1024),
    'spaces before a letter': `${' '.repeat(16 * 1024 - 1)}x`,
    NUL: '\0'.repeat(16 * 1024),
    emoji: FAMILY.repeat(655),
    'one word': 'the'.repeat(5461),
    marks: '\u0301'.repeat(8192),
    'almost a special token': '<|endoftex'.repeat(1638),
    'lone surrogates': '\ud800'.repeat(5461),
  };

  it.each(Object.keys(HOSTILE))('%s ends, at 16 kB and at 128', (name) => {
    const text = HOSTILE[name] ?? '';
    expectInvariants(fable, text, 1);
    // Merging in quadratic time would take minutes over this, and the test would not end in its limit.
    expect(fable.encode(text.repeat(8)).ids.length).toBeGreaterThan(0);
  });
});

describe('files that lie', () => {
  const base = fableJson();
  const withModel = (patch: Record<string, unknown>): unknown => ({
    ...base,
    model: { ...base.model, ...patch },
  });
  const wrong: [string, unknown, RegExp][] = [
    ['null', null, /^m: tokenizer\.json: expected an object, got null/],
    ['an array', [], /expected an object, got an array of 0/],
    ['nothing in it', {}, /model: expected an object, got nothing/],
    ['vocab is text', withModel({ vocab: 'x' }), /model\.vocab: expected an object, got "x"/],
    ['no vocab', withModel({ vocab: {} }), /model\.vocab: expected an object with at least one token/],
    ['id is text', withModel({ vocab: { a: '1' } }), /model\.vocab\["a"\]: expected a whole number from 0/],
    ['negative id', withModel({ vocab: { a: -1 } }), /model\.vocab\["a"\]: expected a whole number/],
    ['huge id', withModel({ vocab: { a: 1e15 } }), /model\.vocab\["a"\]: expected a whole number/],
    ['two of an id', withModel({ vocab: { a: 1, b: 1 } }), /model\.vocab\["b"\]: expected an id of its own, got 1, which "a" has/],
    ['merges missing', withModel({ merges: null }), /model\.merges: expected an array of merges, got null/],
    ['merge of three', withModel({ merges: [['a', 'b', 'c']] }), /model\.merges\[0\]: expected two tokens/],
    ['merge into nothing', withModel({ merges: [['zz', 'qq']] }), /model\.merges\[0\]: expected two tokens that the vocabulary has/],
    ['added token without id', { ...base, added_tokens: [{ content: 'x!x' }] }, /added_tokens\[0\]\.id: expected a whole number/],
    ['added tokens are a number', { ...base, added_tokens: 5 }, /added_tokens: expected an array, got 5/],
    ['bad pattern', { ...base, pre_tokenizer: { type: 'Split', pattern: { Regex: '(' }, behavior: 'Isolated' } }, /pattern: not a pattern/],
    ['bad behaviour', { ...base, pre_tokenizer: { type: 'Split', pattern: { String: 'a' }, behavior: 'Eaten' } }, /behavior: expected one of/],
    ['bos out of range', { ...base, post_processor: { type: 'BertProcessing', cls: ['a', 9999], sep: ['b', 0] } }, /post_processor: id 9999 is not in the vocabulary/],
  ]; // prettier-ignore

  it.each(wrong)('%s', (_, json, message) => {
    expect(() => Tokenizer.fromJson(json, null, 'm')).toThrow(FormatError);
    expect(() => Tokenizer.fromJson(json, null, 'm')).toThrow(message);
  });

  const refused: [string, unknown, RegExp][] = [
    ['Unigram', withModel({ type: 'Unigram' }), /model\.type: "Unigram" is not supported/],
    ['WordPiece', withModel({ type: 'WordPiece' }), /model\.type: "WordPiece" is not supported/],
    ['suffixes', withModel({ end_of_word_suffix: '</w>' }), /end_of_word_suffix: "<\/w>" is not supported/],
    ['no bytes', { ...base, pre_tokenizer: null, decoder: null }, /no ByteLevel step in it, and the vocabulary has no <0x00>/],
    ['whitespace', { ...base, pre_tokenizer: { type: 'Whitespace' } }, /pre_tokenizer\.type: "Whitespace" is not supported/],
    ['normalizer', { ...base, normalizer: { type: 'Precompiled' } }, /normalizer\.type: "Precompiled" is not supported/],
    ['decoder', { ...base, decoder: { type: 'WordPiece' } }, /decoder\.type: "WordPiece" is not supported/],
  ]; // prettier-ignore

  it.each(refused)('refuses %s by name', (_, json, message) => {
    expect(() => Tokenizer.fromJson(json, null, 'm')).toThrow(UnsupportedError);
    expect(() => Tokenizer.fromJson(json, null, 'm')).toThrow(message);
  });

  it('asks for a bos that there is', () => {
    const plain = tokenizerJsonOf({
      name: 'plain',
      cases: [],
      patch: { post_processor: null, added_tokens: [] },
    });
    const tokenizer = Tokenizer.fromJson(plain, null, 'plain');
    expect([tokenizer.addsBos, tokenizer.bosId]).toEqual([false, undefined]);
    expect(() => tokenizer.encode('x', { bos: true })).toThrow(
      /plain: the tokenizer names no token for the beginning/,
    );
    const named = Tokenizer.fromJson(plain, { bos_token: { content: '<|endoftext|>' } }, 'plain');
    expect(named.encode('The', { bos: true }).ids).toEqual([0, 286]);
    expect(named.encode('The').ids).toEqual([286]);
  });
});
