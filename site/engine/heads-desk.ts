/** Heads in the engine's thread: all detectors, kept by the weights' hash; and the induction circuit on a text. */
import { keepHeads, headsKey, keptHeads } from '../../engine/kept-heads.ts';
import { blockHookName } from '../../shared/hooks.ts';
import type { HeadName } from '../../shared/heads/reading.ts';
import type { Intervention } from '../../shared/interventions.ts';
import { InputError } from '../../shared/errors.ts';
import type { HostedModel } from './host.ts';
import type { Desk } from './studies.ts';
import type { Foretold } from './study-protocol.ts';

/** Says which way of reading kept scores come from: another way is another number here. */
const SETTINGS = 'heads-1: 8 draws, seed 0';

/** Runs the detectors, or takes what the device keeps of them. */
export const readHeads: Desk<'heads'> = async (model, { keptOnly }, { signal, tell }) => {
  const key = headsKey(await model.weightHash(signal), SETTINGS);
  const { nLayers: layers, nHeads: heads } = model.spec;
  const kept = await keptHeads(key, { layers, heads });
  if (kept || keptOnly) return kept;
  const reading = await model.heads({ signal, onProgress: tell });
  await keepHeads(key, reading);
  return reading;
};

export const showCircuit: Desk<'circuit'> = async (model, { text, bos, previous, induction }, { signal }) => {
  const { ids } = model.tokenizer.encode(text, { bos });
  const { nCtx } = model.spec;
  if (ids.length > nCtx) {
    throw new InputError(
      `The text has ${ids.length} tokens, and this model reads ${nCtx} at most: shorten it.`,
    );
  }
  const pieces = model.tokenizer.pieces(ids);
  const last = ids.length - 1;
  const earlier = last > 0 ? ids.lastIndexOf(ids[last] as number, last - 1) : -1;
  const followed = earlier + 1;
  if (earlier < 0 || followed >= last) return { pieces, found: undefined };
  const token = ids[followed] as number;
  const weight = async ({ layer, head }: HeadName, dest: number, src: number): Promise<number> => {
    for await (const { pattern, tokens } of model.attention(ids, { layers: [layer], signal })) {
      return pattern[(head * tokens + dest) * tokens + src] ?? NaN;
    }
    return NaN;
  };
  const off = ({ layer, head }: HeadName): Intervention[] => [
    { hook: blockHookName(layer, 'attn.hook_z'), units: [head] },
  ];
  return {
    pieces,
    found: {
      earlier,
      followed,
      last,
      previousWeight: await weight(previous, followed, earlier),
      inductionWeight: await weight(induction, last, followed),
      plain: await foretold(model, ids, token, [], signal),
      withoutPrevious: await foretold(model, ids, token, off(previous), signal),
      withoutInduction: await foretold(model, ids, token, off(induction), signal),
    },
  };
};

/** What the model's output at the end of a text says of a token. */
async function foretold(
  model: HostedModel,
  ids: readonly number[],
  token: number,
  interventions: readonly Intervention[],
  signal: AbortSignal,
): Promise<Foretold> {
  const name = blockHookName(model.spec.nLayers - 1, 'hook_resid_post');
  const cache = await model.runWithCache(ids, { hooks: [name], interventions, signal });
  const states = await cache.get(name)?.data();
  if (!states) throw new InputError(`engine: the run gave no ${name}`);
  const { targetLogprobs, targetRanks } = await model.lens(states.slice(-model.spec.dModel), {
    k: 1,
    targets: Int32Array.of(token),
    signal,
  });
  return { probability: Math.exp(targetLogprobs[0] ?? NaN), rank: targetRanks[0] ?? -1 };
}
