/** The edge as Cloudflare runs it, for tests: `wrangler dev` (workerd) with a store of its own. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './addresses.ts';
import { type Server, type ServerOptions, startProcess, UNLIMITED } from './server-process.ts';

export type { Server } from './server-process.ts';

/** Serves dist/site and the API. @throws with the server's output when it doesn't start: mostly dist/site isn't built. */
export async function startServer({
  variables = {},
  quiet = false,
  store: kept,
}: ServerOptions = {}): Promise<Server> {
  const store = kept ?? (await mkdtemp(join(tmpdir(), 'residscope-store-')));
  const config = join(store, 'wrangler.toml');
  await writeFile(config, withLimits(await readFile(join(ROOT, 'wrangler.toml'), 'utf8'), variables));
  const all = Object.entries({ ...UNLIMITED, LOG_REQUESTS: quiet ? 'failed' : 'all', ...variables });
  return startProcess(
    'scripts/serve.mjs',
    (port) => [
      ...['--config', config, '--ip', '127.0.0.1', '--port', String(port), '--inspector-port', '0'],
      ...[
        '--persist-to',
        store,
        '--show-interactive-dev-session',
        'false',
        '--log-level',
        quiet ? 'warn' : 'log',
      ],
      ...all.flatMap(([name, value]) => ['--var', `${name}:${value}`]),
    ],
    {},
    async () => (kept === undefined ? rm(store, { recursive: true, force: true }) : undefined),
  );
}

/** The project's own file from elsewhere, with the limits of the local bindings as the variables have them. */
function withLimits(toml: string, variables: Readonly<Record<string, string>>): string {
  let changed = toml
    .replace(/^main = "(.*)"$/m, (_, file: string) => `main = ${JSON.stringify(join(ROOT, file))}`)
    .replace(
      /^directory = "(.*)"$/m,
      (_, folder: string) => `directory = ${JSON.stringify(join(ROOT, folder))}`,
    );
  for (const [name, value] of Object.entries(variables)) {
    const binding = /^RATE_(\w+)$/.exec(name)?.[1];
    if (binding === undefined || value === '0') continue;
    const block = new RegExp(
      `(^\\[\\[ratelimits\\]\\]\\nname = "LIMIT_${binding}"\\n.*\\nsimple = \\{ limit = )\\d+`,
      'm',
    );
    if (!block.test(changed))
      throw new Error(`wrangler.toml: expected a [[ratelimits]] named LIMIT_${binding}`);
    changed = changed.replace(block, `$1${value}`);
  }
  return changed;
}
