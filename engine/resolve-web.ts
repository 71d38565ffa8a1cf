/**
 * What a string names in a page: the embedded model, an address, a model on the hub; the last two are kept here. The
 * embedded one needs none of the code for the others.
 */
import { NotFoundError } from '../shared/errors.ts';
import type { ModelFiles } from './api.ts';
import { addressFiles, httpFiles, type RemoteFiles } from './http-source.ts';
import type { ResolveOptions } from './open-model.ts';

/** Models that are served beside the page: the browser's own cache is enough for them. */
const EMBEDDED: readonly string[] = ['fable-4m'];

export interface WebPlaces {
  /** Folder of the embedded models. */
  readonly models: URL;
  readonly hub: URL;
  /** Whether what is fetched stays on the device. */
  readonly keep: boolean;
}

/** @throws {NotFoundError} naming what does open. @throws {AccessError} for gated models. */
export async function resolveWeb(
  source: string,
  { models, hub, keep }: WebPlaces,
  { signal, token }: ResolveOptions,
): Promise<ModelFiles> {
  if (EMBEDDED.includes(source)) return httpFiles(source, new URL(`${source}/`, models));
  const { keptRevisions, keptStorage } = await import('./kept-storage.ts');
  const storage = keep ? keptStorage() : undefined;
  const cache = storage ? 'no-store' : 'default';
  const remote = addressFiles(source, { cache }) ?? (await onHub());
  if (remote) return storage ? (await import('./kept-files.ts')).keptFiles(remote, storage) : remote;
  throw new NotFoundError(
    `model "${source}": not a model that opens here: pick ${EMBEDDED.join(', ')}, give a model on the hub as owner/name, or the https:// address of a folder with a model's files`,
  );

  async function onHub(): Promise<RemoteFiles | undefined> {
    const { hubFiles, parseHubName } = await import('./hub-source.ts');
    const name = parseHubName(source);
    const memory = storage && keptRevisions(storage);
    return name && hubFiles(name, { hub, token, signal, memory, cache });
  }
}
