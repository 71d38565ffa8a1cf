/** Cache Storage in memory, for tests in Node: as much of it as the engine uses, and a quota. */
import type { KeptCache, KeptStorage } from '../../engine/kept-storage.ts';

interface Entry {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly headers: Headers;
}

export class MemoryStorage implements KeptStorage {
  readonly caches = new Map<string, Map<string, Entry>>();
  /** Bytes that all entries may have together. */
  quota = Infinity;

  get used(): number {
    const entries = [...this.caches.values()].flatMap((cache) => [...cache.values()]);
    return entries.reduce((n, { bytes }) => n + bytes.byteLength, 0);
  }

  open(name: string): Promise<KeptCache> {
    const entries = this.caches.get(name) ?? new Map<string, Entry>();
    this.caches.set(name, entries);
    return Promise.resolve({
      match: (url) => {
        const entry = entries.get(url);
        return Promise.resolve(entry && new Response(entry.bytes.slice(), { headers: entry.headers }));
      },
      put: async (url, response) => {
        const bytes = new Uint8Array(await response.arrayBuffer());
        if (this.used + bytes.byteLength > this.quota) {
          throw Object.assign(new Error('full'), { name: 'QuotaExceededError' });
        }
        entries.set(url, { bytes, headers: response.headers });
      },
      keys: () => Promise.resolve([...entries.keys()].map((url) => ({ url }))),
      delete: (url) => Promise.resolve(entries.delete(url)),
    });
  }

  keys(): Promise<string[]> {
    return Promise.resolve([...this.caches.keys()]);
  }

  delete(name: string): Promise<boolean> {
    return Promise.resolve(this.caches.delete(name));
  }
}
