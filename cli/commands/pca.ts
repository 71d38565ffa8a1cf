/** `residscope pca MODEL --prompts FILE`: the directions experiment over a file, one prompt a line. */
import { CancelledError, InputError } from '../../shared/errors.ts';
import type { ExperimentSummary, LensModel, PromptDirections } from '../../engine/node.ts';
import { experimentCsv, experimentJson, type ExperimentRecord } from '../../shared/lens/experiment-files.ts';
import { COMMON_OPTIONS, modelArguments, parse, required, UsageError, wholeNumber } from '../arguments.ts';
import { HELP } from '../help.ts';
import { publicName, withModel } from '../open-model.ts';
import { pcaText } from '../pca-text.ts';
import { makeProgress } from '../progress.ts';
import { readPrompts, type PromptLine } from '../read-prompts.ts';
import type { Terminal } from '../terminal.ts';
import { assertWritable, writeWhole } from '../write-file.ts';

const OPTIONS = {
  ...COMMON_OPTIONS,
  prompts: { type: 'string' },
  'no-centre': { type: 'boolean' },
  mid: { type: 'boolean' },
  csv: { type: 'string' },
  seed: { type: 'string' },
} as const;

const MAX_SEED = 999_999_999;

export async function pca(args: readonly string[], terminal: Terminal): Promise<void> {
  const { values, positionals } = parse(args, OPTIONS);
  if (values.help) return terminal.print(HELP.pca);
  const { bos, ...common } = modelArguments(values, positionals);
  if (values.ids !== undefined) throw new UsageError('pca runs many prompts: --prompts FILE, not --ids');
  const file = required('--prompts', values.prompts, 'FILE, one prompt a line');
  const seed = values.seed === undefined ? 0 : wholeNumber('--seed', values.seed, 0, MAX_SEED);
  const { csv } = values;
  if (csv !== undefined) assertWritable('--csv', csv);
  const lines = await readPrompts(file, terminal.signal);

  const progress = makeProgress(terminal);
  const options = { mid: values.mid === true, centred: values['no-centre'] !== true, seed };
  const record = await withModel(common, terminal, progress, async (model) => {
    const prompts = lines.map(({ text, line }) => {
      const { ids } = model.tokenizer.encode(text, { bos });
      const { nCtx } = model.spec;
      if (ids.length > nCtx) {
        throw new InputError(
          `--prompts ${file}: line ${line}: ${ids.length} tokens are more than this model's context of ${nCtx}: shorten it`,
        );
      }
      return ids;
    });
    const { readings, summary } = await run(model, prompts, options, terminal.signal, (done) =>
      progress.say(`${model.id}: prompt ${done} of ${prompts.length}`),
    );
    return {
      model: {
        id: publicName(common.model),
        ...(model.revision === undefined ? {} : { revision: model.revision }),
        weightHash: await model.weightHash(terminal.signal),
        layers: model.spec.nLayers,
      },
      options: { ...options, mid: options.mid && model.spec.blockHooks.includes('hook_resid_mid'), bos },
      summary,
      prompts: readings.map((reading, i) => ({
        ...reading,
        prompt: (lines[i] as PromptLine).text,
        prediction: model.tokenizer.text(reading.predictionId),
        direction: model.tokenizer.text(reading.directionId),
      })),
    } satisfies ExperimentRecord;
  });
  if (csv !== undefined) {
    await writeWhole(csv, [experimentCsv(record)]);
    terminal.note(`wrote ${csv}\n`);
  }
  await terminal.print(
    values.json ? `${JSON.stringify(experimentJson(record))}\n` : pcaText(record, terminal),
  );
}

async function run(
  model: LensModel,
  prompts: readonly (readonly number[])[],
  options: { readonly mid: boolean; readonly centred: boolean; readonly seed: number },
  signal: AbortSignal,
  onPrompt: (done: number) => void,
): Promise<{ readings: PromptDirections[]; summary: ExperimentSummary }> {
  const readings: PromptDirections[] = [];
  for await (const event of model.directionsExperiment(prompts, { ...options, signal })) {
    if (event.type === 'summary') return { readings, summary: event.summary };
    readings.push(event.reading);
    onPrompt(event.index + 1);
  }
  throw new CancelledError();
}
