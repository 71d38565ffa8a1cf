/** `residscope activations MODEL TEXT --hooks GLOB[,GLOB…] --out FILE.safetensors` */
import type { HookTensor } from '../../engine/node.ts';
import type { TensorToWrite } from '../../shared/formats/safetensors-write.ts';
import { planSafetensors, tensorBytes } from '../../shared/formats/safetensors-write.ts';
import { throwIfCancelled } from '../../shared/errors.ts';
import { VERSION } from '../../shared/version.ts';
import { COMMON_OPTIONS, commonArguments, parse, required, UsageError } from '../arguments.ts';
import { HELP } from '../help.ts';
import { publicName, resolvePrompt, withModel } from '../open-model.ts';
import { makeProgress } from '../progress.ts';
import type { Terminal } from '../terminal.ts';
import { assertWritable, writeWhole } from '../write-file.ts';

const OPTIONS = { ...COMMON_OPTIONS, hooks: { type: 'string' }, out: { type: 'string' } } as const;

interface Entry extends TensorToWrite {
  read(): Promise<Float32Array | BigInt64Array>;
}

export async function activations(args: readonly string[], terminal: Terminal): Promise<void> {
  const { values, positionals } = parse(args, OPTIONS);
  if (values.help) return terminal.print(HELP.activations);
  const common = commonArguments(values, positionals, { emptyText: false });
  const hooks = globs(required('--hooks', values.hooks, "GLOB[,GLOB...], as in 'blocks.*.hook_resid_post'"));
  const out = required('--out', values.out, 'FILE.safetensors');
  assertWritable('--out', out);

  const progress = makeProgress(terminal);
  const written = await withModel(common, terminal, progress, async (model) => {
    const { signal } = terminal;
    const prompt = await resolvePrompt(common.prompt, model.tokenizer, { emptyText: false, signal });
    const { ids } = prompt.encoding;
    progress.say(`${model.id}: running ${ids.length} tokens`);
    const cache = await model.runWithCache(ids, { hooks: [...new Set([...hooks, 'logits'])], signal });
    const tensors = [idsEntry(ids), ...[...cache.values()].map(hookEntry)];
    const plan = planSafetensors(tensors, {
      format: 'pt',
      model: publicName(common.model),
      weight_hash: await model.weightHash(signal),
      written_by: `residscope ${VERSION}`,
    });
    await writeWhole(
      out,
      (async function* () {
        yield plan.header;
        for (const [i, entry] of plan.tensors.entries()) {
          throwIfCancelled(signal);
          progress.say(`${out}: tensor ${i + 1} of ${plan.tensors.length}`);
          yield tensorBytes(entry, await entry.read());
        }
      })(),
    );
    return plan.tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape }));
  });
  await terminal.print(
    common.json
      ? `${JSON.stringify({ file: out, tensors: written })}\n`
      : written.map(({ name, dtype, shape }) => `${name} ${dtype} [${shape.join(', ')}]\n`).join(''),
  );
}

function globs(list: string): string[] {
  const parts = list.split(',').map((part) => part.trim());
  if (parts.includes('')) throw new UsageError(`--hooks: expected globs with commas between, got "${list}"`);
  return parts;
}

function idsEntry(ids: readonly number[]): Entry {
  return {
    name: 'ids',
    dtype: 'I64',
    shape: [ids.length],
    read: () => Promise.resolve(BigInt64Array.from(ids, BigInt)),
  };
}

/** A hook without its batch axis, which is 1. */
function hookEntry(tensor: HookTensor): Entry {
  return { name: tensor.name, dtype: 'F32', shape: tensor.shape.slice(1), read: () => tensor.data() };
}
