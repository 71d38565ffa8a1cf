/** `residscope heads MODEL`: the scores of every head, as a table or as JSON. */
import type { HeadsReading } from '../../engine/node.ts';
import { COMPOSITIONS, PATTERN_SCORES, SORTABLE, type SortableScore } from '../../shared/heads/reading.ts';
import { COMMON_OPTIONS, modelArguments, parse, UsageError, wholeNumber } from '../arguments.ts';
import { headsText } from '../heads-text.ts';
import { HELP } from '../help.ts';
import { publicName, withModel } from '../open-model.ts';
import { makeProgress } from '../progress.ts';
import type { Terminal } from '../terminal.ts';

const OPTIONS = {
  ...COMMON_OPTIONS,
  draws: { type: 'string' },
  seed: { type: 'string' },
  sort: { type: 'string' },
  'no-composition': { type: 'boolean' },
} as const;

const DEFAULT_DRAWS = 8;
const MAX_DRAWS = 1000;
const MAX_SEED = 999_999_999;

export async function heads(args: readonly string[], terminal: Terminal): Promise<void> {
  const { values, positionals } = parse(args, OPTIONS);
  if (values.help) return terminal.print(HELP.heads);
  const { bos, ...common } = modelArguments(values, positionals);
  if (values.ids !== undefined) throw new UsageError('heads draws its own tokens: leave --ids out');
  const draws =
    values.draws === undefined ? DEFAULT_DRAWS : wholeNumber('--draws', values.draws, 1, MAX_DRAWS);
  const seed = values.seed === undefined ? 0 : wholeNumber('--seed', values.seed, 0, MAX_SEED);
  const sort = values.sort === undefined ? undefined : sortOf(values.sort);
  const composition = values['no-composition'] !== true;

  const progress = makeProgress(terminal);
  const found = await withModel(common, terminal, progress, async (model) => {
    const reading = await model.heads({
      draws,
      seed,
      composition,
      ...(bos !== 'auto' && { bos }),
      signal: terminal.signal,
      onProgress: ({ stage, done, total }) =>
        progress.say(
          `${model.id}: ${stage === 'patterns' ? 'random tokens' : 'weights'}, ${done} of ${total} layers`,
        ),
    });
    return {
      id: publicName(common.model),
      revision: model.revision,
      weightHash: common.json ? await model.weightHash(terminal.signal) : undefined,
      reading,
    };
  });
  const { id, revision, weightHash, reading } = found;
  await terminal.print(
    common.json
      ? `${JSON.stringify(headsJson({ id, ...(revision === undefined ? {} : { revision }), weightHash }, reading))}\n`
      : headsText(id, reading, sort),
  );
}

function sortOf(value: string): SortableScore {
  const found = SORTABLE.find((name) => name === value);
  if (found) return found;
  throw new UsageError(`--sort: expected ${SORTABLE.join(', ')}, got "${value}"`);
}

/** Numbers as JSON has them: what is undefined is null. Tables by layer and head. */
function headsJson(model: Readonly<Record<string, unknown>>, reading: HeadsReading): unknown {
  const { layers, heads: nHeads, patterns, composition, loss } = reading;
  const cells = layers * nHeads;
  const number = (x: number): number | null => (Number.isFinite(x) ? Number(x.toPrecision(7)) : null);
  const table = (values: Float32Array): (number | null)[][] =>
    Array.from({ length: layers }, (_, l) =>
      Array.from(values.subarray(l * nHeads, (l + 1) * nHeads), number),
    );
  const name = (at: number): string => `${Math.floor(at / nHeads)}.${at % nHeads}`;
  const pairs = [];
  for (let from = 0; composition && from < cells; from++) {
    for (let to = (Math.floor(from / nHeads) + 1) * nHeads; to < cells; to++) {
      const values = COMPOSITIONS.map((kind) => {
        const value = composition[kind]?.[from * cells + to];
        return value === undefined ? null : number(value);
      });
      pairs.push([name(from), name(to), ...values]);
    }
  }
  const spread = ({ mean, deviation }: { readonly mean: number; readonly deviation: number }) => [
    number(mean),
    number(deviation),
  ];
  return {
    model: { ...model, layers, heads: nHeads },
    seed: reading.seed,
    draws: reading.sequences.length,
    length: reading.length,
    bos: reading.bos ?? null,
    scores: {
      ...Object.fromEntries(
        PATTERN_SCORES.map((score) => [
          score,
          { mean: table(patterns[score].mean), deviation: table(patterns[score].deviation) },
        ]),
      ),
      copying: table(reading.copying),
    },
    labels: Array.from({ length: layers }, (_, l) => reading.labels.slice(l * nHeads, (l + 1) * nHeads)),
    loss: { first: loss.first.map(spread), second: loss.second.map(spread) },
    composition: composition
      ? { baseline: composition.baseline, columns: ['from', 'to', ...COMPOSITIONS], pairs }
      : null,
    pair: reading.pair ?? null,
    sentence: reading.sentence,
    notes: reading.notes,
    sequences: reading.sequences,
  };
}
