/**
 * A stream on the keys and values of an earlier one, over every family with goldens: the new columns' readings are
 * those of a full run, what is cut off leaves no trace, and whoever ends early holds nothing.
 */
import { expect, it } from 'vitest';
import type { PastState } from '../../engine/forward.ts';
import type { LensModel, StreamOptions } from '../../engine/node.ts';
import type { LateReadings, LayerReadings, SelfCheck, TargetReadings } from '../../shared/lens/readings.ts';
import { TOLERANCE } from '../cases/compare.ts';
import { PARITY_MODELS } from '../cases/parity-models.ts';
import { ModelRun } from '../cases/parity-run.ts';
import { pathOf, readBytes, sharedMissing } from '../support/addresses.ts';
import { importLibrary } from '../support/library.ts';

interface Collected {
  readonly rows: readonly LayerReadings[];
  readonly late: LateReadings;
  readonly checks: readonly SelfCheck[];
  readonly past: PastState | undefined;
}

async function collect(model: LensModel, ids: readonly number[], options: StreamOptions): Promise<Collected> {
  const rows: LayerReadings[] = [];
  let late: LateReadings | undefined;
  let checks: readonly SelfCheck[] = [];
  let past: PastState | undefined;
  for await (const event of model.stream(ids, options)) {
    if (event.type === 'readings') rows.push(event.readings);
    else if (event.type === 'late') late = event.late;
    else if (event.type === 'checks') checks = event.checks;
    else if (event.type === 'done') past = event.past;
  }
  if (!late) throw new Error('no late readings');
  return { rows, late, checks, past };
}

/** Positions [from, …) of a full run beside a run that began there. */
function expectSame(part: Collected, full: Collected, from: number): void {
  expect(part.rows.length).toBe(full.rows.length);
  const near = (ours: Float32Array, theirs: Float32Array, bound: number, what: string): void => {
    expect(ours.length, what).toBe(theirs.length);
    ours.forEach((x, i) => {
      if (Number.isNaN(theirs[i])) expect(x, what).toBeNaN();
      else expect(Math.abs(x - (theirs[i] as number)), what).toBeLessThanOrEqual(bound);
    });
  };
  const targets = (ours: TargetReadings, theirs: TargetReadings, what: string): void => {
    expect(ours.ids, what).toEqual(theirs.ids.subarray(from));
    expect(ours.ranks, what).toEqual(theirs.ranks.subarray(from));
    near(ours.logprobs, theirs.logprobs.subarray(from), TOLERANCE.logprob, what);
  };
  full.rows.forEach((theirs, i) => {
    const ours = part.rows[i] as LayerReadings;
    const what = `layer ${theirs.layer}`;
    expect([ours.layer, ours.mid, ours.k]).toEqual([theirs.layer, theirs.mid, theirs.k]);
    expect(ours.topIds, what).toEqual(theirs.topIds.subarray(from * theirs.k));
    near(ours.topLogprobs, theirs.topLogprobs.subarray(from * theirs.k), TOLERANCE.logprob, what);
    near(ours.entropy, theirs.entropy.subarray(from), TOLERANCE.nats, what);
    near(
      part.late.kl[i] as Float32Array,
      (full.late.kl[i] as Float32Array).subarray(from),
      TOLERANCE.nats,
      what,
    );
    targets(ours.input, theirs.input, `${what}: input`);
    targets(ours.next, theirs.next, `${what}: next`);
    targets(part.late.final[i] as TargetReadings, full.late.final[i] as TargetReadings, `${what}: output`);
  });
  expect(part.late.finalIds).toEqual(full.late.finalIds.subarray(from));
  expect(part.late.convergence).toEqual(full.late.convergence.subarray(from));
}

const FOLDERS = [...new Map(PARITY_MODELS.map((model) => [model.folder, model])).values()];

