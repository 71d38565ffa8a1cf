/** Weights kept on the device: a second visit without a network, damage, eviction, a full device, deleting. */
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ModelFiles } from '../../engine/api.ts';
import { httpFiles } from '../../engine/http-source.ts';
import { hubFiles, parseHubName, type HubName } from '../../engine/hub-source.ts';
import { keptFiles } from '../../engine/kept-files.ts';
import { deleteKept, keptRevisions, listKept } from '../../engine/kept-storage.ts';
import { openFiles } from '../../engine/open-weights.ts';
import { WeightStore } from '../../engine/weights.ts';
import { NetworkError, NotFoundError } from '../../shared/errors.ts';
import { readSpec } from '../../shared/spec/read-spec.ts';
import { COMMIT, startHub, type HubServer } from '../support/hub-server.ts';
import { MemoryStorage } from '../support/kept-memory.ts';
import { tinyFolder } from '../support/tiny-model.ts';
import { writeRandomGpt2 } from '../../bench/random-model.ts';

let folder: string;
let server: HubServer;
let storage: MemoryStorage;

beforeAll(async () => {
  // 2 MB: more than what opening a file brings along.
  folder = await writeRandomGpt2({ layers: 6, width: 64, heads: 2, vocab: 4096, context: 64, dtype: 'F32' });
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  storage = new MemoryStorage();
  server = await startHub({ 'owner/tiny': folder });
});
afterEach(() => server.close());

const retry = { firstPause: 1, tries: 2, resumes: 3, stall: 2000 };

async function onHub(name = 'owner/tiny'): Promise<ModelFiles> {
  const options = { hub: server.hub, retry, memory: keptRevisions(storage) };
  return keptFiles(await hubFiles(parseHubName(name) as HubName, options), storage);
}

async function atAddress(): Promise<ModelFiles> {
  const url = new URL('owner/tiny/resolve/main/', server.hub);
  return keptFiles(httpFiles(url.href, url, { retry }), storage);
}

const PARTS = ['embed', 'block.0', 'final', ...[1, 2, 3, 4, 5].map((l) => `block.${l}`)];

/** A visit: opens the model and fetches its weights. */
async function visit(files: ModelFiles): Promise<WeightStore> {
  const { config, configPlace, tensors } = await openFiles(files);
  const weights = new WeightStore(tensors, await readSpec(configPlace, config, tensors.tensors));
  for (const part of PARTS) await weights.need(part);
  await settle();
  return weights;
}

/** Lets pieces be written that nobody waits for. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

/** Requests for bytes of the weights. */
const downloads = (): (string | undefined)[] =>
  server.requests.filter((r) => r.origin === 'storage').map((r) => r.range);

