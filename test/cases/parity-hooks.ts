/** Cases: every hook against its golden, the logits, and the weights as read by name. */
import {
  absoluteDeviation,
  type Deviation,
  NO_DEVIATION,
  scoresDeviation,
  TOLERANCE,
  topDeviation,
} from './compare.ts';
import { vectorDeviation, worse } from './compare.ts';
import { golden, type GoldenTensor } from './golden.ts';
import { distribution, topOf } from './lens-reference.ts';
import type { ParityModel } from './parity-models.ts';
import type { Finding, ModelRun, ParityCase } from './parity-run.ts';

const HOOKS = [
  'hook_embed',
  'hook_pos_embed',
  'blocks.*.hook_resid_pre',
  'blocks.*.attn.hook_q',
  'blocks.*.attn.hook_k',
  'blocks.*.attn.hook_v',
  'blocks.*.attn.hook_rot_q',
  'blocks.*.attn.hook_rot_k',
  'blocks.*.attn.hook_attn_scores',
  'blocks.*.attn.hook_pattern',
  'blocks.*.attn.hook_z',
  'blocks.*.attn.hook_result',
  'blocks.*.hook_attn_out',
  'blocks.*.hook_resid_mid',
  'blocks.*.mlp.hook_pre',
  'blocks.*.mlp.hook_post',
  'blocks.*.hook_mlp_out',
  'blocks.*.hook_resid_post',
  'ln_final.hook_normalized',
  'logits',
] as const;

/** `blocks.3.hook_resid_pre` → `blocks.*.hook_resid_pre` */
function withoutLayer(name: string): string {
  return name.replace(/^blocks\.\d+\./, 'blocks.*.');
}

/** One hook of one prompt, without the batch axis, against theirs. */
export function compareHook(name: string, ours: Float32Array, { data, shape }: GoldenTensor): Deviation {
  const [heads = 0, dests = 0, srcs = 0] = shape;
  if (name.endsWith('hook_pattern')) return absoluteDeviation(ours, data);
  if (name.endsWith('hook_attn_scores')) return scoresDeviation(ours, data, [heads, dests, srcs]);
  return vectorDeviation(ours, data, shape.at(-1) ?? 1);
}

async function checkHook(pattern: string, run: ModelRun): Promise<Finding> {
  let found = NO_DEVIATION;
  let compared = 0;
  for (const [key, theirs] of await run.goldens()) {
    const dot = key.indexOf('.');
    const [prompt, name] = [Number(key.slice(0, dot)), key.slice(dot + 1)];
    if (withoutLayer(name) !== pattern) continue;
    const ours = (await run.cache(prompt)).get(name);
    if (!ours) throw new Error(`${key}: the cache has no such hook`);
    const [expected, got] = [`[1, ${theirs.shape.join(', ')}]`, `[${ours.shape.join(', ')}]`];
    if (expected !== got) throw new Error(`${key}: expected ${expected}, got ${got}`);
    const { worst, at } = compareHook(pattern, ours.data, theirs);
    found = worse(found, { worst, at: `${key} ${at}` });
    compared++;
  }
  if (compared === 0) throw new Error(`no golden of ${pattern}`);
  const bound = pattern.endsWith('hook_pattern') ? TOLERANCE.attention : TOLERANCE.vector;
  return { worst: found.worst, bound, detail: `${compared} tensors, worst at ${found.at}` };
}

/** What the model lacks is lacking, what it has is held here or named as held elsewhere, and nothing is held for nothing. */
const everyHook: ParityCase = {
  name: 'every hook has a golden',
  async run(run) {
    const { lacks, elsewhere } = run.model;
    const [prompt = 0] = await run.prompts();
    const names = new Set((await run.cache(prompt)).keys());
    const held = new Set<string>();
    for (const key of (await run.goldens()).keys()) {
      const name = key.slice(key.indexOf('.') + 1);
      if (name !== 'ids' && !name.startsWith('lens.')) held.add(name);
    }
    const patterns = new Set([...names].map(withoutLayer));
    const wrong = [
      ...[...names].filter((name) => held.has(name) === elsewhere.includes(withoutLayer(name))),
      ...[...held].filter((name) => !names.has(name)),
      ...[...patterns].filter((p) => lacks.includes(p) || !HOOKS.some((hook) => hook === p)),
      ...HOOKS.filter((p) => !patterns.has(p) && !lacks.includes(p)),
    ];
    return {
      worst: wrong.length,
      bound: 0,
      detail: `${names.size} hooks; ${wrong.join(', ') || 'none left out'}`,
    };
  },
};

const topLogits: ParityCase = {
  name: 'top ten of the output',
  async run(run) {
    let found = NO_DEVIATION;
    for (const prompt of await run.prompts()) {
      const { data, shape } = golden(await run.goldens(), `${prompt}.logits`);
      const [size = 0, vocab = 0] = shape;
      const ours = (await run.cache(prompt)).get('logits')?.data;
      if (!ours) throw new Error('the cache has no logits');
      for (let pos = 0; pos < size; pos++) {
        const [a, b] = [ours, data].map((z) =>
          topOf(distribution(z.subarray(pos * vocab, (pos + 1) * vocab)), 10),
        );
        if (a && b) found = worse(found, { ...topDeviation(a, b), at: `${prompt}.logits, pos ${pos}` });
      }
    }
    return { worst: found.worst, bound: TOLERANCE.logprob, detail: `worst at ${found.at}` };
  },
};

const weights: ParityCase = {
  name: 'weights by name',
  async run(run) {
    const subject = await run.subject();
    const later = /(^|\.)(h|layers)\.[1-9]/; // other blocks' are no different
    let [compared, found] = [0, NO_DEVIATION];
    for (const [name, theirs] of await run.weights()) {
      if (later.test(name)) continue;
      const ours = await subject.weight(name);
      if (ours.shape.join() !== theirs.shape.join())
        throw new Error(`${name}: got shape ${ours.shape.join()}`);
      found = worse(found, { ...absoluteDeviation(ours.data, theirs.data), at: name });
      compared++;
    }
    if (compared < 10) throw new Error(`only ${compared} weights compared`);
    return { worst: found.worst, bound: 0, detail: `${compared} weights` };
  },
};

export function hookCases({ lacks, elsewhere }: ParityModel): readonly ParityCase[] {
  const held = HOOKS.filter((pattern) => !lacks.includes(pattern) && !elsewhere.includes(pattern));
  return [
    ...held.map((pattern) => ({ name: pattern, run: (run: ModelRun) => checkHook(pattern, run) })),
    everyHook,
    topLogits,
    weights,
  ];
}
