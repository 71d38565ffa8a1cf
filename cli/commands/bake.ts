/** `residscope bake MODEL --prompts FILE --out DIR`: a trace file a prompt, by as many processes as share the folder. */
import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import type { LensModel } from '../../engine/node.ts';
import { CancelledError, InputError, messageOf } from '../../shared/errors.ts';
import { canonicalTrace } from '../../shared/trace/canonical.ts';
import { COMMON_OPTIONS, modelArguments, parse, required, UsageError } from '../arguments.ts';
import { BakeFolder, bakeName, type BakeInputs } from '../bake-folder.ts';
import { Claims } from '../claims.ts';
import { HELP } from '../help.ts';
import { collect, topKOf, traceOf } from '../lens-trace.ts';
import { openLens } from '../open-lens.ts';
import { publicName, resolvePrompt, withModel, type Prompt } from '../open-model.ts';
import { makeProgress, type Progress } from '../progress.ts';
import { readPrompts } from '../read-prompts.ts';
import type { Terminal } from '../terminal.ts';

const OPTIONS = {
  ...COMMON_OPTIONS,
  prompts: { type: 'string' },
  out: { type: 'string' },
  gallery: { type: 'boolean' },
  lens: { type: 'string' },
  'top-k': { type: 'string' },
} as const;

/** Milliseconds between looks at what another process still holds. */
const WAIT = 250;

/** One file to be there. */
interface Piece {
  readonly name: string;
  readonly prompt: Prompt;
}

export async function bake(args: readonly string[], terminal: Terminal): Promise<void> {
  const { values, positionals } = parse(args, OPTIONS);
  if (values.help) return terminal.print(HELP.bake);
  const { bos, ...common } = modelArguments(values, positionals);
  if (values.ids !== undefined) throw new UsageError('bake runs many prompts: --prompts FILE, not --ids');
  const file = required('--prompts', values.prompts, 'FILE, one prompt a line');
  const out = required('--out', values.out, 'DIR, a folder for the traces');
  const k = topKOf(values['top-k']);
  const lines = await readPrompts(file, terminal.signal);
  await mkdir(out, { recursive: true }).catch((cause: unknown) => {
    throw new InputError(`--out ${out}: no folder can be made here: ${messageOf(cause)}`, { cause });
  });
  const folder = new BakeFolder(out);
  const progress = makeProgress(terminal);

  const { names, made } = await withModel(common, terminal, progress, async (model) => {
    const translators = await openLens(model, values.lens ?? 'raw', undefined, terminal, progress);
    const id = publicName(common.model);
    const inputs: BakeInputs = {
      model: {
        id,
        ...(model.revision === undefined ? {} : { revision: model.revision }),
        weightHash: await model.weightHash(terminal.signal),
      },
      options: {
        lens: translators ? { kind: translators.kind, hash: translators.hash } : { kind: 'raw' },
        topK: Math.min(k, model.spec.dVocab),
        compute: common.compute,
      },
    };
    const pieces: Piece[] = [];
    for (const { text, line } of lines) {
      const argument = { kind: 'text', text, bos } as const;
      const prompt = await resolvePrompt(argument, model.tokenizer, { emptyText: false, signal: terminal.signal }); // prettier-ignore
      const { ids } = prompt.encoding;
      if (ids.length > model.spec.nCtx) {
        throw new InputError(
          `--prompts ${file}: line ${line}: ${ids.length} tokens are more than this model's context of ${model.spec.nCtx}: shorten it`,
        );
      }
      pieces.push({ name: await bakeName(inputs, ids, prompt.bos), prompt });
    }
    const write = async ({ name, prompt }: Piece): Promise<void> => {
      const options = { k: inputs.options.topK, translators, signal: terminal.signal };
      const run = await collect(model, prompt, options);
      const trace = await traceOf(model, id, prompt, run, terminal.signal, translators);
      await folder.write(name, canonicalTrace(trace.source));
    };
    return { names: pieces.map(({ name }) => name), made: await share(pieces, folder, write, model, progress, terminal.signal) }; // prettier-ignore
  });

  progress.say(`${out}: index`);
  const traces = await folder.finish();
  if (values.gallery) await folder.gallery(names, (done) => progress.say(`${out}: gallery, ${done} of ${names.length}`)); // prettier-ignore
  progress.end();
  const distinct = new Set(names).size;
  const report = { out, prompts: names.length, traces: distinct, made, index: join(out, 'index.json') };
  await terminal.print(
    values.json
      ? `${JSON.stringify({ ...report, names, ids: names.map((name) => traces[name]) })}\n`
      : `${distinct} traces of ${names.length} prompts in ${out}, ${made} made now; ${report.index} names their ids\n`,
  );
}

/**
 * Makes what is not there and nobody else is at; then waits for the others, and takes over from those that end.
 *
 * @returns how many this process made.
 */
async function share(
  pieces: readonly Piece[],
  folder: BakeFolder,
  write: (piece: Piece) => Promise<void>,
  model: LensModel,
  progress: Progress,
  signal: AbortSignal,
): Promise<number> {
  const claims = new Claims(join(folder.path, '.claims'));
  let made = 0;
  try {
    let left = [...new Map(pieces.map((piece) => [piece.name, piece])).values()];
    const total = left.length;
    while (left.length > 0) {
      const others: Piece[] = [];
      for (const [i, piece] of left.entries()) {
        if (signal.aborted) throw new CancelledError();
        if (await folder.has(piece.name)) continue;
        if (!(await claims.take(piece.name))) {
          others.push(piece);
          continue;
        }
        // It may have been finished between the look and the claim.
        if (!(await folder.has(piece.name))) {
          await write(piece);
          made++;
        }
        await claims.release(piece.name);
        progress.say(`${model.id}: ${total - (left.length - i - 1) - others.length} of ${total} traces, ${made} made here`); // prettier-ignore
      }
      left = others;
      if (left.length > 0) {
        progress.say(`${model.id}: another process is at the last ${left.length}`);
        await sleep(WAIT, undefined, { signal }).catch(() => undefined);
      }
    }
    return made;
  } finally {
    await claims.close();
  }
}
