/** Means over reference prompts of what ablation replaces. Loaded where they are asked for, kept with the model. */
import type { MeanActivations } from '../shared/ablation.ts';
import { InputError } from '../shared/errors.ts';
import type { BlockHook } from '../shared/hooks.ts';
import type { MeanOptions } from './ablation-api.ts';
import type { Workplace } from './average-readings.ts';
import { countPositions, firstPositions, passOver } from './prompt-batches.ts';
import type { WeightStore } from './weights.ts';

/** Positions that the means are over, of all that the prompts have: past these they hardly move. */
const POSITIONS = 4096;

const HOOKS = [
  'attn.hook_z',
  'hook_attn_out',
  'mlp.hook_post',
  'hook_mlp_out',
] as const satisfies readonly BlockHook[];
type MeanHook = (typeof HOOKS)[number];

interface Kept {
  readonly prompts: readonly Int32Array[];
  readonly means: MeanActivations;
}

/** The last ones of each model: other prompts take their place. */
const kept = new WeakMap<WeightStore, Kept>();

/** @throws {InputError} when no prompt has a token after its first. */
export async function meanActivations(
  place: Workplace,
  prompts: readonly Int32Array[],
  { signal, onProgress }: MeanOptions = {},
): Promise<MeanActivations> {
  const used = firstPositions(
    prompts.filter(({ length }) => length > 1),
    POSITIONS,
  );
  if (used.length === 0) {
    throw new InputError('ablation: means: no prompt has a token after its first: give longer prompts');
  }
  const known = kept.get(place.weights);
  if (known && samePrompts(known.prompts, used)) return known.means;
  const { nLayers, nHeads, dHead, dModel, dMlp } = place.spec;
  const widths: Record<MeanHook, number> = {
    'attn.hook_z': nHeads * dHead,
    hook_attn_out: dModel,
    'mlp.hook_post': dMlp,
    hook_mlp_out: dModel,
  };
  const layers = Array.from({ length: nLayers }, (_, layer) => layer);
  const sums = layers.map(() =>
    Object.fromEntries(HOOKS.map((hook) => [hook, new Float64Array(2 * widths[hook])])),
  ) as Record<MeanHook, Float64Array>[];
  const counts = [used.length, countPositions(used)] as const;
  const progress = (done: number, total: number): void => onProgress?.({ done, total });
  await passOver(place, used, { hooks: HOOKS, layers, signal, onProgress: progress }, (passed) => {
    const own = sums[passed.layer] as Record<MeanHook, Float64Array>;
    for (const hook of HOOKS) addRows(own[hook], passed.hook(hook), widths[hook], passed);
  });
  const meanOf = (hook: MeanHook): Float32Array[] =>
    sums.map((own) =>
      Float32Array.from(own[hook], (sum, i) => sum / (i < widths[hook] ? counts[0] : counts[1])),
    );
  const means: MeanActivations = {
    prompts: counts[0],
    positions: counts[1],
    z: meanOf('attn.hook_z'),
    attn: meanOf('hook_attn_out'),
    neurons: meanOf('mlp.hook_post'),
    mlp: meanOf('hook_mlp_out'),
  };
  kept.set(place.weights, { prompts: used, means });
  return means;
}

/** @param sums f64[2, width]: of first positions, of all others. @param data f32[batch, pos, width] */
function addRows(
  sums: Float64Array,
  data: Float32Array,
  width: number,
  { prompts, pos }: { readonly prompts: readonly Int32Array[]; readonly pos: number },
): void {
  prompts.forEach(({ length }, b) => {
    for (let p = 0; p < length; p++) {
      const from = (b * pos + p) * width;
      const to = p === 0 ? 0 : width;
      for (let i = 0; i < width; i++) sums[to + i] = (sums[to + i] as number) + (data[from + i] as number);
    }
  });
}

function samePrompts(a: readonly Int32Array[], b: readonly Int32Array[]): boolean {
  return (
    a.length === b.length &&
    a.every((ids, i) => ids.length === b[i]?.length && ids.every((id, j) => id === b[i]?.[j]))
  );
}
