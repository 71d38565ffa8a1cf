/** Tokenizers against what the Rust library gives: real vocabularies, and small ones for every kind that is read. */
import { describe, expect, it } from 'vitest';
import { readTokenizerSpec } from '../../shared/tokenizer/spec.ts';
import { Tokenizer } from '../../shared/tokenizer/tokenizer.ts';
import { expectCase, tokenizerCases, utf16Offsets } from '../cases/tokenizer.ts';
import { sharedMissing } from '../support/addresses.ts';
import { readJson } from '../support/read-json.ts';
import { isKind, tokenizerJsonOf } from '../support/tokenizer-kinds.ts';

const REAL = [
  { name: 'gpt2', folder: 'shared/tokenizers/gpt2', golden: 'golden.json', cases: 232 },
  {
    name: 'smollm2',
    folder: 'shared/models/smollm2-135m-instruct',
    golden: 'tokenizer-golden.json',
    cases: 232,
  },
];

describe.each(REAL)('$name', ({ name, folder, golden, cases: count }) => {
  it('gives the ids, tokens, offsets and texts of every golden', ({ skip }) => {
    if (sharedMissing) skip(sharedMissing);
    const tokenizer = Tokenizer.fromJson(readJson(`${folder}/tokenizer.json`), undefined, name);
    const cases = tokenizerCases(readJson(`${folder}/${golden}`));
    expect(cases).toHaveLength(count);
    for (const each of cases) expectCase(tokenizer, each);
  });
});

/**
 * Where our offsets are better than Rust's on purpose: a stretch that a normalizer changes comes from all of it
 * (Rust takes its first or its last character), and a character that lost a byte doesn't push its neighbours.
 */
const WIDER = ['qwen2', 'added', 'lowercase-strip', 'bytes-missing'];

describe('kinds of tokenizers', () => {
  const kinds = readJson('test/goldens/tokenizers.json');
  if (!Array.isArray(kinds) || !kinds.every(isKind))
    throw new Error('test/goldens/tokenizers.json: not a list of kinds');

  it.each(kinds)('$name', (kind) => {
    const tokenizer = Tokenizer.fromJson(tokenizerJsonOf(kind), undefined, kind.name);
    for (const each of tokenizerCases(kind.cases)) {
      const { ids, offsets } = tokenizer.encode(each.text);
      expect(ids, each.text).toEqual(each.ids);
      expect(tokenizer.decode(each.ids), each.text).toBe(each.decoded);
      const theirs = utf16Offsets(each);
      if (!WIDER.includes(kind.name)) expect(offsets, each.text).toEqual(theirs);
      else if (kind.name !== 'bytes-missing') {
        offsets.forEach(([start, end], i) => {
          const [from, to] = theirs[i] ?? [-1, -1];
          expect(start <= from && to <= end, `${each.text}: ${start}-${end} holds ${from}-${to}`).toBe(true);
        });
      }
    }
  });

  it('a composed character comes from all that composes it', () => {
    const kind = kinds.find(({ name }) => name === 'qwen2');
    if (!kind) throw new Error('no kind qwen2');
    const tokenizer = Tokenizer.fromJson(tokenizerJsonOf(kind), undefined, 'qwen2');
    const { offsets, ids } = tokenizer.encode('cafe\u0301s');
    expect(tokenizer.decode(ids)).toBe('cafés');
    expect(offsets.at(-1)).toEqual([5, 6]);
    expect(offsets.at(-2)).toEqual([3, 5]);
  });

  it('a lost byte leaves the others in place', () => {
    const kind = kinds.find(({ name }) => name === 'bytes-missing');
    if (!kind) throw new Error('no kind bytes-missing');
    const tokenizer = Tokenizer.fromJson(tokenizerJsonOf(kind), undefined, 'bytes-missing');
    expect(tokenizer.encode('a\x04b\x04').offsets).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it('reads merges written as one string', () => {
    const json = tokenizerJsonOf({ name: 'old', cases: [], mergesAsText: true });
    expect(readTokenizerSpec(json, null, 'old').merges[0]).toEqual(['Ġ', 't']);
  });
});
