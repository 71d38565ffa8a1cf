/** From a `config.json` to a spec: the one place that knows which families there are. */
import { FormatError, UnsupportedError } from '../errors.ts';
import type { JsonObject } from '../formats/json.ts';
import { gemma3Spec } from './gemma3.ts';
import { gptNeoSpec } from './gpt-neo.ts';
import { gptNeoxSpec } from './gpt-neox.ts';
import { gpt2Spec } from './gpt2.ts';
import { llamaSpec } from './llama.ts';
import { mistralSpec } from './mistral.ts';
import type { ModelSpec, StoredShapes } from './model-spec.ts';
import { qwen2Spec, qwen3Spec } from './qwen.ts';

/** @throws {UnsupportedError} for an option that would run wrong; {FormatError} for a field that makes no sense. */
type SpecReader = (place: string, config: JsonObject, tensors: StoredShapes) => ModelSpec;

/** Families that open, by `model_type`. */
const READERS: ReadonlyMap<string, SpecReader> = new Map([
  ['gpt2', gpt2Spec],
  ['gpt_neo', gptNeoSpec],
  ['gpt_neox', gptNeoxSpec],
  ['llama', llamaSpec],
  ['mistral', mistralSpec],
  ['qwen2', qwen2Spec],
  ['qwen3', qwen3Spec],
  ['gemma3_text', gemma3Spec],
]);

export const FAMILIES: readonly string[] = [...READERS.keys()];

/**
 * @param tensors what the files hold, by name.
 * @throws {UnsupportedError} naming the family when it isn't one of ours.
 */
export function readSpec(place: string, config: JsonObject, tensors: StoredShapes): ModelSpec {
  const type = config['model_type'];
  if (typeof type !== 'string') {
    throw new FormatError(`${place}: no model_type: is this a model's config.json?`);
  }
  const read = READERS.get(type);
  if (read) return read(place, config, tensors);
  throw new UnsupportedError(
    `${place}: models of type "${type}" don't open yet; these do: ${FAMILIES.join(', ')}`,
  );
}
