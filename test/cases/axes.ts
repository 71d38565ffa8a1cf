/**
 * The axes that later work stands on: a batch with padding, keys and values of earlier tokens with their position
 * offset, and memory limits that cut the readout into steps. Each must give the numbers of one plain run.
 */
import type { HookTensor, LoadOptions, StreamEvent } from '../../engine/api.ts';
import type { Model } from '../../engine/model.ts';
import { absoluteDeviation, TOLERANCE, vectorDeviation, within } from './compare.ts';
import { resultOf, type CaseResult, type Finding } from './parity.ts';

/** Loads fable-4m on the device under test. */
export type LoadFable = (options: Pick<LoadOptions, 'memory'>) => Promise<Model>;

const PROMPTS = [
  'The Eiffel Tower is in the city of',
  'stone river moon fish stone river moon',
  'Once upon a time',
];

function find(worst: number, bound: number, detail: string): Finding {
  return { worst, bound, detail };
}

async function rowsOf(
  tensor: HookTensor | undefined,
  batch: number,
  from: number,
  to: number,
): Promise<Float32Array> {
  if (!tensor) throw new Error('a hook is missing');
  const [, pos = 0, ...rest] = tensor.shape;
  const width = rest.reduce((a, b) => a * b, 1);
  return (await tensor.data()).subarray((batch * pos + from) * width, (batch * pos + to) * width);
}

async function batchWithPadding(model: Model): Promise<Finding> {
  const batch = PROMPTS.map((text) => [...model.tokenizer.encode(text).ids]);
  const hooks = ['logits', 'blocks.*.hook_resid_post', 'blocks.0.attn.hook_k'];
  const together = await model.runWithCache(batch, { hooks });
  let worst = 0;
  for (const [b, ids] of batch.entries()) {
    const alone = await model.runWithCache(ids, { hooks });
    for (const [name, tensor] of alone) {
      const ours = await rowsOf(together.get(name), b, 0, ids.length);
      const theirs = await rowsOf(tensor, 0, 0, ids.length);
      worst = Math.max(
        worst,
        vectorDeviation(ours, theirs, tensor.shape[tensor.shape.length - 1] ?? 1).worst,
      );
    }
  }
  return find(
    worst,
    TOLERANCE.vector,
    `${batch.length} prompts of ${batch.map((b) => b.length).join(', ')} tokens`,
  );
}

async function pastAndOffset(model: Model): Promise<Finding> {
  const ids = [...model.tokenizer.encode(PROMPTS[1] as string).ids];
  const hooks = ['logits', 'hook_pos_embed', 'blocks.7.hook_resid_post'];
  const whole = await model.runWithCache(ids, { hooks });
  // Three pieces, so that a past grows out of a past.
  const cuts = [0, 3, 4, ids.length];
  let past: Awaited<ReturnType<Model['runWithPast']>>['past'] | undefined;
  let worst = 0;
  for (let i = 0; i + 1 < cuts.length; i++) {
    const [from, to] = [cuts[i] as number, cuts[i + 1] as number];
    const step = await model.runWithPast(ids.slice(from, to), { hooks, ...(past && { past }) });
    for (const [name, tensor] of step.cache) {
      const ours = await rowsOf(tensor, 0, 0, to - from);
      const theirs = await rowsOf(whole.get(name), 0, from, to);
      worst = Math.max(worst, vectorDeviation(ours, theirs, tensor.shape[2] as number).worst);
    }
    past?.dispose();
    past = step.past;
  }
  past?.dispose();
  return find(worst, TOLERANCE.vector, `pieces at ${cuts.join(', ')}`);
}

async function paddedPast(model: Model): Promise<Finding> {
  const batch = PROMPTS.map((text) => [...model.tokenizer.encode(text).ids]);
  const next = batch.map((_, b) => [100 + b, 200 + b]);
  const { past } = await model.runWithPast(batch, { hooks: ['logits'] });
  const grown = await model.runWithPast(next, { hooks: ['logits'], past });
  past.dispose();
  grown.past.dispose();
  let worst = 0;
  for (const [b, ids] of batch.entries()) {
    const all = [...ids, ...(next[b] as number[])];
    const alone = await model.runWithCache(all, { hooks: ['logits'] });
    const ours = await rowsOf(grown.cache.get('logits'), b, 0, 2);
    const theirs = await rowsOf(alone.get('logits'), 0, ids.length, all.length);
    worst = Math.max(worst, vectorDeviation(ours, theirs, model.spec.dVocab).worst);
  }
  return find(worst, TOLERANCE.vector, 'padding stays out of what comes after it');
}

