/** What a string names in Node: the embedded model, what lies on the disk, an address, a model on the hub. */
import { NotFoundError } from '../shared/errors.ts';
import type { ModelFiles } from './api.ts';
import { EMBEDDED, findLocal } from './folder-source.ts';
import { addressFiles } from './http-source.ts';
import { DEFAULT_HUB, hubAddress, hubFiles, parseHubName } from './hub-source.ts';
import type { ResolveOptions } from './open-model.ts';

/**
 * A folder or file here wins over a model of that name on the hub. `HF_ENDPOINT` names another hub.
 *
 * @throws {NotFoundError} `model "…": …` naming what does open. @throws {AccessError} for gated models.
 */
export async function resolveNode(source: string, { signal, token }: ResolveOptions): Promise<ModelFiles> {
  const local = findLocal(source) ?? addressFiles(source);
  if (local) return local;
  const name = parseHubName(source);
  if (name) {
    const endpoint = process.env['HF_ENDPOINT'];
    const hub = hubAddress(endpoint === undefined || endpoint === '' ? DEFAULT_HUB : endpoint);
    return hubFiles(name, { hub, token, signal });
  }
  throw new NotFoundError(
    `model "${source}": neither an embedded model (${EMBEDDED.join(', ')}) nor a folder or .gguf file here; a model on the hub is owner/name, an address begins with https://`,
  );
}
