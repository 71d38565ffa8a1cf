/**
 * The service worker: after one visit the page, the embedded model and the models that the device keeps work without a
 * network. It keeps the site's own files as the build lists them, each under the hash of what it holds, and answers for
 * nothing else: calls of the API, shared traces, other servers and all that a reader types pass it by, so that no
 * prompt is ever in its cache. Models from elsewhere are kept by the engine itself.
 *
 * Small enough to be our own: what libraries for this have beyond it (routes, expiry, plug-ins) has no use here, and
 * none answers the byte ranges in which weights are read.
 */
import { answerRange, type KeepAsk, type SiteFiles } from './files.ts';

/** The part of a service worker's global scope that is used: the page's types know a window only. */
interface Extendable extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Extendable {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Scope {
  readonly registration: { readonly scope: string };
  readonly clients: { claim(): Promise<void> };
  addEventListener(type: 'install' | 'activate', act: (event: Extendable) => void): void;
  addEventListener(type: 'fetch', act: (event: Fetching) => void): void;
  addEventListener(type: 'message', act: (event: Extendable & { readonly data: unknown }) => void): void;
}
const scope = self as unknown as Scope;

/** The build puts its list here. */
const LIST = '__RESIDSCOPE_FILES__';
const files = JSON.parse(LIST) as SiteFiles;
const webgpu = files.webgpu['Suspending' in WebAssembly ? 'jspi' : 'asyncify'];
const all = new Map([...Object.entries(files.core), ...Object.entries(webgpu)]);

const CACHE = 'residscope-site';
/** Files that are fetched at a time. */
const AT_ONCE = 4;
/** Milliseconds that a network may take for the page itself before the kept one is shown. */
const PATIENCE = 5000;

const root = new URL(scope.registration.scope);

/** A page's is its folder: servers lead from the file there, and no page may be opened from an answer that led on. */
function address(path: string): URL {
  return new URL(`./${path.replace(/(^|\/)index\.html$/, '$1')}`, root);
}

/** Where a file is kept: its address with the hash of what it holds. */
function place(path: string): URL {
  const url = address(path);
  url.search = `kept=${all.get(path) ?? ''}`;
  return url;
}

/** @throws {TypeError} without a network; {@link Error} for a status that is none of a file. */
async function keep(cache: Cache, paths: Iterable<string>): Promise<void> {
  const waiting = [...paths];
  const work = async (): Promise<void> => {
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      if (await cache.match(place(path))) continue;
      // A name with a hash in it never changes what it holds; of the rest the server is asked.
      const fresh = /^(?:assets|ort)\//.test(path) ? 'default' : 'no-cache';
      const answer = await fetch(address(path), { cache: fresh, credentials: 'same-origin' });
      if (answer.status !== 200) throw new Error(`${path}: answered ${answer.status}`);
      await cache.put(place(path), answer);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function install(): Promise<void> {
  await keep(await caches.open(CACHE), Object.keys(files.core));
}

/** The pages of the version before are closed: what only they needed goes. */
async function activate(): Promise<void> {
  const cache = await caches.open(CACHE);
  const wanted = new Set([...all.keys()].map((path) => place(path).href));
  for (const { url } of await cache.keys()) if (!wanted.has(url)) await cache.delete(url);
  await scope.clients.claim();
}

/** A page: the server's when it answers in time, so that a new version is there at once. */
async function page(path: string, request: Request): Promise<Response> {
  const kept = async (): Promise<Response | undefined> => (await caches.open(CACHE)).match(place(path));
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE));
  const network = fetch(request);
  try {
    const answer = await Promise.race([network, late]);
    if (answer && answer.status < 500) return answer;
  } catch {
    // No network: the kept one.
  }
  return (await kept()) ?? network;
}

async function file(path: string, request: Request): Promise<Response> {
  const kept = await (await caches.open(CACHE)).match(place(path));
  return kept ? answerRange(kept, request.headers.get('Range')) : fetch(request);
}

scope.addEventListener('install', (event) => event.waitUntil(install()));
scope.addEventListener('activate', (event) => event.waitUntil(activate()));
scope.addEventListener('message', (event) => {
  if ((event.data as Partial<KeepAsk> | null)?.keep !== 'webgpu') return;
  event.waitUntil(caches.open(CACHE).then((cache) => keep(cache, Object.keys(webgpu))));
});
scope.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== root.origin || !pathname.startsWith(root.pathname)) return;
  const path = decodeURIComponent(pathname.slice(root.pathname.length)).replace(/(^|\/)$/, '$1index.html');
  if (request.mode === 'navigate') {
    if (path === 'index.html' || path === 'live/index.html') event.respondWith(page(path, request));
  } else if (all.has(path)) event.respondWith(file(path, request));
});
