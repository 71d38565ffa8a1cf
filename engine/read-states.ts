/** Residual states through the final norm and the unembedding, wherever they come from. */
import { InputError } from '../shared/errors.ts';
import type { Translators } from '../shared/lens/translators.ts';
import type { ModelSpec } from '../shared/spec/model-spec.ts';
import type { LensOptions, LensReadout } from './api.ts';
import type { Workplace } from './average-readings.ts';
import { toReadout } from './readout.ts';

export const DEFAULT_K = 10;
const MAX_K = 100;

/** See {@link Model.lens}. */
export async function lensOf(
  { machine, spec }: Workplace,
  states: Float32Array,
  { k = DEFAULT_K, targets, translators, layers, signal }: LensOptions = {},
): Promise<LensReadout> {
  const { dModel, dVocab } = spec;
  const rows = states.length / dModel;
  if (rows < 1 || !Number.isInteger(rows)) {
    throw new InputError(`lens: states: expected [*, ${dModel}], got ${states.length} numbers`);
  }
  const perRow = (targets?.length ?? 0) / rows;
  if (!Number.isInteger(perRow)) {
    throw new InputError(`lens: targets: expected [${rows}, *], got ${targets?.length} ids`);
  }
  const bad = targets?.find((id) => id < -1 || id >= dVocab);
  if (bad !== undefined) throw new InputError(`lens: target ${bad} is outside the vocabulary [0, ${dVocab})`);
  const lens = fitting(spec, translators);
  const { translateStates } = lens ? await import('./translate-states.ts') : {};
  const read = lens && translateStates ? await translateStates(machine, states, layers, lens) : states;
  const resid = machine.runtime.floats(read, [1, rows, dModel]);
  const normalized = await machine.readout.normalize(resid, signal);
  const request = { k: checkK(k, dVocab), targets: targets ?? new Int32Array(0), perRow };
  return toReadout(await machine.readout.read(normalized, request, signal), rows, k, perRow);
}

/** See {@link Model.logits}. */
export async function logitsOf(
  { machine, spec }: Workplace,
  states: Float32Array,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const { dModel } = spec;
  const rows = states.length / dModel;
  if (rows < 1 || !Number.isInteger(rows)) {
    throw new InputError(`logits: states: expected [*, ${dModel}], got ${states.length} numbers`);
  }
  const { runtime, readout } = machine;
  const normalized = await readout.normalize(runtime.floats(states, [1, rows, dModel]), signal);
  return readout.logits(normalized, signal);
}

/** The lens, once it fits this model. */
export function fitting(spec: ModelSpec, lens: Translators | undefined): Translators | undefined {
  const { dModel, nLayers } = spec;
  if (lens && (lens.dModel !== dModel || lens.layers.length !== nLayers)) {
    throw new InputError(
      `lens: translators: expected ${nLayers} of [${dModel}, ${dModel}], got ${lens.layers.length} of [${lens.dModel}, ${lens.dModel}]: they are of another model`,
    );
  }
  return lens;
}

/** @throws {InputError} for a k that can't be read. */
export function checkK(k: number, dVocab: number): number {
  if (!Number.isInteger(k) || k < 1 || k > Math.min(MAX_K, dVocab)) {
    throw new InputError(`lens: k: expected a whole number from 1 to ${Math.min(MAX_K, dVocab)}, got ${k}`);
  }
  return k;
}
