/** The stores of traces on the platforms' own parts: miniflare's R2 and KV, Deno KV in a Deno process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KVNamespace, R2Bucket } from '@cloudflare/workers-types';
import { getPlatformProxy } from 'wrangler';
import { KvTraces } from '../../worker/cloudflare-traces-kv.ts';
import { R2Traces } from '../../worker/cloudflare-traces-r2.ts';
import type { TraceRecord, TraceState, TraceStore } from '../../worker/ports.ts';
import type { StoreUnderTest } from '../cases/trace-store.ts';
import { ROOT } from './addresses.ts';

export interface RunningStore extends StoreUnderTest {
  stop(): Promise<void>;
}

interface Bindings {
  readonly TRACES: R2Bucket;
  readonly PROMPTS: KVNamespace;
}

async function miniflare(): Promise<{ env: Bindings; stop: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'residscope-traces-'));
  process.env['CLOUDFLARE_CF_FETCH_ENABLED'] = 'false';
  const proxy = await getPlatformProxy<Bindings & Record<string, unknown>>({
    configPath: join(ROOT, 'wrangler.toml'),
    persist: { path: folder },
  });
  const stop = async (): Promise<void> => {
    await proxy.dispose();
    await rm(folder, { recursive: true, force: true });
  };
  return { env: proxy.env, stop };
}

/** The binding with a `put` that throws when it is told to. */
function failing<T extends object>(binding: T): { binding: T; failWrite: (n: number) => Promise<void> } {
  let left = 0;
  const wrapped = new Proxy(binding, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        if (name === 'put' && left > 0 && --left === 0) return Promise.reject(new Error('the disk is full'));
        return Reflect.apply(value, target, args);
      };
    },
  });
  return { binding: wrapped, failWrite: (n) => Promise.resolve(void (left = n)) };
}

export async function startR2(): Promise<RunningStore> {
  const { env, stop } = await miniflare();
  const { binding, failWrite } = failing(env.TRACES);
  let now: number | undefined;
  return {
    store: new R2Traces(binding, () => now ?? Date.now()),
    setClock: (time) => Promise.resolve(void (now = time)),
    block: async (id) => {
      await env.TRACES.put(`blocked/${id}`, '');
    },
    entries: async () => (await env.TRACES.list({ prefix: 'traces/' })).objects.length,
    failWrite,
    atomic: true,
    stop,
  };
}

export async function startKv(): Promise<RunningStore> {
  const { env, stop } = await miniflare();
  const { binding, failWrite } = failing(env.PROMPTS);
  let now: number | undefined;
  return {
    store: new KvTraces(binding, () => now ?? Date.now()),
    setClock: (time) => Promise.resolve(void (now = time)),
    block: (id) => env.PROMPTS.put(`blocked:${id}`, ''),
    entries: async () => (await env.PROMPTS.list({ prefix: 'trace:' })).keys.length,
    failWrite,
    atomic: false,
    stop,
  };
}

/** A record as JSON. */
type Plain = Omit<TraceRecord, 'bytes'> & { readonly numbers: readonly number[] };

export async function startDenoKv(): Promise<RunningStore> {
  const folder = await mkdtemp(join(tmpdir(), 'residscope-traces-'));
  const { runInstall } = createRequire(import.meta.url)('deno/install_api.cjs') as {
    runInstall: () => string;
  };
  const flags = ['run', '--no-check', '--no-remote', '--unstable-kv', '--allow-net=127.0.0.1'];
  const child = spawn(
    runInstall(),
    [
      ...flags,
      `--allow-read=${folder}`,
      `--allow-write=${folder}`,
      'test/deno/traces.child.ts',
      join(folder, 'kv.sqlite3'),
    ],
    {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' },
    },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = `http://127.0.0.1:${await portOf(child)}`;
  const call = async (name: string, body: object = {}): Promise<unknown> => {
    const response = await fetch(url, { method: 'POST', body: JSON.stringify({ name, ...body }) });
    if (!response.ok) throw new Error(await response.text());
    return response.json();
  };
  const store: TraceStore = {
    get: async (id) => {
      const state = (await call('get', { id })) as Plain | Exclude<TraceState, TraceRecord>;
      if (typeof state === 'string') return state;
      const { numbers, deleteTokenHash, storedAt, expiresAt } = state;
      return { bytes: Uint8Array.from(numbers), deleteTokenHash, storedAt, expiresAt };
    },
    put: async (id, { bytes, ...about }) =>
      (await call('put', { id, record: { ...about, numbers: Array.from(bytes) } })) as Awaited<
        ReturnType<TraceStore['put']>
      >,
    delete: async (id, value) =>
      (await call('delete', { id, value })) as Awaited<ReturnType<TraceStore['delete']>>,
  };
  return {
    store,
    setClock: async (n) => {
      await call('clock', { n });
    },
    block: async (id) => {
      await call('block', { id });
    },
    failWrite: async (n) => {
      await call('fail', { n });
    },
    entries: async () => (await call('entries')) as number,
    atomic: true,
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        const port = /port (\d+)/.exec(output)?.[1];
        if (port !== undefined) resolve(Number(port));
      });
    }
    child.once('exit', () => reject(new Error(`Deno ended:\n${output}`)));
  });
}
