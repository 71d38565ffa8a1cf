/** Cases of the real model: what SmolLM2's goldens hold of hooks and lens, and its quantized matrices kept as they are. */
import { NO_DEVIATION, TOLERANCE, topDeviation, vectorDeviation, worse } from './compare.ts';
import { golden } from './golden.ts';
import { distribution, topOf } from './lens-reference.ts';
import { compareHook, hookCases } from './parity-hooks.ts';
import { lensCases } from './parity-lens.ts';
import type { ParityModel } from './parity-models.ts';
import type { Finding, ModelRun, ParityCase } from './parity-run.ts';

const HELD = [
  'blocks.*.hook_resid_pre',
  'blocks.*.hook_resid_post',
  'blocks.*.attn.hook_pattern',
  'lens: top ten of each layer, against the goldens',
  'lens: own checks',
];

/** @returns five cases: the rest of the suite's have no golden here. */
export function smollm2Cases(model: ParityModel): ParityCase[] {
  const all = [...hookCases(model), ...lensCases].filter(({ name }) => HELD.includes(name));
  if (all.length !== HELD.length) throw new Error(`expected ${HELD.length} cases, got ${all.length}`);
  return all;
}

/** The last position's logits and their top ten. `worst` is in units of each one's tolerance. */
export async function outputDeviation(run: ModelRun): Promise<Finding> {
  let found = NO_DEVIATION;
  const prompts = await run.prompts();
  for (const prompt of prompts) {
    const { data, shape } = golden(await run.goldens(), `${prompt}.logits`);
    const vocab = shape.at(-1) ?? NaN;
    const ours = golden(await run.cache(prompt), 'logits').data.slice(-vocab);
    const vector = vectorDeviation(ours, data, vocab).worst / TOLERANCE.vector;
    const [a, b] = [topOf(distribution(ours), 10), topOf(distribution(data), 10)];
    const top = topDeviation(a, b).worst / TOLERANCE.logprob;
    found = worse(found, { worst: vector, at: `prompt ${prompt}, logits` });
    found = worse(found, { worst: top, at: `prompt ${prompt}, top ten` });
  }
  if (prompts.length === 0) throw new Error('no prompts');
  return { worst: found.worst, bound: 1, detail: `times the tolerance, worst at ${found.at}` };
}

/** A prompt's hooks on a model whose matrices stay quantized: the tolerance is the same. */
export async function keptDeviation(run: ModelRun, prompt = 1): Promise<Finding> {
  let found = NO_DEVIATION;
  let compared = 0;
  const ours = await run.cache(prompt);
  for (const [key, theirs] of await run.goldens()) {
    const name = key.slice(`${prompt}.`.length);
    if (!key.startsWith(`${prompt}.blocks.`)) continue;
    const { worst, at } = compareHook(name, golden(ours, name).data, theirs);
    found = worse(found, { worst, at: `${name} ${at}` });
    compared++;
  }
  if (compared <= 30) throw new Error(`expected goldens of more than 30 tensors, got ${compared}`);
  return { worst: found.worst, bound: TOLERANCE.vector, detail: `${compared} tensors, worst at ${found.at}` };
}
