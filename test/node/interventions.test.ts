/** Interventions, on every golden family: what they must come to follows from the run without them. */
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HookTensor, StreamEvent } from '../../engine/api.ts';
import type { Intervention } from '../../shared/interventions.ts';
import { pathOf } from '../support/addresses.ts';
import { importLibrary, type Library } from '../support/library.ts';
import { worst } from '../support/worst.ts';

const GOLDENS = pathOf('../shared/goldens');
const FAMILIES = ['gpt2', 'gpt_neo', 'gpt_neox', 'llama', 'qwen3', 'gemma3_text'];
/** Of every family at least two blocks. */
const LAYER = 1;
const HEAD = 1;

type Model = InstanceType<Library['LensModel']>;
type Cache = ReadonlyMap<string, Float32Array>;

let library: Library;
beforeAll(async () => {
  library = await importLibrary();
});

async function read(
  model: Model,
  ids: readonly number[] | readonly (readonly number[])[],
  hooks: readonly string[],
  interventions?: readonly Intervention[],
): Promise<Cache> {
  const cache: ReadonlyMap<string, HookTensor> = await model.runWithCache(ids, {
    hooks,
    ...(interventions && { interventions }),
  });
  const out = new Map<string, Float32Array>();
  for (const [name, tensor] of cache) out.set(name, await tensor.data());
  return out;
}

const at = (layer: number, hook: string): string => `blocks.${layer}.${hook}`;

