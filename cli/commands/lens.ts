/** `residscope lens MODEL TEXT`: one run, shown as a table and written as whatever files are asked for. */
import type { LensModel, StreamEvent, Translators } from '../../engine/node.ts';
import type { LateReadings, LayerReadings, SelfCheck } from '../../shared/lens/readings.ts';
import { lensHtml } from '../../shared/picture/lens-html.ts';
import { lensSvg } from '../../shared/picture/lens-svg.ts';
import type { TraceData } from '../../shared/trace/data.ts';
import { decodeTrace } from '../../shared/trace/decode.ts';
import { encodeTrace } from '../../shared/trace/encode.ts';
import { toLogitlens } from '../../shared/trace/logitlenskit.ts';
import { COMMON_OPTIONS, commonArguments, parse, UsageError, wholeNumber } from '../arguments.ts';
import { HELP } from '../help.ts';
import { lensText } from '../lens-text.ts';
import { openLens } from '../open-lens.ts';
import { publicName, resolvePrompt, withModel, type Prompt } from '../open-model.ts';
import type { Progress } from '../progress.ts';
import { makeProgress } from '../progress.ts';
import type { Terminal } from '../terminal.ts';
import { RESID_HOOKS, ResidualStates } from '../residual-states.ts';
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

const DEFAULT_K = 10;
const MAX_K = 100;

export async function lens(args: readonly string[], terminal: Terminal): Promise<void> {
  const { values, positionals } = parse(args, OPTIONS);
  if (values.help) return terminal.print(HELP.lens);
  const common = commonArguments(values, positionals, { emptyText: false });
  const topK = values['top-k'];
  const k = topK === undefined ? DEFAULT_K : wholeNumber('--top-k', topK, 1, MAX_K);
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
      terminal,
      progress,
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
    await write(files.html, () => lensHtml(trace));
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

interface Run {
  readonly readings: readonly LayerReadings[];
  readonly late: LateReadings | undefined;
  readonly checks: readonly SelfCheck[];
  readonly timings: Readonly<Record<string, number>>;
}

interface CollectOptions {
  readonly k: number;
  readonly translators: Translators | undefined;
  readonly terminal: Terminal;
  readonly progress: Progress;
  readonly states: ResidualStates | undefined;
}

async function collect(model: LensModel, prompt: Prompt, options: CollectOptions): Promise<Run> {
  const { k, translators, terminal, progress, states } = options;
  const readings: LayerReadings[] = [];
  let [late, checks]: [LateReadings | undefined, readonly SelfCheck[]] = [undefined, []];
  let timings: Record<string, number> = {};
  const hooks = states === undefined ? [] : RESID_HOOKS;
  const events: AsyncIterable<StreamEvent> = model.stream(prompt.encoding.ids, {
    lens: { k, translators },
    hooks,
    signal: terminal.signal,
  });
  for await (const event of events) {
    if (event.type === 'block') await states?.add(event.hooks);
    else if (event.type === 'readings') {
      readings.push(event.readings);
      progress.say(`${model.id}: layer ${event.readings.layer + 1} of ${model.spec.nLayers}`);
    } else if (event.type === 'late') late = event.late;
    else if (event.type === 'checks') checks = event.checks;
    else if (event.type === 'done') timings = { ...event.timings };
  }
  return { readings, late, checks, timings };
}

/** Encoded and read back, so that what is printed, drawn and written is what any reader of the trace sees. */
async function traceOf(
  model: LensModel,
  id: string,
  prompt: Prompt,
  { readings, late, checks, timings }: Run,
  hashSignal: AbortSignal | undefined,
  translators: Translators | undefined,
): Promise<TraceData> {
  const { nLayers: layers, dVocab: vocab } = model.spec;
  return decodeTrace(
    encodeTrace({
      model: {
        id,
        ...(model.revision === undefined ? {} : { revision: model.revision }),
        ...(hashSignal ? { weightHash: await model.weightHash(hashSignal) } : {}),
        layers,
        vocab,
      },
      ids: prompt.encoding.ids,
      bos: prompt.bos,
      tokenizer: model.tokenizer,
      readings,
      lens: translators,
      ...(late === undefined ? {} : { late }),
      checks,
      device: model.device,
      timings,
    }),
  );
}

function none(): Promise<Float32Array> {
  return Promise.resolve(new Float32Array());
}
