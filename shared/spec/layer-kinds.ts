/** `layer_types`: which layers look through a sliding window. */
import { FormatError } from '../errors.ts';
import type { Fields } from '../formats/json.ts';

/**
 * @param fallback whether layer l slides, where the config has no list.
 * @returns per layer, whether it slides.
 * @throws {FormatError} when the list is of another length, or names another kind.
 */
export function readLayerKinds(
  fields: Fields,
  nLayers: number,
  fallback: (layer: number) => boolean,
): boolean[] {
  const listed = fields.list('layer_types');
  if (!listed) return Array.from({ length: nLayers }, (_, l) => fallback(l));
  if (listed.length !== nLayers) {
    throw new FormatError(`${fields.place}: layer_types: expected ${nLayers} entries, got ${listed.length}`);
  }
  return listed.map((kind) => {
    if (kind === 'sliding_attention') return true;
    if (kind === 'full_attention') return false;
    throw new FormatError(`${fields.place}: layer_types: attention ${JSON.stringify(kind)} is not done here`);
  });
}