/** All readings of one run, as lists of numbers by name. */
async function readingsOf(model: Model, ids: readonly number[]): Promise<Map<string, ArrayLike<number>>> {
  const all = new Map<string, ArrayLike<number>>();
  const take = (event: StreamEvent): void => {
    if (event.type === 'readings') {
      const { layer, topIds, topLogprobs, entropy, input, next } = event.readings;
      all.set(`${layer}.top_ids`, topIds);
      all.set(`${layer}.top_logprobs`, topLogprobs);
      all.set(`${layer}.entropy`, entropy);
      all.set(`${layer}.input_ranks`, input.ranks);
      all.set(`${layer}.next_ranks`, next.ranks);
    } else if (event.type === 'late') {
      event.late.kl.forEach((kl, row) => all.set(`${row}.kl`, kl));
      event.late.final.forEach((final, row) => all.set(`${row}.final_ranks`, final.ranks));
      all.set('convergence', event.late.convergence);
    }
  };
  for await (const event of model.stream(ids)) take(event);
  return all;
}

async function smallMemory(model: Model, load: LoadFable): Promise<Finding> {
  const ids = [...model.tokenizer.encode(PROMPTS[0] as string).ids];
  const { dModel, dVocab } = model.spec;
  // Five shares of the vocabulary, groups of two rows, nothing kept between the phases.
  const memory = {
    bindingBytes: Math.ceil(dVocab / 5) * dModel * 4,
    groupBytes: 2 * dVocab * 4,
    keepBytes: 0,
  };
  const small = await load({ memory });
  const expected = await readingsOf(model, ids);
  const got = await readingsOf(small, ids);
  await small.dispose();
  let worst = 0;
  for (const [name, theirs] of expected) {
    const { worst: deviation } = absoluteDeviation(got.get(name) ?? [], theirs);
    worst = Math.max(worst, name.endsWith('ids') || name.endsWith('ranks') ? deviation * 1e9 : deviation);
  }
  return find(worst, 1e-4, `${expected.size} readings; ids and ranks must be equal`);
}

async function lensOfStates(model: Model): Promise<Finding> {
  const ids = [...model.tokenizer.encode(PROMPTS[0] as string).ids];
  const cache = await model.runWithCache(ids, { hooks: ['blocks.7.hook_resid_post', 'logits'] });
  const states = await (cache.get('blocks.7.hook_resid_post') as HookTensor).data();
  const logits = await (cache.get('logits') as HookTensor).data();
  const targets = Int32Array.from({ length: ids.length * 3 }, (_, i) =>
    i % 7 === 0 ? -1 : (i * 577) % 4096,
  );
  const readout = await model.lens(states, { k: 3, targets });
  let worst = 0;
  for (let i = 0; i < targets.length; i++) {
    const [id, row] = [targets[i] as number, Math.floor(i / 3)];
    const z = logits.subarray(row * 4096, (row + 1) * 4096);
    const rank = id < 0 ? -1 : z.filter((v, j) => v > (z[id] as number) || (v === z[id] && j < id)).length;
    if (readout.targetRanks[i] !== rank) worst = Infinity;
    const logZ = Math.log(z.reduce((n, v) => n + Math.exp(v - 20), 0)) + 20;
    const logprob = readout.targetLogprobs[i] as number;
    if (
      id < 0
        ? !Number.isNaN(logprob)
        : !within({ worst: Math.abs(logprob - ((z[id] as number) - logZ)), at: '' }, 1e-4)
    ) {
      worst = Infinity;
    }
  }
  return find(worst, 0, `${targets.length} targets`);
}

const CASES: Readonly<Record<string, (model: Model, load: LoadFable) => Promise<Finding>>> = {
  'a padded batch gives each prompt its own numbers': batchWithPadding,
  'keys and values of earlier tokens, at their offset': pastAndOffset,
  'a padded batch goes on': paddedPast,
  'shares, groups and nothing kept': smallMemory,
  'any states through the lens, any targets': lensOfStates,
};

export const AXES_NAMES: readonly string[] = Object.keys(CASES);

export async function runAxes(load: LoadFable): Promise<CaseResult[]> {
  const model = await load({});
  const results: CaseResult[] = [];
  for (const [name, run] of Object.entries(CASES)) results.push(await resultOf(name, () => run(model, load)));
  await model.dispose();
  return results;
}
