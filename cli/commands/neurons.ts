/** `residscope neurons MODEL TEXT`: the largest writes of neurons at one position, as a table or as JSON. */
import type { TokenList } from '../../engine/node.ts';
import { COMMON_OPTIONS, commonArguments, parse, wholeNumber } from '../arguments.ts';
import { jsonNumber } from '../columns.ts';
import { HELP } from '../help.ts';
import { neuronsText } from '../neurons-text.ts';
import { publicName, resolvePrompt, withModel } from '../open-model.ts';
import { makeProgress } from '../progress.ts';
import { targetsOf } from '../target.ts';
import type { Terminal } from '../terminal.ts';
import { positionArgument } from './dla.ts';

const OPTIONS = {
  ...COMMON_OPTIONS,
  layer: { type: 'string' },
  pos: { type: 'string' },
  target: { type: 'string' },
  count: { type: 'string' },
  'top-k': { type: 'string' },
} as const;

const MAX_LAYER = 9999;
const MAX_COUNT = 1000;
const MAX_K = 100;

export async function neurons(args: readonly string[], terminal: Terminal): Promise<void> {
  const { values, positionals } = parse(args, OPTIONS);
  if (values.help) return terminal.print(HELP.neurons);
  const common = commonArguments(values, positionals, { emptyText: false });
  const number = (name: 'layer' | 'count' | 'top-k', min: number, max: number): number | undefined => {
    const value = values[name];
    return value === undefined ? undefined : wholeNumber(`--${name}`, value, min, max);
  };
  const layer = number('layer', 0, MAX_LAYER);
  const count = number('count', 1, MAX_COUNT);
  const k = number('top-k', 1, MAX_K);
  const pos = values.pos === undefined ? undefined : positionArgument(values.pos);
  const progress = makeProgress(terminal);
  const text = await withModel(common, terminal, progress, async (model) => {
    const { signal } = terminal;
    const { tokenizer } = model;
    const prompt = await resolvePrompt(common.prompt, tokenizer, { emptyText: false, signal });
    const { ids } = prompt.encoding;
    const targets = values.target === undefined ? {} : targetsOf(values.target, tokenizer);
    progress.say(`${model.id}: running`);
    const reading = await model.neurons(ids, {
      ...targets,
      ...(pos !== undefined && { pos }),
      ...(count !== undefined && { count }),
      ...(k !== undefined && { k }),
      layer,
      signal,
    });
    const words = (id: number): string => tokenizer.text(id);
    if (!common.json) return neuronsText(publicName(common.model), reading, ids, words);
    const token = (id: number) => ({ id, text: words(id) });
    const list = ({ ids: found, values: numbers }: TokenList) =>
      Array.from(found, (id, i) => ({ ...token(id), value: jsonNumber(numbers[i] as number) }));
    const { against } = reading;
    const json = {
      model: {
        id: publicName(common.model),
        ...(model.revision !== undefined && { revision: model.revision }),
        weightHash: await model.weightHash(signal),
      },
      ids,
      bos: prompt.bos,
      pos: reading.pos,
      layer: layer ?? null,
      target: token(reading.target),
      against: typeof against === 'number' ? token(against) : (against ?? null),
      neurons: reading.writes.map((write) => ({
        layer: write.layer,
        neuron: write.neuron,
        coefficient: jsonNumber(write.coefficient),
        length: jsonNumber(write.length),
        moves: jsonNumber(write.moves),
        promoted: list(write.promoted),
        suppressed: list(write.suppressed),
      })),
      listedLength: jsonNumber(reading.listedLength),
      totalLength: jsonNumber(reading.totalLength),
      notes: reading.notes,
    };
    return `${JSON.stringify(json)}\n`;
  });
  await terminal.print(text);
}