describe.skipIf(!existsSync(GOLDENS)).each(FAMILIES)('%s', (family) => {
  let model: Model;
  let ids: readonly number[];
  let other: readonly number[];
  let plain: Cache;

  beforeAll(async () => {
    model = await library.LensModel.load(`${GOLDENS}/${family}`, { device: 'wasm' });
    const width = model.spec.dVocab;
    ids = [3, 14, 15, 9, 2, 6].map((id) => id % width);
    other = [27, 18, 28, 1, 8, 2].map((id) => id % width);
    plain = await read(model, ids, ['*']);
  });
  afterAll(() => model.dispose());

  it('with none, and with a factor of one, a run is the plain one', async () => {
    const none = await read(model, ids, ['*'], []);
    for (const [name, values] of plain) expect(none.get(name), name).toEqual(values);
    const same = await read(
      model,
      ids,
      ['logits'],
      [
        { hook: 'hook_embed', factor: 1 },
        ...model.spec.layers.flatMap((_, l): Intervention[] => [
          { hook: at(l, 'attn.hook_z'), factor: 1 },
          { hook: at(l, 'mlp.hook_post'), factor: 1 },
          { hook: at(l, 'hook_resid_post'), factor: 1 },
        ]),
      ],
    );
    expect(worst(same.get('logits'), plain.get('logits'))).toBeLessThan(1e-5);
  });

  it('a layer without its writes is a layer skipped, bit for bit', async () => {
    const hooks = [at(LAYER, 'hook_resid_pre'), at(LAYER, 'hook_resid_post')];
    const run = await read(model, ids, hooks, [
      { hook: at(LAYER, 'hook_attn_out') },
      { hook: at(LAYER, 'hook_mlp_out') },
    ]);
    expect(run.get(at(LAYER, 'hook_resid_post'))).toEqual(run.get(at(LAYER, 'hook_resid_pre')));
  });

  // Behind Gemma's post-norm what a head wrote can't be taken off.
  if (family !== 'gemma3_text')
    it('a head at zero takes away what it wrote, a factor scales it', async () => {
      const { nHeads, dModel } = model.spec;
      const result = plain.get(at(LAYER, 'attn.hook_result')) as Float32Array;
      const before = plain.get(at(LAYER, 'hook_attn_out')) as Float32Array;
      for (const factor of [0, 2.5]) {
        const run = await read(
          model,
          ids,
          [at(LAYER, 'hook_attn_out')],
          [{ hook: at(LAYER, 'attn.hook_z'), units: [HEAD], factor }],
        );
        const expected = before.map((x, i) => {
          const pos = Math.floor(i / dModel);
          return x + (factor - 1) * (result[(pos * nHeads + HEAD) * dModel + (i % dModel)] as number);
        });
        expect(worst(run.get(at(LAYER, 'hook_attn_out')), expected)).toBeLessThan(1e-4);
      }
    });

  it('the writes of all heads at zero leave the bias, at the chosen positions only', async () => {
    const { dModel } = model.spec;
    const run = await read(
      model,
      ids,
      [at(LAYER, 'hook_mlp_out'), at(LAYER, 'hook_resid_post')],
      [{ hook: at(LAYER, 'mlp.hook_post'), positions: [2] }],
    );
    const changed = run.get(at(LAYER, 'hook_mlp_out')) as Float32Array;
    const before = plain.get(at(LAYER, 'hook_mlp_out')) as Float32Array;
    ids.forEach((_, pos) => {
      const gap = worst(
        changed.subarray(pos * dModel, (pos + 1) * dModel),
        before.subarray(pos * dModel, (pos + 1) * dModel),
      );
      if (pos === 2) expect(gap).toBeGreaterThan(1e-4);
      else expect(gap).toBeLessThan(1e-5);
    });
  });

  it("another run's states at every position give that run's output", async () => {
    const hook = at(LAYER, 'hook_resid_post');
    const source = await read(model, other, [hook, 'logits']);
    const run = await read(model, ids, ['logits'], [{ hook, value: source.get(hook) as Float32Array }]);
    expect(worst(run.get('logits'), source.get('logits'))).toBeLessThan(1e-5);
    // At one position: that position has the other state, those before it nothing new.
    const { dModel } = model.spec;
    const state = (source.get(hook) as Float32Array).slice(3 * dModel, 4 * dModel);
    const one = await read(model, ids, [hook], [{ hook, positions: [3], value: state }]);
    const expected = (plain.get(hook) as Float32Array).slice();
    expected.set(state, 3 * dModel);
    expect(worst(one.get(hook), expected)).toBeLessThan(1e-5);
  });

  it('noise on the embedding, another for each of a batch, restored by a state', async () => {
    const { dModel } = model.spec;
    const noise = Float32Array.from({ length: 2 * dModel }, (_, i) => Math.sin(i * 1.7));
    const hook = at(LAYER, 'hook_resid_post');
    const interventions: Intervention[] = [{ hook: 'hook_embed', positions: [1], factor: 1, value: noise }];
    const run = await read(model, [ids, ids], ['hook_embed', 'logits'], interventions);
    const embed = plain.get('hook_embed') as Float32Array;
    const noisy = run.get('hook_embed') as Float32Array;
    for (const b of [0, 1]) {
      const expected = embed.slice();
      for (let d = 0; d < dModel; d++) {
        expected[dModel + d] = (expected[dModel + d] as number) + (noise[b * dModel + d] as number);
      }
      expect(worst(noisy.slice(b * embed.length, (b + 1) * embed.length), expected)).toBeLessThan(1e-6);
    }
    const logits = plain.get('logits') as Float32Array;
    expect(worst((run.get('logits') as Float32Array).slice(0, logits.length), logits)).toBeGreaterThan(1e-3);
    const restored = await read(
      model,
      [ids, ids],
      ['logits'],
      [...interventions, { hook, value: plain.get(hook) as Float32Array }],
    );
    expect(worst((restored.get('logits') as Float32Array).slice(logits.length), logits)).toBeLessThan(1e-5);
  });

  it('the lens shows it, the checks hold, and say what they could not compare', async () => {
    const events: StreamEvent[] = [];
    const interventions = [
      { hook: at(LAYER, 'attn.hook_z'), units: [HEAD] },
      { hook: at(0, 'hook_mlp_out'), factor: 0.5 },
    ];
    for await (const event of model.stream(ids, { lens: { k: 3 }, interventions })) events.push(event);
    const checks = events.flatMap((e) => (e.type === 'checks' ? e.checks : []));
    expect(checks.map(({ name, status }) => [name, status])).toEqual([
      ['output', 'skipped'],
      ['writes', 'pass'],
      ['attention', 'pass'],
    ]);
    const logits = (await read(model, ids, ['logits'], interventions)).get('logits') as Float32Array;
    const last = events.findLast((e) => e.type === 'readings')?.readings;
    const row = logits.slice(0, model.spec.dVocab);
    const top = row.indexOf(Math.max(...row));
    expect(last?.topIds[0]).toBe(top);
  });

  it('refuses what would be another change than the one meant', async () => {
    const run = (intervention: Intervention): Promise<Cache> => read(model, ids, ['logits'], [intervention]);
    await expect(run({ hook: at(1, 'hook_resid_pre') })).rejects.toThrow(
      /Change blocks\.0\.hook_resid_post\. What can: hook_embed, /,
    );
    await expect(run({ hook: at(99, 'hook_mlp_out') })).rejects.toThrow(
      /"blocks\.99\.hook_mlp_out" can't be changed/,
    );
    await expect(run({ hook: at(0, 'attn.hook_z'), units: [model.spec.nHeads] })).rejects.toThrow(
      /units: expected 0 to/,
    );
    await expect(run({ hook: at(0, 'hook_mlp_out'), positions: [6] })).rejects.toThrow(
      /positions: expected 0 to 5, got 6/,
    );
    await expect(run({ hook: at(0, 'hook_mlp_out'), factor: NaN })).rejects.toThrow(
      /factor: expected a number/,
    );
    await expect(run({ hook: at(0, 'hook_mlp_out'), value: new Float32Array(7) })).rejects.toThrow(
      /value: expected \[\d+\], \[6, \d+\].*got 7 numbers/,
    );
  });
});

it.skipIf(existsSync(GOLDENS))('golden models: not beside this checkout (../shared)', () => undefined);
