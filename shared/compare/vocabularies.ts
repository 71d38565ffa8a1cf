/** Whether two models mean the same by every id: what makes a KL between them a number. */

export interface VocabularyOf {
  /** The tokenizer's own string of each id; undefined where an id has none. */
  readonly strings: readonly (string | undefined)[];
  /** Logits of the model: it may have more than there are tokens, or fewer. */
  readonly dVocab: number;
}

export type VocabularyMatch =
  /** The first `size` ids are the same tokens in both; what one has more has no token. */
  | { readonly same: true; readonly size: number }
  /** `why`: how they differ, in words. */
  | { readonly same: false; readonly why: string };

export function matchVocabularies(a: VocabularyOf, b: VocabularyOf): VocabularyMatch {
  const size = Math.min(a.dVocab, b.dVocab);
  let first: number | undefined;
  let differ = 0;
  for (let id = 0; id < size; id++) {
    if (a.strings[id] === b.strings[id]) continue;
    first ??= id;
    differ++;
  }
  if (first !== undefined) {
    const name = (strings: VocabularyOf['strings']): string =>
      strings[first] === undefined ? 'no token' : JSON.stringify(strings[first]);
    return {
      same: false,
      why: `id ${first} is ${name(a.strings)} in one and ${name(b.strings)} in the other; ${differ.toLocaleString('en')} of ${size.toLocaleString('en')} ids differ`,
    };
  }
  const longer = a.dVocab > b.dVocab ? a : b;
  for (let id = size; id < longer.dVocab; id++) {
    if (longer.strings[id] !== undefined) {
      return {
        same: false,
        why: `one has ${a.dVocab.toLocaleString('en')} tokens and the other ${b.dVocab.toLocaleString('en')}`,
      };
    }
  }
  return { same: true, size };
}

/** A model's vocabulary, read off its tokenizer. */
export function vocabularyOf({
  spec,
  tokenizer,
}: {
  readonly spec: { readonly dVocab: number };
  readonly tokenizer: { readonly vocabSize: number; tokenString(id: number): string };
}): VocabularyOf {
  const strings = Array.from({ length: Math.min(tokenizer.vocabSize, spec.dVocab) }, (_, id) => {
    try {
      return tokenizer.tokenString(id);
    } catch {
      return undefined; // a hole among the ids
    }
  });
  return { strings, dVocab: spec.dVocab };
}
