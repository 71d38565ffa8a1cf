/** The tokenizers of test/goldens/tokenizers.json: their own, or fable-4m's with some steps replaced. */
import { readJson } from './read-json.ts';

export interface TokenizerKind {
  readonly name: string;
  readonly cases: unknown;
  readonly tokenizer?: unknown;
  /** Fields of fable-4m's tokenizer.json to replace. */
  readonly patch?: Readonly<Record<string, unknown>>;
  readonly modelPatch?: Readonly<Record<string, unknown>>;
  readonly dropTokens?: readonly string[];
  readonly mergesAsText?: boolean;
}

export function isKind(value: unknown): value is TokenizerKind {
  return typeof value === 'object' && value !== null && 'name' in value && 'cases' in value;
}

interface FableJson {
  readonly model: {
    readonly vocab: Readonly<Record<string, number>>;
    readonly merges: readonly [string, string][];
  };
}

export function isFable(value: unknown): value is FableJson {
  return typeof value === 'object' && value !== null && 'model' in value;
}

export function fableJson(): FableJson {
  const json = readJson('site/public/models/fable-4m/tokenizer.json');
  if (!isFable(json)) throw new Error('fable-4m: tokenizer.json: no model');
  return json;
}

export function tokenizerJsonOf(kind: TokenizerKind): unknown {
  if (kind.tokenizer !== undefined) return kind.tokenizer;
  const fable = fableJson();
  const gone = new Set(kind.dropTokens ?? []);
  const vocab = Object.fromEntries(Object.entries(fable.model.vocab).filter(([token]) => !gone.has(token)));
  const merges = fable.model.merges.filter(([left, right]) => !gone.has(left) && !gone.has(right));
  return {
    ...fable,
    ...kind.patch,
    model: {
      ...fable.model,
      ...kind.modelPatch,
      vocab,
      merges: kind.mergesAsText ? merges.map((pair) => pair.join(' ')) : merges,
    },
  };
}
