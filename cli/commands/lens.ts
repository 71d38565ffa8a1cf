/** `residscope lens MODEL TEXT`: one run, shown as a table and written as whatever files are asked for. */
import { lensHtml } from '../../shared/picture/lens-html.ts';
import { lensSvg } from '../../shared/picture/lens-svg.ts';
import { toLogitlens } from '../../shared/trace/logitlenskit.ts';
import { COMMON_OPTIONS, commonArguments, parse, UsageError } from '../arguments.ts';
import { HELP } from '../help.ts';
import { lensText } from '../lens-text.ts';
import { collect, topKOf, traceOf } from '../lens-trace.ts';
import { openLens } from '../open-lens.ts';
import { publicName, resolvePrompt, withModel } from '../open-model.ts';
import { makeProgress } from '../progress.ts';
import type { Terminal } from '../terminal.ts';
import { ResidualStates } from '../residual-states.ts';
import { widgetScript } from '../widget-script.ts';
import { assertWritable, writeWhole } from '../write-file.ts';

const OPTIONS = {
  ...COMMON_OPTIONS,
  svg: { type: 'string' },
  html: { type: 'string' },
  logitlens: { type: 'string' },
  lens: { type: 'string' },
  'save-lens': { type: 'string' },
  'top-k': { type: 'string' },
} as const;

export async function lens(args: readonly string[], terminal: Terminal): Promise<void> {
  const { values, positionals } = parse(args, OPTIONS);
  if (values.help) return terminal.print(HELP.lens);
  const common = commonArguments(values, positionals, { emptyText: false });
  const k = topKOf(values['top-k']);
  const chosen = values.lens ?? 'raw';
  if (values['save-lens'] !== undefined && chosen !== 'fitted') {
    throw new UsageError('--save-lens writes the lens that --lens fitted fits: give both');
  }
  const files = {
    svg: values.svg,
    html: values.html,
    logitlens: values.logitlens,
    'save-lens': values['save-lens'],
  };
  for (const [name, file] of Object.entries(files)) if (file !== undefined) assertWritable(`--${name}`, file);

  const progress = makeProgress(terminal);
  await withModel(common, terminal, progress, async (model) => {
    const prompt = await resolvePrompt(common.prompt, model.tokenizer, {
      emptyText: false,
      signal: terminal.signal,
    });
    const translators = await openLens(model, chosen, files['save-lens'], terminal, progress);
    const states = files.logitlens === undefined ? undefined : new ResidualStates(model, translators);
    const run = await collect(model, prompt, {
      k: Math.min(k, model.spec.dVocab),
      translators,
      signal: terminal.signal,
      onLayer: (layer) => progress.say(`${model.id}: layer ${layer + 1} of ${model.spec.nLayers}`),
      states,
    });
    const trace = await traceOf(
      model,
      publicName(common.model),
      prompt,
      run,
      common.json ? terminal.signal : undefined,
      translators,
    );
    const write = async (file: string | undefined, text: () => string | Promise<string>) => {
      if (file === undefined) return;
      await writeWhole(file, [await text()]);
      progress.end();
      terminal.note(`wrote ${file}\n`);
    };
    await write(files.svg, () => `${lensSvg(trace)}\n`);
    await write(files.html, async () => lensHtml(trace, await widgetScript()));
    await write(files.logitlens, async () => {
      const json = await toLogitlens(
        trace,
        (pos, ids) => states?.logprobs(pos, ids, terminal.signal) ?? none(),
      );
      return `${JSON.stringify(json)}\n`;
    });
    progress.end();
    await terminal.print(common.json ? `${JSON.stringify(trace.source)}\n` : lensText(trace, terminal));
  });
}

function none(): Promise<Float32Array> {
  return Promise.resolve(new Float32Array());
}
