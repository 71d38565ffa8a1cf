/**
 * What a device keeps of models, and what it says of it: list, delete, ask the browser not to evict it.
 *
 * It is kept in Cache Storage, a cache a model and revision, and not in OPFS. An entry there is whole or not there,
 * whatever broke off; two tabs may read and write the same model, where OPFS's fast handles lock a file for one; it
 * works in a page, a worker and an embedding alike; and the browser lists and deletes a model in one call. What OPFS
 * would do better, reading a piece out of a large file, isn't needed: weights are read in the pieces that were kept.
 *
 * Everything here runs in the page as well as in a worker. It needs a secure context.
 */
import { isObject } from '../shared/formats/json.ts';
import type { RevisionMemory } from './hub-source.ts';

/** A `Cache`, as far as it is used. */
export interface KeptCache {
  match(url: string): Promise<Response | undefined>;
  put(url: string, response: Response): Promise<void>;
  keys(): Promise<readonly { readonly url: string }[]>;
  delete(url: string): Promise<boolean>;
}

/** `caches`, as far as it is used. */
export interface KeptStorage {
  open(name: string): Promise<KeptCache>;
  keys(): Promise<string[]>;
  delete(name: string): Promise<boolean>;
}

/** A model on this device. */
export interface KeptModel {
  /** What to load it with: `owner/name` or an address. */
  readonly id: string;
  /** The commit; empty for an address. */
  readonly revision: string;
  /** Bytes kept so far: less than the model's where a download was broken off. */
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly lastUsed: number;
}

const PREFIX = 'residscope-kept-1:';
const REVISIONS = 'residscope-revisions-1';
/** Keys of entries need an address; this one leads nowhere. */
export const KEY_BASE = 'https://kept.invalid/';
const USED = `${KEY_BASE}used`;
/** Milliseconds for which a branch is taken to stand where it stood, without asking the hub. */
const REVISION_TRUST = 24 * 60 * 60 * 1000;

/** @returns undefined where nothing can be kept: an insecure context, a browser without Cache Storage. */
export function keptStorage(): KeptStorage | undefined {
  return (globalThis as { readonly caches?: KeptStorage }).caches;
}

export function cacheName(origin: string, id: string, revision: string): string {
  return PREFIX + [origin, id, revision].map(encodeURIComponent).join('|');
}

function parseName(name: string): { origin: string; id: string; revision: string } | undefined {
  if (!name.startsWith(PREFIX)) return undefined;
  const [origin, id, revision, ...more] = name.slice(PREFIX.length).split('|').map(decodeURIComponent);
  if (origin === undefined || id === undefined || revision === undefined || more.length > 0) return undefined;
  return { origin, id, revision };
}

/** The key of the list of a model's files. */
export const listKey = `${KEY_BASE}list`;

/** The key of bytes [start, end) of a file. */
export function bytesKey(file: string, start: number, end: number): string {
  return `${KEY_BASE}bytes/${encodeURIComponent(file)}/${start}-${end}`;
}

/** The key of what is known of a file. */
export function fileKey(file: string): string {
  return `${KEY_BASE}file/${encodeURIComponent(file)}`;
}

/** A range that a key of {@link bytesKey} stands for. */
export function parseBytesKey(url: string): { file: string; start: number; end: number } | undefined {
  const found = /^https:\/\/kept\.invalid\/bytes\/([^/]+)\/(\d+)-(\d+)$/.exec(url);
  if (!found) return undefined;
  return { file: decodeURIComponent(found[1] as string), start: Number(found[2]), end: Number(found[3]) };
}

/** An entry that is JSON; undefined for one that isn't there or is damaged. */
export async function readEntry(
  cache: KeptCache,
  key: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const value: unknown = await (await cache.match(key))?.json();
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function writeEntry(cache: KeptCache, key: string, value: unknown): Promise<void> {
  return cache.put(key, new Response(JSON.stringify(value)));
}

/** Notes that a model is used now. */
export function markUsed(cache: KeptCache): Promise<void> {
  return writeEntry(cache, USED, { lastUsed: Date.now() });
}

/** The models on this device, the last used first. Works in a page and in a worker. */
export async function listKept(storage = keptStorage()): Promise<KeptModel[]> {
  const models: KeptModel[] = [];
  for (const name of (await storage?.keys()) ?? []) {
    const parts = parseName(name);
    if (!parts || !storage) continue;
    const cache = await storage.open(name);
    const ranges = (await cache.keys()).map(({ url }) => parseBytesKey(url));
    const bytes = ranges.reduce((n, range) => n + (range ? range.end - range.start : 0), 0);
    const used = (await readEntry(cache, USED))?.['lastUsed'];
    models.push({
      id: parts.id,
      revision: parts.revision,
      bytes,
      lastUsed: typeof used === 'number' ? used : 0,
    });
  }
  return models.sort((a, b) => b.lastUsed - a.lastUsed);
}

/**
 * Deletes a model from this device, all revisions unless one is named. One that is open goes on, over the network.
 *
 * @returns whether there was one.
 */
export async function deleteKept(id: string, revision?: string, storage = keptStorage()): Promise<boolean> {
  let found = false;
  for (const name of (await storage?.keys()) ?? []) {
    const parts = parseName(name);
    if (parts?.id !== id || (revision !== undefined && parts.revision !== revision)) continue;
    found = ((await storage?.delete(name)) ?? false) || found;
  }
  if (revision === undefined && storage) {
    const cache = await storage.open(REVISIONS);
    for (const { url } of await cache.keys()) {
      if (url.includes(`/${encodeURIComponent(id)}/`)) await cache.delete(url);
    }
  }
  return found;
}

/**
 * Asks the browser not to evict what is kept when the disk gets full. Call it in the page, best on a click: a worker
 * may not ask, and some browsers ask the reader.
 *
 * @returns whether it promises.
 */
export async function askPersistence(): Promise<boolean> {
  const storage = (navigator as { readonly storage?: Partial<StorageManager> }).storage;
  try {
    return (await storage?.persisted?.()) === true || (await storage?.persist?.()) === true;
  } catch {
    return false;
  }
}

/** Which commit a branch last stood for, so that a second visit asks nobody, and one without a network works. */
export function keptRevisions(storage: KeptStorage): RevisionMemory {
  const key = (...parts: string[]): string => KEY_BASE + parts.map(encodeURIComponent).join('/') + '/';
  return {
    async recall(origin, repo, revision) {
      try {
        const entry = await readEntry(await storage.open(REVISIONS), key(origin, repo, revision));
        const { commit, asked } = entry ?? {};
        if (typeof commit !== 'string' || !/^[0-9a-f]{40}$/.test(commit)) return undefined;
        const age = Date.now() - (typeof asked === 'number' ? asked : 0);
        // What isn't kept can as well be asked for.
        const there = (await storage.keys()).includes(cacheName(origin, repo, commit));
        return { commit, fresh: there && age >= 0 && age < REVISION_TRUST };
      } catch {
        return undefined;
      }
    },
    async note(origin, repo, revision, commit) {
      try {
        const cache = await storage.open(REVISIONS);
        await writeEntry(cache, key(origin, repo, revision), { commit, asked: Date.now() });
      } catch {
        // It is asked for again.
      }
    },
  };
}
