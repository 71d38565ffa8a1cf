/** Translating any residual states, each as the row of the lens that it is of. */
import { InputError } from '../shared/errors.ts';
import { translatorOf, type Translators } from '../shared/lens/translators.ts';
import type { Runtime } from './runtime.ts';
import type { Translate } from './translate.ts';

/**
 * @param states f32[rows, d_model]
 * @param layers i32[rows], −1 … n − 1: the row of the lens that each state is of.
 * @returns f32[rows, d_model]
 * @throws {InputError} when a state's layer is not said, or is none.
 */
export async function translateStates(
  { translate, runtime }: { readonly translate: Translate; readonly runtime: Runtime },
  states: Float32Array,
  layers: Int32Array | undefined,
  lens: Translators,
): Promise<Float32Array> {
  const d = lens.dModel;
  const rows = states.length / d;
  if (layers?.length !== rows) {
    throw new InputError(
      `lens: layers: expected [${rows}], the layer of each state, got ${layers?.length ?? 'none'}: a translator is of one layer`,
    );
  }
  const out = states.slice();
  for (const layer of new Set(layers)) {
    if (layer < -1 || layer >= lens.layers.length) {
      throw new InputError(`lens: layer ${layer} is outside [-1, ${lens.layers.length})`);
    }
    const translator = translatorOf(lens, layer);
    if (!translator) continue;
    const places = [...layers.keys()].filter((row) => layers[row] === layer);
    const some = new Float32Array(places.length * d);
    places.forEach((row, i) => some.set(states.subarray(row * d, (row + 1) * d), i * d));
    const tensor = await translate.apply(runtime.floats(some, [1, places.length, d]), translator);
    const read = await runtime.read(tensor);
    if (tensor.location === 'gpu-buffer') tensor.dispose();
    places.forEach((row, i) => out.set(read.subarray(i * d, (i + 1) * d), row * d));
  }
  return out;
}
