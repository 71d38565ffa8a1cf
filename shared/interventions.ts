/**
 * What a reader may change in a run: values at hooks, scaled and replaced. Every intervention is x · factor + value
 * over chosen positions and units, so ablation, scaling, patching and noise are one thing, and several at one hook
 * compose in the order given.
 *
 * @see Meng et al. 2022, "Locating and editing factual associations in GPT" (restoring and corrupting states)
 */
import { InputError, ShapeError, UnsupportedError } from './errors.ts';
import { blockHookName, type BlockHook } from './hooks.ts';

/** Hooks of a block that may be changed, in the order in which a block computes them. */
export const EDITABLE = [
  'attn.hook_z',
  'hook_attn_out',
  'hook_resid_mid',
  'mlp.hook_post',
  'hook_mlp_out',
  'hook_resid_post',
] as const satisfies readonly BlockHook[];
export type EditableHook = (typeof EDITABLE)[number];

/** One change. With neither `factor` nor `value` it is an ablation to zero. */
export interface Intervention {
  /** `hook_embed`, or `blocks.L.` and one of {@link EDITABLE}. */
  readonly hook: string;
  /** Positions in this run's tokens. Default: all. */
  readonly positions?: readonly number[];
  /** Heads at `attn.hook_z`, neurons at `mlp.hook_post`; elsewhere there are none to choose. Default: all. */
  readonly units?: readonly number[];
  /** What the value there is multiplied by. Default 0. */
  readonly factor?: number;
  /**
   * What is added then: f32[units, width], the same at all positions, or f32[positions, units, width], or that with a
   * batch axis in front. The width is d_head at `attn.hook_z`, 1 at `mlp.hook_post`, d_model elsewhere, where there
   * is one unit.
   */
  readonly value?: Float32Array;
}

/** A model's shape, as far as changes need it. */
export interface EditShape {
  readonly family: string;
  readonly nLayers: number;
  readonly nHeads: number;
  readonly dHead: number;
  readonly dModel: number;
  readonly dMlp: number;
  readonly blockHooks: readonly BlockHook[];
}

/** What several interventions at one hook come to: x · gain + offset, with a batch axis of 1 or the run's. */
export interface Edit {
  /** f32[b, pos, units, 1] */
  readonly gain: Float32Array;
  /** f32[b, pos, units, width]; undefined where nothing is added. */
  readonly offset: Float32Array | undefined;
  readonly batch: number;
  readonly units: number;
  readonly width: number;
}

export interface EditPlan {
  readonly embed: Edit | undefined;
  /** By layer. */
  readonly blocks: ReadonlyMap<number, ReadonlyMap<EditableHook, Edit>>;
}

/** Units of a hook, and numbers a unit: the axes after `pos`. */
export function unitsOf(shape: EditShape, hook: EditableHook | 'hook_embed'): [units: number, width: number] {
  if (hook === 'attn.hook_z') return [shape.nHeads, shape.dHead];
  if (hook === 'mlp.hook_post') return [shape.dMlp, 1];
  return [1, shape.dModel];
}

/**
 * Checks interventions and brings those of one hook together.
 *
 * @throws {UnsupportedError} for a hook that can't be changed, or that this model doesn't have.
 * @throws {InputError} for positions, units or factors out of range.
 * @throws {ShapeError} `blocks.3.hook_mlp_out: value: expected [192], [9, 192] or [1, 9, 192], got 100 numbers`
 */
export function planEdits(
  shape: EditShape,
  interventions: readonly Intervention[],
  { batch, pos }: { readonly batch: number; readonly pos: number },
): EditPlan {
  const blocks = new Map<number, Map<EditableHook, Edit>>();
  let embed: Edit | undefined;
  for (const intervention of interventions) {
    if (intervention.hook === 'hook_embed') {
      embed = apply(shape, 'hook_embed', intervention, embed, batch, pos);
      continue;
    }
    const [layer, hook] = placeOf(shape, intervention.hook);
    const edits = blocks.get(layer) ?? new Map<EditableHook, Edit>();
    blocks.set(layer, edits);
    edits.set(hook, apply(shape, hook, intervention, edits.get(hook), batch, pos));
  }
  return { embed, blocks };
}

