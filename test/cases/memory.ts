/** Memory limits cut the readout into steps: shares of the vocabulary, groups of rows, nothing kept. The numbers stay. */
import type { LoadOptions, StreamEvent } from '../../engine/api.ts';
import type { Model } from '../../engine/model.ts';
import { absoluteDeviation } from './compare.ts';
import { resultOf, type CaseResult, type Finding } from './parity.ts';

/** Loads fable-4m on the device under test. */
export type LoadFable = (options: Pick<LoadOptions, 'memory'>) => Promise<Model>;

const PROMPT = 'The Eiffel Tower is in the city of';

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

async function smallMemory(load: LoadFable): Promise<Finding> {
  const model = await load({});
  const ids = [...model.tokenizer.encode(PROMPT).ids];
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
  await model.dispose();
  let worst = 0;
  for (const [name, theirs] of expected) {
    const { worst: deviation } = absoluteDeviation(got.get(name) ?? [], theirs);
    worst = Math.max(worst, name.endsWith('ids') || name.endsWith('ranks') ? deviation * 1e9 : deviation);
  }
  return { worst, bound: 1e-4, detail: `${expected.size} readings; ids and ranks must be equal` };
}

export function runMemory(load: LoadFable): Promise<CaseResult> {
  return resultOf('shares, groups and nothing kept', () => smallMemory(load));
}
