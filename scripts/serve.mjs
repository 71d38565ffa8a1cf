/**
 * Serves dist/site and the API through wrangler (workerd), as `npm start` does after building. Arguments go to
 * `wrangler dev`. The environment keeps it from asking the network for anything: it would look for a newer version
 * of itself, for a sample of Cloudflare's request data, and send usage numbers.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
if (!existsSync(join(root, 'dist/site/index.html'))) {
  console.error('dist/site: the page is not built: run `npm run build:site` first');
  process.exit(1);
}
const manifest = createRequire(import.meta.url).resolve('wrangler/package.json');
const child = spawn(
  process.execPath,
  [join(dirname(manifest), 'bin/wrangler.js'), 'dev', ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      CLOUDFLARE_CF_FETCH_ENABLED: 'false',
      WRANGLER_HIDE_BANNER: 'true',
      WRANGLER_SEND_METRICS: 'false',
    },
  },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
