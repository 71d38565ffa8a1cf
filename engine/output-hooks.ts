/** The hooks after the last block. */
import type { HookTensor } from './api.ts';
import type { Workplace } from './average-readings.ts';
import { MemoryHook } from './device-tensor.ts';
import type { HookPlan } from './run.ts';

/** `ln_final.hook_normalized` and `logits`, where the plan wants them. */
export async function outputHooks(
  { machine, spec }: Workplace,
  plan: HookPlan,
  axes: readonly [number, number],
  normalized: Float32Array,
  signal: AbortSignal | undefined,
): Promise<Map<string, HookTensor>> {
  const outer = new Map<string, HookTensor>();
  const add = (name: string, width: number, data: Float32Array): void => {
    if (plan.outer.has(name)) outer.set(name, new MemoryHook(name, [...axes, width], data));
  };
  add('ln_final.hook_normalized', spec.dModel, normalized);
  if (plan.outer.has('logits')) {
    const rows = axes[0] * axes[1];
    add('logits', spec.dVocab, await machine.readout.logits({ rows, data: normalized }, signal));
  }
  return outer;
}
