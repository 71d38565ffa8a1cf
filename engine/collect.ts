/** Prompts run to their end, chosen hooks kept: what `runWithCache` and `runWithPast` stand on. */
import type { Intervention } from '../shared/interventions.ts';
import type { HookTensor } from './api.ts';
import type { Workplace } from './average-readings.ts';
import type { PastState } from './forward.ts';
import { outputHooks } from './output-hooks.ts';
import { rectangle } from './rectangle.ts';
import { isRow, needsOutput, planHooks, runBlocks } from './run.ts';

export interface CollectOptions {
  readonly hooks: readonly string[];
  readonly keepPast: boolean;
  readonly past: PastState | undefined;
  readonly interventions: readonly Intervention[];
  readonly signal: AbortSignal | undefined;
}

export async function collect(
  place: Workplace,
  ids: readonly number[] | readonly (readonly number[])[],
  { hooks, keepPast, past, interventions, signal }: CollectOptions,
): Promise<{ cache: Map<string, HookTensor>; present: PastState | undefined }> {
  const { machine, spec, weights } = place;
  const input = { ...rectangle(isBatch(ids) ? ids : [ids]), interventions };
  const plan = planHooks(spec, hooks);
  const state = await machine.forward.begin(past ? { ...input, past } : input, signal);
  const cache = new Map<string, HookTensor>();
  const run = runBlocks(machine, spec, weights, state, {
    plan,
    checks: false,
    signal,
    keepPast,
  });
  for (;;) {
    const { done, value: row } = await run.next();
    if (done) return { cache, present: row };
    if (!isRow(row)) continue;
    for (const [name, tensor] of row.hooks) cache.set(name, tensor);
    if (row.layer === spec.nLayers - 1 && needsOutput(plan)) {
      const { data } = await machine.readout.normalize(row.resid.tensor, signal);
      const outer = await outputHooks(place, plan, [input.batch, input.pos], data, signal);
      for (const [name, tensor] of outer) cache.set(name, tensor);
    }
  }
}

function isBatch(
  ids: readonly number[] | readonly (readonly number[])[],
): ids is readonly (readonly number[])[] {
  return Array.isArray(ids[0]);
}