/** @throws {UnsupportedError} */
function placeOf(shape: EditShape, name: string): [number, EditableHook] {
  const match = /^blocks\.(\d{1,5})\.(.+)$/.exec(name);
  const layer = Number(match?.[1]);
  const hook = EDITABLE.find((each) => each === match?.[2]);
  if (hook && layer < shape.nLayers && hasHook(shape, hook)) return [layer, hook];
  const instead =
    match?.[2] === 'hook_resid_pre'
      ? layer === 0
        ? '. Change hook_embed'
        : `. Change ${blockHookName(layer - 1, 'hook_resid_post')}`
      : '';
  const known = EDITABLE.filter((each) => hasHook(shape, each)).map((each) => `blocks.L.${each}`);
  throw new UnsupportedError(
    `interventions: "${name}" can't be changed in this model (${shape.family}, ${shape.nLayers} layers)${instead}. What can: hook_embed, ${known.join(', ')}`,
  );
}

function hasHook({ blockHooks }: EditShape, hook: EditableHook): boolean {
  return blockHooks.includes(hook);
}

/** One intervention on top of what came before it at the same hook. */
function apply(
  shape: EditShape,
  hook: EditableHook | 'hook_embed',
  intervention: Intervention,
  before: Edit | undefined,
  batch: number,
  pos: number,
): Edit {
  const { hook: place, factor = 0, value } = intervention;
  const [units, width] = unitsOf(shape, hook);
  if (!Number.isFinite(factor)) {
    throw new InputError(`${place}: factor: expected a number, got ${factor}`);
  }
  const positions = chosen(intervention.positions, pos, `${place}: positions`);
  const which = chosen(intervention.units, units, `${place}: units`);
  const own = which.length * width;
  const some = positions.length * own;
  const size = value?.length ?? 0;
  if (value && size !== own && size !== some && size !== batch * some) {
    const last = units === 1 ? `${width}` : `${which.length}, ${width}`;
    throw new ShapeError(
      `${place}: value: expected [${last}], [${positions.length}, ${last}] or [${batch}, ${positions.length}, ${last}], got ${size} numbers`,
    );
  }
  const wrong = value?.find((x) => !Number.isFinite(x));
  if (wrong !== undefined) throw new InputError(`${place}: value: expected finite numbers, got ${wrong}`);

  const rows = Math.max(before?.batch ?? 1, value && size > some ? batch : 1);
  const gain = before
    ? spread(before.gain, rows / before.batch)
    : new Float32Array(rows * pos * units).fill(1);
  const offset =
    value || before?.offset
      ? before?.offset
        ? spread(before.offset, rows / before.batch)
        : new Float32Array(rows * pos * units * width)
      : undefined;
  for (let b = 0; b < rows; b++) {
    positions.forEach((p, i) => {
      which.forEach((u, j) => {
        const at = (b * pos + p) * units + u;
        gain[at] = (gain[at] as number) * factor;
        if (!offset) return;
        const from = size > some ? (b * positions.length + i) * own : size > own ? i * own : 0;
        for (let e = 0; e < width; e++) {
          const cell = at * width + e;
          offset[cell] = (offset[cell] as number) * factor + (value?.[from + j * width + e] ?? 0);
        }
      });
    });
  }
  return { gain, offset, batch: rows, units, width };
}

/** A copy, repeated along the batch. */
function spread(values: Float32Array, times: number): Float32Array {
  const out = new Float32Array(values.length * times);
  for (let i = 0; i < times; i++) out.set(values, i * values.length);
  return out;
}

/** @throws {InputError} */
function chosen(list: readonly number[] | undefined, count: number, place: string): readonly number[] {
  if (list === undefined) return Array.from({ length: count }, (_, i) => i);
  const bad = list.find((i) => !Number.isInteger(i) || i < 0 || i >= count);
  if (bad !== undefined) throw new InputError(`${place}: expected 0 to ${count - 1}, got ${bad}`);
  if (new Set(list).size !== list.length) throw new InputError(`${place}: expected each once`);
  return list;
}

/** x · gain + offset in memory. x: f32[batch, pos, units, width]. */
export function applyEdit(x: Float32Array, { gain, offset, width }: Edit): Float32Array {
  return x.map(
    (value, i) =>
      value * (gain[Math.floor(i / width) % gain.length] as number) +
      (offset ? (offset[i % offset.length] as number) : 0),
  );
}
