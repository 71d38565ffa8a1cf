/** All scores of all heads: attention over repeated random tokens, and circuits from the weights. Loaded where asked for. */
import { InputError } from '../shared/errors.ts';
import { inductionPair, inductionSentence, labelsOf } from '../shared/heads/reading.ts';
import { COPY_LENGTH, repeatedTokens } from '../shared/heads/repeated.ts';
import type { ModelSpec } from '../shared/spec/model-spec.ts';
import type { TokenizerPort } from '../shared/tokenizer/encoding.ts';
import type { Workplace } from './average-readings.ts';
import { readCircuits } from './head-circuits.ts';
import { readPatterns } from './head-patterns.ts';
import type { ReadsWeights } from './head-weights.ts';
import type { HeadsOptions, HeadsReading } from './heads-api.ts';

const DEFAULTS = { draws: 8, seed: 0, length: COPY_LENGTH, composition: true } as const;
const MAX_DRAWS = 1000;

/** See {@link Model.heads}. */
export async function readHeads(
  model: ReadsWeights & { readonly tokenizer: TokenizerPort },
  place: Workplace,
  options: HeadsOptions = {},
): Promise<HeadsReading> {
  const { draws, seed, length, composition } = { ...DEFAULTS, ...options };
  const { interventions = [], signal, onProgress } = options;
  whole('draws', draws, 1, MAX_DRAWS);
  whole('length', length, 2, model.spec.nCtx);
  whole('seed', seed, 0, 2 ** 32 - 1);
  const { nLayers: layers, nHeads: heads, dVocab, nCtx } = model.spec;
  const drawn = repeatedTokens(model.tokenizer, { draws, seed, length, dVocab, nCtx, bos: options.bos });
  const { patterns, loss } = await readPatterns(place, drawn, {
    interventions,
    signal,
    onProgress: (done, total) => onProgress?.({ stage: 'patterns', done, total }),
  });
  const circuits = await readCircuits(place, model, {
    composition,
    seed,
    signal,
    onProgress: (done, total) => onProgress?.({ stage: 'circuits', done, total }),
  });
  const shape = { layers, heads };
  const pair = inductionPair(patterns, circuits.composition, shape);
  return {
    ...shape,
    seed,
    bos: drawn.bos,
    length: drawn.length,
    sequences: drawn.sequences,
    patterns,
    copying: circuits.copying,
    labels: Array.from({ length: layers * heads }, (_, at) => labelsOf(patterns, circuits.copying, at)),
    loss,
    composition: circuits.composition,
    pair,
    sentence: inductionSentence(patterns, pair, shape),
    notes: notesOf(model.spec, drawn.length, drawn.bos, options.bos),
  };
}

function whole(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new InputError(`heads: ${name}: expected a whole number from ${min} to ${max}, got ${value}`);
}

/** What a family's scores leave out. */
function notesOf(
  spec: ModelSpec,
  length: number,
  bos: number | undefined,
  asked: boolean | undefined,
): string[] {
  const notes: string[] = [];
  if (spec.weights.blocks.some((block) => block.qNorm ?? block.kNorm)) {
    notes.push(
      'Q- and K-composition are undefined: norms on queries and keys stand between the weights and the scores.',
    );
  } else if (spec.rotaries.length > 0) {
    notes.push('Q- and K-composition leave position out: rotary turns queries and keys by where they stand.');
  }
  const narrow = spec.layers.flatMap(({ window }, l) => (window !== undefined && window < length ? [l] : []));
  if (narrow.length > 0) {
    notes.push(
      `Layers ${narrow.join(', ')} see a window shorter than a copy of ${length} tokens: their induction and duplicate-token scores are 0 by construction.`,
    );
  }
  if (bos === undefined) {
    notes.push(
      asked === false
        ? 'No token for the beginning of a text stands in front: the sequences start with a random one.'
        : 'The tokenizer names no token for the beginning of a text: the sequences start with a random one.',
    );
  }
  return notes;
}
