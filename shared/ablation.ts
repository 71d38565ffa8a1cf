/**
 * A choice of heads, layers and neurons to take out or scale, and what that comes to as interventions on a run.
 */
import { InputError } from './errors.ts';
import { blockHookName } from './hooks.ts';
import { unitsOf, type EditableHook, type EditShape, type Intervention } from './interventions.ts';

/** What can be taken out. */
export type AblationUnit =
  | { readonly kind: 'head'; readonly layer: number; readonly head: number }
  | { readonly kind: 'neuron'; readonly layer: number; readonly neuron: number }
  /** All that a layer's attention, or its MLP, writes: biases too. */
  | { readonly kind: 'attn' | 'mlp'; readonly layer: number };

export interface Ablation {
  readonly units: readonly AblationUnit[];
  /** To zero, to the mean over reference prompts, or times a factor. */
  readonly how: 'zero' | 'mean' | { readonly factor: number };
  /** Positions in this run's tokens. Default all. */
  readonly positions?: readonly number[] | undefined;
}

/**
 * Means over reference prompts, of what can be taken out. Row 0 is over the prompts' first tokens, whose states are like
 * no others, row 1 over all the rest.
 */
export interface MeanActivations {
  /** Prompts and positions behind row 1. */
  readonly prompts: number;
  readonly positions: number;
  /** Of each layer f32[2, head, d_head], `attn.hook_z`. */
  readonly z: readonly Float32Array[];
  /** Of each layer f32[2, d_model], `hook_attn_out` and `hook_mlp_out`. */
  readonly attn: readonly Float32Array[];
  readonly mlp: readonly Float32Array[];
  /** Of each layer f32[2, neuron], `mlp.hook_post`. */
  readonly neurons: readonly Float32Array[];
}

/** A run's shape, as far as an ablation needs it. */
export interface AblatedRun {
  readonly tokens: number;
  /** Tokens of the past that the run stands on: with some, none of its own is a prompt's first. Default 0. */
  readonly past?: number;
}

/** Where a unit's values stand. */
const HOOKS = {
  head: 'attn.hook_z',
  neuron: 'mlp.hook_post',
  attn: 'hook_attn_out',
  mlp: 'hook_mlp_out',
} as const satisfies Record<AblationUnit['kind'], EditableHook>;

/**
 * The interventions that a choice comes to. Nothing chosen, and a factor of 1, come to none: the run is then the plain
 * one bit for bit. To the mean: at a prompt's first position that of first positions.
 *
 * @throws {InputError} for a layer, head or neuron that the model lacks, a mean without `means`, or means of another model.
 */
export function ablationInterventions(
  shape: EditShape,
  { units, how, positions }: Ablation,
  run: AblatedRun,
  means?: MeanActivations,
): Intervention[] {
  if (how === 'mean' && !means) {
    throw new InputError('ablation: to the mean: expected the means over reference prompts, got none');
  }
  if (typeof how === 'object' && how.factor === 1) return [];
  const chosen = new Map<string, { kind: AblationUnit['kind']; layer: number; units: Set<number> }>();
  for (const unit of units) {
    const { kind, layer } = unit;
    check(shape, unit);
    const key = `${layer} ${kind}`;
    const group = chosen.get(key) ?? { kind, layer, units: new Set() };
    chosen.set(key, group);
    if (kind === 'head') group.units.add(unit.head);
    if (kind === 'neuron') group.units.add(unit.neuron);
  }
  return [...chosen.values()].map(({ kind, layer, units: set }) => {
    const own = [...set].sort((a, b) => a - b);
    const base = {
      hook: blockHookName(layer, HOOKS[kind]),
      ...(own.length > 0 && { units: own }),
      ...(positions && { positions }),
    };
    if (how === 'zero') return base;
    if (how !== 'mean') return { ...base, factor: how.factor };
    const rows = meanRows(shape, kind, layer, own, means as MeanActivations);
    return { ...base, value: spread(rows, positions, run) };
  });
}

/** Both rows of the means, of the chosen units alone. */
function meanRows(
  shape: EditShape,
  kind: AblationUnit['kind'],
  layer: number,
  chosen: readonly number[],
  means: MeanActivations,
): readonly [first: Float32Array, rest: Float32Array] {
  const table = { head: means.z, neuron: means.neurons, attn: means.attn, mlp: means.mlp }[kind][layer];
  const [units, width] = unitsOf(shape, HOOKS[kind]);
  if (table?.length !== 2 * units * width) {
    throw new InputError(
      `ablation: means of layer ${layer}: expected 2 × ${units * width} numbers, got ${table?.length ?? 0}: they are of another model`,
    );
  }
  const which = chosen.length > 0 ? chosen : [0];
  const row = (r: number): Float32Array => {
    const out = new Float32Array(which.length * width);
    which.forEach((unit, i) => {
      const from = (r * units + unit) * width;
      out.set(table.subarray(from, from + width), i * width);
    });
    return out;
  };
  return [row(0), row(1)];
}

/** The row of all positions, or one a position where a prompt's first is among them. */
function spread(
  [first, rest]: readonly [Float32Array, Float32Array],
  positions: readonly number[] | undefined,
  { tokens, past = 0 }: AblatedRun,
): Float32Array {
  const places = positions ?? Array.from({ length: tokens }, (_, i) => i);
  if (past > 0 || !places.includes(0)) return rest;
  const out = new Float32Array(places.length * rest.length);
  places.forEach((pos, i) => out.set(pos === 0 ? first : rest, i * rest.length));
  return out;
}

function check(shape: EditShape, unit: AblationUnit): void {
  const within = (name: string, value: number, count: number): void => {
    if (Number.isInteger(value) && value >= 0 && value < count) return;
    throw new InputError(`ablation: ${name} ${value}: expected 0 to ${count - 1}`);
  };
  within('layer', unit.layer, shape.nLayers);
  if (unit.kind === 'head') within(`layer ${unit.layer}: head`, unit.head, shape.nHeads);
  if (unit.kind === 'neuron') within(`layer ${unit.layer}: neuron`, unit.neuron, shape.dMlp);
}
