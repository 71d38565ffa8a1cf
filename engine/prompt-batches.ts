/** Many prompts as few runs: how many are used, which go together, and a pass over them that gives hooks as it goes. */
import { throwIfCancelled } from '../shared/errors.ts';
import { blockHookName, type BlockHook } from '../shared/hooks.ts';
import { nextTask, type Workplace } from './average-readings.ts';
import type { ForwardInput } from './forward.ts';
import { planHooks, runBlocks } from './run.ts';

/** Positions of one run, padding counted in. */
const BATCH_ROWS = 1024;

/** All but the first of each prompt, whose state is like no other. */
export function countPositions(prompts: readonly Int32Array[]): number {
  return prompts.reduce((n, ids) => n + ids.length - 1, 0);
}

/** The first prompts that together have so many positions. */
export function firstPositions(prompts: readonly Int32Array[], positions: number): readonly Int32Array[] {
  let sum = 0;
  const end = prompts.findIndex((ids) => (sum += ids.length - 1) >= positions);
  return end < 0 ? prompts : prompts.slice(0, end + 1);
}

/** Prompts of like lengths together, so that there is little padding. */
export function* batches(prompts: readonly Int32Array[]): Generator<readonly Int32Array[]> {
  const sorted = [...prompts].sort((a, b) => b.length - a.length);
  for (let from = 0; from < sorted.length;) {
    const longest = (sorted[from] as Int32Array).length;
    const to = from + Math.max(1, Math.floor(BATCH_ROWS / longest));
    yield sorted.slice(from, to);
    from = to;
  }
}

/** A batch as one rectangle, padded on the right under a mask. */
export function padded(
  prompts: readonly Int32Array[],
): Required<Pick<ForwardInput, 'batch' | 'pos' | 'ids' | 'real'>> {
  const pos = Math.max(...prompts.map(({ length }) => length));
  const ids = new Int32Array(prompts.length * pos);
  const real = new Uint8Array(prompts.length * pos);
  prompts.forEach((row, b) => {
    ids.set(row, b * pos);
    real.fill(1, b * pos, b * pos + row.length);
  });
  return { batch: prompts.length, pos, ids, real };
}

export interface PassOptions {
  readonly hooks: readonly BlockHook[];
  /** Layers whose hooks are wanted. */
  readonly layers: readonly number[];
  readonly signal: AbortSignal | undefined;
  /** Prompts run. */
  readonly onProgress: ((done: number, total: number) => void) | undefined;
}

/** One layer of one batch: what the pass hands on. */
export interface PassedLayer {
  readonly layer: number;
  readonly prompts: readonly Int32Array[];
  /** Positions of each prompt's row; those behind its own length are padding. */
  readonly pos: number;
  /** f32[batch, pos, …]: good until the callback is done. */
  readonly hook: (name: BlockHook) => Float32Array;
}

/** Runs prompts, each of one token at least, batch by batch, and hands every layer's hooks on. */
export async function passOver(
  { machine, spec, weights }: Workplace,
  prompts: readonly Int32Array[],
  { hooks, layers, signal, onProgress }: PassOptions,
  take: (passed: PassedLayer) => void,
): Promise<void> {
  const names = layers.flatMap((layer) => hooks.map((hook) => blockHookName(layer, hook)));
  const plan = planHooks(spec, names);
  const last = Math.max(...layers);
  let done = 0;
  for (const batch of batches(prompts)) {
    onProgress?.(done, prompts.length);
    const input = padded(batch);
    const state = await machine.forward.begin(input, signal);
    for await (const row of runBlocks(machine, spec, weights, state, { plan, checks: false, signal })) {
      if (!('resid' in row) || !layers.includes(row.layer)) continue;
      const data = new Map<string, Float32Array>();
      for (const [name, tensor] of row.hooks) data.set(name, await tensor.data());
      await nextTask();
      throwIfCancelled(signal);
      const { layer } = row;
      const hook = (name: BlockHook): Float32Array => data.get(blockHookName(layer, name)) as Float32Array;
      take({ layer, prompts: batch, pos: input.pos, hook });
      if (layer === last) break;
    }
    done += batch.length;
  }
  onProgress?.(done, prompts.length);
}
