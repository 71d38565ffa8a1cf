/**
 * Cases: readings beyond hooks and lens, the same model on two devices. Hooks and lens have goldens of their own; what
 * is computed from them (attribution, directions, scores of heads) or takes other ways through the graphs (changes on
 * the way, keys and values kept) is held against wasm here, which is held against goldens and definitions elsewhere.
 */
import type { Model } from '../../engine/model.ts';
import type { Intervention } from '../../shared/interventions.ts';
import {
  absoluteDeviation,
  type Deviation,
  NO_DEVIATION,
  TOLERANCE,
  vectorDeviation,
  worse,
} from './compare.ts';
import type { Finding } from './parity-run.ts';

/** Numbers by name. Those of a width are vectors, compared by their length; of others each number is. */
type Numbers = ReadonlyMap<string, { readonly data: ArrayLike<number>; readonly width?: number }>;

export interface SameCase {
  readonly name: string;
  readonly bound: number;
  read(model: Model, ids: readonly number[]): Promise<Numbers>;
}

const PROMPT = 'The Eiffel Tower is in the city of';

async function changed(model: Model, ids: readonly number[]): Promise<Numbers> {
  const { dModel, dHead, dVocab } = model.spec;
  const direction = Float32Array.from({ length: dModel }, (_, i) => Math.sin(i));
  const head = Float32Array.from({ length: dHead }, (_, i) => Math.cos(i) / 10);
  const sets: readonly (readonly Intervention[])[] = [
    [{ hook: 'blocks.1.attn.hook_z', units: [1] }],
    [{ hook: 'blocks.0.attn.hook_z', units: [0], positions: [1, 2], factor: 1, value: head }],
    [{ hook: 'blocks.0.mlp.hook_post', units: [3, 5, 7], factor: -2 }],
    [{ hook: 'blocks.1.hook_attn_out', factor: 0.5 }],
    [{ hook: 'blocks.1.hook_mlp_out' }],
    [
      { hook: 'hook_embed', positions: [2], factor: 1, value: direction },
      { hook: 'blocks.0.hook_resid_post', positions: [ids.length - 1], value: direction },
    ],
  ];
  const found = new Map<string, { data: Float32Array; width: number }>();
  for (const [i, interventions] of sets.entries()) {
    const hooks = ['blocks.*.hook_resid_post', 'logits'];
    const cache = await model.runWithCache(ids, { hooks, interventions });
    for (const [name, tensor] of cache) {
      found.set(`${i}: ${name}`, { data: await tensor.data(), width: name === 'logits' ? dVocab : dModel });
    }
  }
  return found;
}

/** The stream in two pieces, the second on the keys and values of the first. */
async function continued(model: Model, ids: readonly number[]): Promise<Numbers> {
  const found = new Map<string, { data: ArrayLike<number> }>();
  const half = Math.floor(ids.length / 2);
  const take = async (part: readonly number[], options: Parameters<Model['stream']>[1]) => {
    for await (const event of model.stream(part, options)) {
      if (event.type === 'readings') {
        const { layer, topLogprobs, entropy } = event.readings;
        found.set(`${String(options?.past !== undefined)} ${layer} log p`, { data: topLogprobs });
        found.set(`${String(options?.past !== undefined)} ${layer} entropy`, { data: entropy });
      } else if (event.type === 'late') {
        event.late.kl.forEach((kl, row) =>
          found.set(`${String(options?.past !== undefined)} ${row} kl`, { data: kl }),
        );
      } else if (event.type === 'done') return event.past;
    }
    return undefined;
  };
  const past = await take(ids.slice(0, half), { keepPast: true, checks: false });
  await take(ids.slice(half), { past, checks: false });
  past?.dispose();
  return found;
}

async function attribution(model: Model, ids: readonly number[]): Promise<Numbers> {
  const { parts, byHead, bySource, logit, error } = await model.attribution(ids);
  if (!(error <= 1e-3)) throw new Error(`attribution: the parts miss the logit by ${error}`);
  return new Map<string, { data: ArrayLike<number> }>([
    ['parts', { data: parts }],
    ['by head', { data: byHead }],
    ['by source', { data: bySource }],
    ['logit', { data: [logit] }],
  ]);
}

async function directions(model: Model, ids: readonly number[]): Promise<Numbers> {
  const { ratios, topLogprobs, k, prediction } = await model.directions(ids, { components: 2 });
  return new Map<string, { data: ArrayLike<number> }>([
    ['ratios', { data: ratios }],
    ['log p', { data: topLogprobs.subarray(0, 2 * k) }],
    ['prediction', { data: [prediction.id, prediction.logprob] }],
  ]);
}

async function heads(model: Model): Promise<Numbers> {
  const { patterns, copying, loss, composition } = await model.heads({ draws: 2 });
  const found = new Map<string, { data: ArrayLike<number> }>([
    ['copying', { data: copying }],
    ['loss', { data: [...loss.first, ...loss.second].map(({ mean }) => mean) }],
  ]);
  for (const [name, { mean }] of Object.entries(patterns)) found.set(name, { data: mean });
  if (composition) found.set('V-composition', { data: composition.v });
  return found;
}

export const SAME_CASES: readonly SameCase[] = [
  { name: 'changes on the way', bound: TOLERANCE.vector, read: changed },
  { name: 'a stream on an earlier one’s keys and values', bound: TOLERANCE.logprob, read: continued },
  { name: 'attribution', bound: 1e-3, read: attribution },
  { name: 'directions', bound: 1e-3, read: directions },
  { name: 'scores of heads', bound: 1e-3, read: heads },
];

/** Both models must be of the same files. */
export async function sameFinding(
  c: SameCase,
  ours: Model,
  theirs: Model,
  given?: readonly number[],
): Promise<Finding> {
  const ids = given ?? [...ours.tokenizer.encode(PROMPT).ids];
  const [got, expected] = [await c.read(ours, ids), await c.read(theirs, ids)];
  if (expected.size === 0 || got.size !== expected.size) {
    throw new Error(`expected ${expected.size} tables, got ${got.size}`);
  }
  let found: Deviation = NO_DEVIATION;
  for (const [name, { data, width }] of expected) {
    const own = got.get(name)?.data ?? [];
    const { worst, at } =
      width === undefined
        ? absoluteDeviation(own, data)
        : vectorDeviation(Float32Array.from(own), Float32Array.from(data), width);
    found = worse(found, { worst, at: `${name}, ${at}` });
  }
  return { worst: found.worst, bound: c.bound, detail: `${expected.size} tables, worst at ${found.at}` };
}
