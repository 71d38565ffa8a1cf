/** What every family's spec is made with: bounds, names with their shapes, activations, hooks. */
import { UnsupportedError } from '../errors.ts';
import type { Fields } from '../formats/json.ts';
import { BLOCK_HOOKS, OUTER_HOOKS, type BlockHook, type OuterHook } from '../hooks.ts';
import type { Activation, MatrixRef, NormRef, StoredShapes } from './model-spec.ts';

/** Bounds that no published model comes near; they keep a hostile config from asking for absurd memory. */
export const MAX = {
  layers: 1024,
  width: 65_536,
  mlp: 1_048_576,
  heads: 1024,
  vocab: 4_194_304,
  context: 16_777_216,
} as const;

const ACTIVATION_NAMES: ReadonlyMap<string, Activation> = new Map([
  ['gelu_new', 'gelu_tanh'],
  ['gelu_fast', 'gelu_tanh'],
  ['gelu_pytorch_tanh', 'gelu_tanh'],
  ['gelu', 'gelu'],
  ['relu', 'relu'],
  ['silu', 'silu'],
  ['swish', 'silu'],
]);

/** @throws {UnsupportedError} for one that the builder doesn't do. */
export function readActivation(
  place: string,
  fields: Fields,
  keys: readonly string[],
  fallback: string,
): Activation {
  const name = fields.text(keys, fallback);
  const activation = ACTIVATION_NAMES.get(name);
  if (activation) return activation;
  throw new UnsupportedError(
    `${place}: activation "${name}" is not done here; it does ${[...ACTIVATION_NAMES.keys()].join(', ')}`,
  );
}

/** Refuses an option that would change the numbers. @throws {UnsupportedError} */
export function refuse(place: string, wrong: boolean, what: string): void {
  if (wrong)
    throw new UnsupportedError(
      `${place}: ${what} is not done here: this model would run wrong, so it doesn't run`,
    );
}

/** Collects the tensors of a spec, each with the shape that the config implies. */
export class TensorNames {
  readonly shapes = new Map<string, readonly number[]>();

  tensor(name: string, ...shape: number[]): string {
    this.shapes.set(name, shape);
    return name;
  }

  norm(path: string, width: number, bias: boolean): NormRef {
    const weight = this.tensor(`${path}.weight`, width);
    return bias ? { weight, bias: this.tensor(`${path}.bias`, width) } : { weight };
  }

  /** torch's Linear, stored [out, in]. */
  linear(path: string, inputs: number, outputs: number, bias: boolean): MatrixRef {
    const weight = this.tensor(`${path}.weight`, outputs, inputs);
    return { weight, layout: 'out-in', ...(bias && { bias: this.tensor(`${path}.bias`, outputs) }) };
  }

  /** GPT-2's Conv1D, stored [in, out]; always with a bias. */
  conv1d(path: string, inputs: number, outputs: number): MatrixRef {
    const weight = this.tensor(`${path}.weight`, inputs, outputs);
    return { weight, layout: 'in-out', bias: this.tensor(`${path}.bias`, outputs) };
  }
}

/** The prefix that the files' names have: the family's own, or none. */
export function readPrefix(tensors: StoredShapes, prefix: string, probe: string): string {
  return tensors.has(prefix + probe) ? prefix : '';
}

/** The hooks that a model with these traits has. */
export function hooksOf(traits: {
  readonly rotary: boolean;
  readonly parallel: boolean;
  readonly learned: boolean;
}): {
  blockHooks: readonly BlockHook[];
  outerHooks: readonly OuterHook[];
} {
  const rotated: readonly BlockHook[] = ['attn.hook_rot_q', 'attn.hook_rot_k'];
  return {
    blockHooks: BLOCK_HOOKS.filter(
      (h) => (traits.rotary || !rotated.includes(h)) && (!traits.parallel || h !== 'hook_resid_mid'),
    ),
    outerHooks: OUTER_HOOKS.filter((h) => traits.learned || h !== 'hook_pos_embed'),
  };
}