for (const parity of FOLDERS) {
  it.skipIf(sharedMissing)(`${parity.name}: tokens on a past read as in one run`, async () => {
    const { LensModel } = await importLibrary();
    const run = new ModelRun(parity, { load: () => Promise.reject(new Error('not asked for')), readBytes });
    const model = await LensModel.load(pathOf(parity.folder), { device: 'wasm' });
    try {
      const mid = model.spec.blockHooks.includes('hook_resid_mid');
      const options = { lens: { k: 10, mid } };
      for (const prompt of await run.prompts()) {
        const ids = await run.ids(prompt);
        const full = await collect(model, ids, options);
        expect(full.past).toBeUndefined();
        // All but three at once, then one by one, as generation does.
        let from = Math.max(1, ids.length - 3);
        let held = await collect(model, ids.slice(0, from), { ...options, keepPast: true });
        for (; from < ids.length; from++) {
          const { past } = held;
          const step = await collect(model, ids.slice(from, from + 1), { ...options, past, keepPast: true });
          expect(step.past?.length).toBe(from + 1);
          past?.dispose();
          // The next token of a column is known only once it is there.
          const upTo = from + 1 === ids.length ? full : await collect(model, ids.slice(0, from + 1), options);
          expectSame(step, upTo, from);
          expect(step.checks.map(({ name, status }) => [name, status])).toEqual([
            ['output', 'skipped'],
            ['writes', 'pass'],
            ['attention', 'pass'],
          ]);
          held = step;
        }
        // Taken back to half, and on again with what there was.
        const half = Math.max(1, Math.floor(ids.length / 2));
        const cut = await model.cutPast(held.past as PastState, half);
        held.past?.dispose();
        if (half < ids.length) {
          expectSame(await collect(model, ids.slice(half), { ...options, past: cut }), full, half);
        }
        cut.dispose();
      }
    } finally {
      await model.dispose();
    }
  });
}

it('whole logits, a cut past and the context say what is wrong', async () => {
  const { LensModel } = await importLibrary();
  const model = await LensModel.load('fable-4m', { device: 'wasm' });
  const { ids } = model.tokenizer.encode('The Eiffel Tower is in the city of');
  const { past } = await collect(model, ids, { keepPast: true, lens: { k: 1 } });
  if (!past) throw new Error('no past');
  await expect(model.cutPast(past, ids.length + 1)).rejects.toThrow(
    `past: cut: expected 1 to ${ids.length} tokens, got ${ids.length + 1}`,
  );
  await expect(model.logits(new Float32Array(100))).rejects.toThrow(
    `logits: states: expected [*, ${model.spec.dModel}], got 100 numbers`,
  );
  const rest = Array.from({ length: model.spec.nCtx - ids.length + 1 }, () => 5);
  await expect(collect(model, rest, { past, lens: { k: 1 } })).rejects.toThrow(
    `run: ${model.spec.nCtx + 1} tokens are more than this model's context of ${model.spec.nCtx}`,
  );
  // A run that is left before its end hands nothing over, and the past it stood on goes on being good.
  for await (const event of model.stream([5], { past, keepPast: true })) if (event.type === 'late') break;
  const cache = await model.runWithCache([...ids, 5], { hooks: ['blocks.*.hook_resid_post', 'logits'] });
  const on = await model.runWithPast([5], { hooks: ['logits'], past });
  const logits = await cache.get('logits')?.data();
  const vocab = model.spec.dVocab;
  const last = (data: Float32Array | undefined, width: number): Float32Array =>
    data?.subarray(data.length - width) ?? new Float32Array();
  const wanted = last(logits, vocab);
  const [a, b] = [
    await on.cache.get('logits')?.data(),
    await model.logits(
      last(await cache.get(`blocks.${model.spec.nLayers - 1}.hook_resid_post`)?.data(), model.spec.dModel),
    ),
  ];
  for (const ours of [a, b]) {
    expect(ours?.length).toBe(vocab);
    expect(Math.max(...wanted.map((x, i) => Math.abs(x - (ours?.[i] ?? NaN))))).toBeLessThan(1e-3);
  }
  on.past.dispose();
  past.dispose();
  await model.dispose();
});
