/** From a `config.json` to a spec: the one place that knows which families there are. */
import { FormatError, UnsupportedError } from '../errors.ts';
import type { JsonObject } from '../formats/json.ts';
import { gpt2Spec, isGpt2 } from './gpt2.ts';
import type { ModelSpec, StoredShapes } from './model-spec.ts';

/** Families that open, by `model_type`. */
export const FAMILIES: readonly string[] = ['gpt2'];

/**
 * @throws {UnsupportedError} naming the family when it isn't one of ours.
 */
export function readSpec(place: string, config: JsonObject, tensors: StoredShapes): ModelSpec {
  if (isGpt2(config)) return gpt2Spec(place, config, tensors);
  const type = config['model_type'];
  if (typeof type !== 'string') {
    throw new FormatError(`${place}: no model_type: is this a model's config.json?`);
  }
  throw new UnsupportedError(
    `${place}: models of type "${type}" don't open yet; these do: ${FAMILIES.join(', ')}`,
  );
}
