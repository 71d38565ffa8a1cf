/**
 * Serves dist/site and the API in Deno, as `npm run start:deno` does after building, with the least permissions: the
 * network, the built site, and the variables that worker/deno.ts reads. Arguments go to `deno serve`. The environment
 * keeps Deno from asking the network for a newer version of itself.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const root = dirname(dirname(fileURLToPath(import.meta.url)));
if (!existsSync(join(root, 'dist/site/index.html'))) {
  console.error('dist/site: the page is not built: run `npm run build:site` first');
  process.exit(1);
}
const variables = [
  'CONTACT',
  'KV_PATH',
  'LOG_REQUESTS',
  'METRICS_TOKEN',
  'RATE_READ',
  'RATE_TOKENIZE',
  'RATE_UPLOAD',
  'TRUSTED_PROXIES',
  // The hub's: worker/hub/settings.ts.
  'HF_ENDPOINT',
  'HUB_MODELS',
  'HUB_HOSTS',
  'HUB_FILE_BYTES',
  'HUB_TIMEOUT',
  'TOKENIZER_BYTES',
  'PROMPT_BYTES',
  // Of shared traces: worker/trace-sharing.ts.
  'TRACE_DAYS',
  'TRACE_BYTES',
  'BLOCKED_TRACES',
  'PUBLIC_ORIGIN',
];
const env = { ...process.env, DENO_NO_UPDATE_CHECK: '1', DENO_NO_PROMPT: '1', NO_COLOR: '1' };
// A store of one's own is a file that Deno reads and writes; by default it is where Deno keeps such things.
const store = env.KV_PATH && env.KV_PATH !== ':memory:' ? resolve(env.KV_PATH) : undefined;
if (store) env.KV_PATH = store;
// The site, and the renderer of cards.
const read = [
  'dist/site',
  dirname(require.resolve('@resvg/resvg-wasm/index_bg.wasm')),
  ...(store ? [store] : []),
];
const permissions = [
  '--allow-net',
  `--allow-read=${read.join()}`,
  `--allow-env=${variables.join()}`,
  ...(store ? [`--allow-write=${store}`] : []),
];
// The program itself: the package's own starter doesn't hand signals on.
const { runInstall } = require('deno/install_api.cjs');
const child = spawn(
  runInstall(),
  ['serve', '--no-remote', ...permissions, ...process.argv.slice(2), 'worker/deno.ts'],
  { cwd: root, stdio: 'inherit', env },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