describe('kept weights', () => {
  it('a second visit asks nobody, and is the same to the bit', async () => {
    const hash = await (await visit(await onHub())).hash();
    await server.close();
    server.requests.length = 0;
    const again = await visit(await onHub());
    expect(server.requests).toEqual([]);
    expect(await again.hash()).toBe(hash);
  });

  it('an address: asks whether it changed, does without an answer, and fetches what did', async () => {
    const hash = await (await visit(await atAddress())).hash();
    const before = downloads().length;
    await visit(await atAddress());
    expect(downloads().length - before).toBe(1); // the opening's own
    const other = new Uint8Array(await readFile(join(folder, 'model.safetensors')));
    other.set([1, 2, 3, 4], other.length - 8);
    const changed = await mkdtemp(join(tmpdir(), 'residscope-kept-'));
    await tinyFolder(changed, other);
    await copyFile(join(folder, 'config.json'), join(changed, 'config.json'));
    const { port } = server.hub;
    await server.close();
    expect(await (await visit(await atAddress())).hash()).toBe(hash); // from here alone
    server = await startHub({ 'owner/tiny': changed });
    // The same address as before, as far as the store knows.
    const url = new URL(`http://localhost:${port}/owner/tiny/resolve/main/`);
    const moved = httpFiles(url.href, new URL('owner/tiny/resolve/main/', server.hub), { retry });
    const fresh = await visit(await keptFiles({ ...moved, origin: url.origin }, storage));
    expect(await fresh.hash()).not.toBe(hash);
    await rm(changed, { recursive: true });
  });

  it('a branch: the last known commit when the hub is out of reach, even after its time', async () => {
    await visit(await onHub());
    for (const cache of storage.caches.values()) {
      for (const [url, { headers }] of cache) {
        if (!url.includes('main')) continue;
        const bytes = new TextEncoder().encode(JSON.stringify({ commit: COMMIT, asked: 0 }));
        cache.set(url, { bytes, headers });
      }
    }
    server.requests.length = 0;
    expect((await onHub()).revision).toBe(COMMIT);
    expect(server.requests).toHaveLength(1); // asked again
    await server.close();
    await visit(await onHub());
    await expect(onHub('owner/other')).rejects.toBeInstanceOf(NetworkError);
  });

  it('a broken download goes on where it was', async () => {
    const files = await onHub();
    const { config, configPlace, tensors } = await openFiles(files);
    const weights = new WeightStore(tensors, await readSpec(configPlace, config, tensors.tensors));
    await weights.need('embed');
    await settle();
    const kept = storage.used;
    server.requests.length = 0;
    await visit(await onHub());
    const { start, end } = tensors.tensors.get('wte.weight') as { start: number; end: number };
    const overlap = downloads().filter((range) => {
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
      return from !== '0' && Number(from) < end && Number(to) >= start;
    });
    expect(overlap).toEqual([]);
    expect(storage.used).toBeGreaterThan(kept);
  });

  it('notices what is damaged, cut short or evicted, and fetches it again', async () => {
    const hash = await (await visit(await onHub())).hash();
    const pieces = [...storage.caches.values()].flatMap((cache) =>
      [...cache]
        .filter(([url]) => url.includes('/bytes/model.safetensors/'))
        .map(([url, entry]) => ({ cache, url, entry })),
    );
    expect(pieces.length).toBeGreaterThan(3);
    pieces.forEach(({ cache, url, entry }, i) => {
      const { bytes, headers } = entry;
      if (i % 3 === 0) cache.set(url, { bytes: bytes.map((b, at) => (at === 5 ? b ^ 1 : b)), headers });
      else if (i % 3 === 1) cache.set(url, { bytes: bytes.slice(1), headers });
      else cache.delete(url);
    });
    expect(await (await visit(await onHub())).hash()).toBe(hash);
    await server.close();
    expect(await (await visit(await onHub())).hash()).toBe(hash); // mended
  });

  it('does without when the device is full, and says so', async () => {
    storage.quota = 300_000; // config and tokenizer fit
    const files = await onHub();
    expect(files.note).toBeUndefined();
    storage.quota = storage.used + 600_000;
    await visit(files);
    storage.quota = storage.used;
    await deleteKept('owner/tiny', undefined, storage);
    storage.quota = 1000;
    const full = await onHub();
    const weights = await visit(full);
    expect(weights.progress.loadedBytes).toBe(weights.totalBytes);
    expect(full.note).toContain('no room to keep the model');
  });

  it('does without a storage that refuses', async () => {
    const broken = { open: () => Promise.reject(new Error('denied')), keys: () => Promise.resolve([]), delete: () => Promise.resolve(false) }; // prettier-ignore
    const remote = await hubFiles(parseHubName('owner/tiny') as HubName, { hub: server.hub, retry, memory: keptRevisions(broken) }); // prettier-ignore
    const files = await keptFiles(remote, broken);
    expect(files.note).toContain('keeps no models (denied)');
    await visit(files);
  });

  it('lists with sizes and deletes', async () => {
    expect(await listKept(storage)).toEqual([]);
    await visit(await onHub());
    await visit(await atAddress());
    const [second, first] = await listKept(storage);
    expect(first).toMatchObject({ id: 'owner/tiny', revision: COMMIT });
    expect(second).toMatchObject({ id: new URL('owner/tiny/resolve/main/', server.hub).href, revision: '' });
    expect(first?.bytes).toBeGreaterThan(1_900_000);
    expect(Math.abs(Date.now() - (first?.lastUsed ?? 0))).toBeLessThan(5000);
    expect(await deleteKept('owner/tiny', 'another', storage)).toBe(false);
    expect(await deleteKept('owner/tiny', COMMIT, storage)).toBe(true);
    expect((await listKept(storage)).map((m) => m.id)).toEqual([second?.id]);
    server.requests.length = 0;
    await visit(await onHub());
    expect(server.requests[0]?.path).toContain('/api/models/'); // what isn't kept is asked for
    expect(downloads().length).toBeGreaterThan(1);
  });

  it('remembers that a file is not there, not that a server said no', async () => {
    const files = await onHub();
    await expect(files.open('nope.json')).rejects.toBeInstanceOf(NotFoundError);
    await settle();
    server.requests.length = 0;
    await expect((await onHub()).open('nope.json')).rejects.toThrow('owner/tiny/nope.json: not there');
    expect(server.requests).toEqual([]);
    server.behaviour.gated.set('owner/tiny', 'hf_secret');
    await expect((await onHub()).open('special_tokens_map.json')).rejects.toThrow('gated or private');
    server.behaviour.gated.clear();
    await expect((await onHub()).open('special_tokens_map.json')).rejects.toThrow('HTTP 404');
  });
});
