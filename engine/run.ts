/** One pass over the blocks, with the hooks that were asked for: what `stream` and `runWithCache` stand on. */
import { blockHookName, selectHooks, type BlockHook } from '../shared/hooks.ts';
import type { ModelSpec } from '../shared/spec/model-spec.ts';
import type { HookTensor, StreamEvent } from './api.ts';
import { DeviceHook, MemoryHook, type DeviceTensor } from './device-tensor.ts';
import { PastState, type ForwardState } from './forward.ts';
import type { Machine } from './machine.ts';
import type { WeightStore } from './weights.ts';

const MID: BlockHook = 'hook_resid_mid';

/** The selected hooks, by where they come from. */
export interface HookPlan {
  readonly names: readonly string[];
  readonly outer: ReadonlySet<string>;
  blocks(layer: number): readonly BlockHook[];
}

/** @throws {InputError} when a glob selects nothing. */
export function planHooks(spec: ModelSpec, globs: readonly string[]): HookPlan {
  const names = selectHooks(globs, spec);
  const chosen = new Set(names);
  return {
    names,
    outer: new Set(spec.outerHooks.filter((h) => chosen.has(h))),
    blocks: (layer) => spec.blockHooks.filter((h) => chosen.has(blockHookName(layer, h))),
  };
}

/** Whether the plan wants what comes after the last block. */
export function needsOutput({ outer }: HookPlan): boolean {
  return outer.has('ln_final.hook_normalized') || outer.has('logits');
}

/** Waits for `work`, telling of weights that arrive meanwhile. */
export async function* withProgress<T>(
  weights: WeightStore,
  work: Promise<T>,
): AsyncGenerator<StreamEvent, T> {
  const done = work.then((value) => ({ value }));
  for (;;) {
    const step = await Promise.race([done, weights.nextProgress()]);
    if (step) return step.value;
    yield { type: 'weights', ...weights.progress };
  }
}

/** A row of the run: the embedding (layer −1) or a block. */
export interface RunRow {
  readonly layer: number;
  /** f32[b, t, d_model]: valid until the next row is asked for. */
  readonly resid: DeviceTensor;
  /** f32[b, t, d_model], `hook_resid_mid`, where asked for: valid until the next row is asked for. */
  readonly mid?: DeviceTensor | undefined;
  readonly hooks: ReadonlyMap<string, HookTensor>;
  readonly checks: readonly [number, number] | undefined;
}

export function isRow(event: RunRow | StreamEvent): event is RunRow {
  return 'resid' in event;
}

export interface RunOptions {
  readonly plan: HookPlan;
  readonly checks: boolean;
  /** Give each block's state after attention too. */
  readonly mid?: boolean;
  readonly signal: AbortSignal | undefined;
  /** Keep keys and values; the generator returns them. */
  readonly keepPast?: boolean;
}

/** Runs all blocks, a row at a time. Returns the keys and values where asked for: the caller releases them. */
export async function* runBlocks(
  { runtime, forward }: Machine,
  spec: ModelSpec,
  weights: WeightStore,
  state: ForwardState,
  { plan, checks, signal, mid = false, keepPast = false }: RunOptions,
): AsyncGenerator<RunRow | StreamEvent, PastState | undefined> {
  const { batch, pos, past } = state.input;
  const keys: DeviceTensor[] = [];
  const values: DeviceTensor[] = [];
  let finished = false;
  let resid = forward.residual(state);
  try {
    const outer = new Map<string, HookTensor>();
    const dims = [batch, pos, spec.dModel];
    if (plan.outer.has('hook_embed'))
      outer.set('hook_embed', new MemoryHook('hook_embed', dims, state.embed));
    if (state.posEmbed && plan.outer.has('hook_pos_embed')) {
      outer.set('hook_pos_embed', new MemoryHook('hook_pos_embed', dims, state.posEmbed));
    }
    yield { layer: -1, resid, hooks: outer, checks: undefined };
    for (let layer = 0; layer < spec.nLayers; layer++) {
      const planned = plan.blocks(layer);
      const added: readonly BlockHook[] = mid && !planned.includes(MID) ? [MID] : [];
      const options = { hooks: [...planned, ...added], checks, present: keepPast };
      const result = yield* withProgress(weights, forward.block(layer, state, resid, options, signal));
      resid.release();
      resid = result.post;
      if (result.present) {
        keys.push(result.present.key);
        values.push(result.present.value);
      }
      const middle = mid ? result.hooks.get(MID) : undefined;
      const hooks = new Map<string, HookTensor>();
      for (const [hook, tensor] of result.hooks) {
        if (hook === MID) {
          if (added.length > 0) continue; // the one reference is ours
          if (middle) tensor.retain();
        }
        const name = blockHookName(layer, hook);
        hooks.set(name, new DeviceHook(runtime, name, tensor));
      }
      try {
        yield { layer, resid, mid: middle, hooks, checks: result.checks };
      } finally {
        middle?.release();
      }
    }
    finished = true;
    return keepPast
      ? new PastState(batch, pos + (past?.length ?? 0), realSoFar(state), keys, values)
      : undefined;
  } finally {
    resid.release();
    if (!finished) for (const t of [...keys, ...values]) t.release();
  }
}

/** The rows of a run, and what it keeps given to `take` at its end. */
export async function* keeping<Row, Kept>(
  run: AsyncGenerator<Row, Kept>,
  take: (kept: Kept) => void,
): AsyncGenerator<Row, void> {
  take(yield* run);
}

/** The padding mask of past and present together, u8[b, past + pos]. */
function realSoFar({ input }: ForwardState): Uint8Array {
  const { batch, pos, past } = input;
  const before = past?.length ?? 0;
  const real = new Uint8Array(batch * (before + pos));
  for (let b = 0; b < batch; b++) {
    const row = real.subarray(b * (before + pos), (b + 1) * (before + pos));
    if (past) row.set(past.real.subarray(b * before, (b + 1) * before));
    row.set((input.real as Uint8Array).subarray(b * pos, (b + 1) * pos), before);
  }
  return real;
}
