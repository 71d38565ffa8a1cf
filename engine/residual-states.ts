/** The residual states of one run, from the embedding up: what the directions readings are made of. */
import { ShapeError } from '../shared/errors.ts';
import { blockHookName, type BlockHook } from '../shared/hooks.ts';
import type { ModelSpec } from '../shared/spec/model-spec.ts';
import type { CacheOptions, HookTensor } from './api.ts';

/** What is asked of a model here. */
export interface RunsHooks {
  readonly spec: Pick<ModelSpec, 'nLayers' | 'dModel' | 'nCtx' | 'blockHooks'>;
  runWithCache(ids: readonly number[], options?: CacheOptions): Promise<Map<string, HookTensor>>;
}

/** A row of the stream: layer −1 is the embedding; `mid` is `hook_resid_mid` of its layer. */
export interface StateRow {
  readonly layer: number;
  readonly mid: boolean;
}

/** What blocks add to the stream. */
export type Write = 'attn' | 'mlp';

export interface StateOptions {
  /** Mid-block states too. */
  readonly mid: boolean;
  /** What attention and MLP write, too. */
  readonly writes: boolean;
  readonly signal: AbortSignal | undefined;
}

export interface ResidualStates {
  /** In the order in which a run passes them. */
  readonly rows: readonly StateRow[];
  readonly tokens: number;
  /** f32[d_model]: a row's state at a position. */
  at(row: number, pos: number): Float32Array;
  /** f32[d_model]: what a block's attention or MLP writes there; undefined where that wasn't asked for. */
  write(layer: number, which: Write, pos: number): Float32Array | undefined;
}

/** The rows of a model's stream. @param mid with mid-block states, where blocks have them. */
export function stateRows({ nLayers, blockHooks }: RunsHooks['spec'], mid: boolean): StateRow[] {
  const withMid = mid && blockHooks.includes('hook_resid_mid');
  return [
    { layer: -1, mid: false },
    ...Array.from({ length: nLayers }, (_, layer) => [
      ...(withMid ? [{ layer, mid: true }] : []),
      { layer, mid: false },
    ]).flat(),
  ];
}

/** Runs a prompt and keeps its states. */
export async function collectStates(
  model: RunsHooks,
  ids: readonly number[],
  { mid, writes, signal }: StateOptions,
): Promise<ResidualStates> {
  const { spec } = model;
  const rows = stateRows(spec, mid);
  const blocks: BlockHook[] = [
    'hook_resid_post',
    ...(rows.some((row) => row.mid) ? (['hook_resid_mid'] as const) : []),
    ...(writes ? (['hook_attn_out', 'hook_mlp_out'] as const) : []),
  ];
  const hooks = [blockHookName(0, 'hook_resid_pre'), ...blocks.map((hook) => `blocks.*.${hook}`)];
  const cache = await model.runWithCache(ids, { hooks, ...(signal && { signal }) });
  const held = new Map<string, Float32Array>();
  for (const [name, tensor] of cache) held.set(name, await tensor.data());
  const d = spec.dModel;
  const cell = (name: string, pos: number): Float32Array | undefined =>
    held.get(name)?.subarray(pos * d, (pos + 1) * d);
  const nameOf = ({ layer, mid: half }: StateRow): string =>
    layer < 0
      ? blockHookName(0, 'hook_resid_pre')
      : blockHookName(layer, half ? 'hook_resid_mid' : 'hook_resid_post');
  return {
    rows,
    tokens: ids.length,
    at: (row, pos) => {
      const asked = rows[row];
      const state = asked && cell(nameOf(asked), pos);
      if (!state) throw new ShapeError(`directions: state ${row}: the run gave ${rows.length} of them`);
      return state;
    },
    write: (layer, which, pos) =>
      cell(blockHookName(layer, which === 'attn' ? 'hook_attn_out' : 'hook_mlp_out'), pos),
  };
}
