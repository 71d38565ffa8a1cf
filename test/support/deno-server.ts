/** The edge as Deno runs it, for tests: `deno serve` with the permissions of `npm run start:deno` and a store of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Server, type ServerOptions, startProcess, UNLIMITED } from './server-process.ts';

/** Serves dist/site and the API. @throws with the server's output when it doesn't start: mostly dist/site isn't built. */
export async function startDeno({ variables = {}, store: kept }: ServerOptions = {}): Promise<Server> {
  const store = kept ?? (await mkdtemp(join(tmpdir(), 'residscope-deno-')));
  return startProcess(
    'scripts/serve-deno.mjs',
    (port) => ['--host', '127.0.0.1', '--port', String(port)],
    { ...UNLIMITED, KV_PATH: join(store, 'kv.sqlite3'), ...variables },
    async () => (kept === undefined ? rm(store, { recursive: true, force: true }) : undefined),
  );
}
