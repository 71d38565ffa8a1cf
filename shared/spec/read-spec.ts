/**
 * From a `config.json` to a spec: the one place that knows which families there are. Each is loaded when a model of
 * it is opened.
 */
import { FormatError, UnsupportedError } from '../errors.ts';
import type { JsonObject } from '../formats/json.ts';
import type { ModelSpec, StoredShapes } from './model-spec.ts';

/**
 * @throws {UnsupportedError} for an option that would run wrong.
 * @throws {FormatError} for a field that makes no sense.
 */
type SpecReader = (place: string, config: JsonObject, tensors: StoredShapes) => ModelSpec;

/** Families that open, by `model_type`. */
const READERS: ReadonlyMap<string, () => Promise<SpecReader>> = new Map([
  ['gpt2', async () => (await import('./gpt2.ts')).gpt2Spec],
  ['gpt_neo', async () => (await import('./gpt-neo.ts')).gptNeoSpec],
  ['gpt_neox', async () => (await import('./gpt-neox.ts')).gptNeoxSpec],
  ['llama', async () => (await import('./llama.ts')).llamaSpec],
  ['mistral', async () => (await import('./mistral.ts')).mistralSpec],
  ['qwen2', async () => (await import('./qwen.ts')).qwen2Spec],
  ['qwen3', async () => (await import('./qwen.ts')).qwen3Spec],
  ['gemma3_text', async () => (await import('./gemma3.ts')).gemma3Spec],
]);

export const FAMILIES: readonly string[] = [...READERS.keys()];

/**
 * @param tensors what the files hold, by name.
 * @throws {UnsupportedError} naming the family when it isn't one of ours.
 */
export async function readSpec(place: string, config: JsonObject, tensors: StoredShapes): Promise<ModelSpec> {
  const type = config['model_type'];
  if (typeof type !== 'string') {
    throw new FormatError(`${place}: no model_type: is this a model's config.json?`);
  }
  const load = READERS.get(type);
  if (!load) {
    throw new UnsupportedError(
      `${place}: models of type "${type}" don't open yet; these do: ${FAMILIES.join(', ')}`,
    );
  }
  const read = await load();
  return read(place, config, tensors);
}
