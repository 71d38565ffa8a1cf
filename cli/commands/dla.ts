/** `residscope dla MODEL TEXT`: direct logit attribution, as a table or as JSON. */
import { COMMON_OPTIONS, commonArguments, parse, UsageError, wholeNumber } from '../arguments.ts';
import { jsonNumber } from '../columns.ts';
import { dlaText } from '../dla-text.ts';
import { HELP } from '../help.ts';
import { publicName, resolvePrompt, withModel } from '../open-model.ts';
import { makeProgress } from '../progress.ts';
import { targetsOf } from '../target.ts';
import type { Terminal } from '../terminal.ts';

const OPTIONS = {
  ...COMMON_OPTIONS,
  target: { type: 'string' },
  pos: { type: 'string' },
  count: { type: 'string' },
} as const;

const DEFAULT_COUNT = 20;
const MAX_COUNT = 10_000;

export async function dla(args: readonly string[], terminal: Terminal): Promise<void> {
  const { values, positionals } = parse(args, OPTIONS);
  if (values.help) return terminal.print(HELP.dla);
  const common = commonArguments(values, positionals, { emptyText: false });
  const pos = values.pos === undefined ? undefined : positionArgument(values.pos);
  const count =
    values.count === undefined ? DEFAULT_COUNT : wholeNumber('--count', values.count, 1, MAX_COUNT);
  const progress = makeProgress(terminal);
  const text = await withModel(common, terminal, progress, async (model) => {
    const { signal } = terminal;
    const { tokenizer } = model;
    const prompt = await resolvePrompt(common.prompt, tokenizer, { emptyText: false, signal });
    const { ids } = prompt.encoding;
    const targets = values.target === undefined ? {} : targetsOf(values.target, tokenizer);
    progress.say(`${model.id}: running`);
    const reading = await model.attribution(ids, {
      ...targets,
      ...(pos !== undefined && { pos }),
      signal,
    });
    const words = (id: number): string => tokenizer.text(id);
    if (!common.json) return dlaText(publicName(common.model), reading, ids, words, count, terminal);
    const token = (id: number) => ({ id, text: words(id) });
    const { components, parts, heads, tokens, bySource, against } = reading;
    const json = {
      model: {
        id: publicName(common.model),
        ...(model.revision !== undefined && { revision: model.revision }),
        weightHash: await model.weightHash(signal),
      },
      ids,
      bos: prompt.bos,
      pos: reading.pos,
      target: token(reading.target),
      against: typeof against === 'number' ? token(against) : (against ?? null),
      logit: jsonNumber(reading.logit),
      targetLogit: jsonNumber(reading.targetLogit),
      targetLogprob: jsonNumber(reading.targetLogprob),
      sum: jsonNumber(reading.sum),
      error: jsonNumber(reading.error),
      attn: Array.from(reading.attn, jsonNumber),
      mlp: Array.from(reading.mlp, jsonNumber),
      components: components.map(({ kind, layer = null, head = null, name }, i) => {
        const part = jsonNumber(parts[i] as number);
        if (kind !== 'head') return { kind, layer, name, part };
        const from = ((layer as number) * heads + (head as number)) * tokens;
        const sources = Array.from(bySource.subarray(from, from + reading.pos + 1), jsonNumber);
        return { kind, layer, head, name, part, sources };
      }),
      notes: reading.notes,
    };
    return `${JSON.stringify(json)}\n`;
  });
  await terminal.print(text);
}

/** From 0, or from the end: −1 is the last. */
export function positionArgument(value: string): number {
  if (/^-?\d{1,9}$/.test(value)) return Number(value);
  throw new UsageError(
    `--pos: expected a whole number, from 0 or, with a minus, from the end, got "${value}"`,
  );
}
