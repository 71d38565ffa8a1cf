/** `wrangler deploy` up to the upload, for every environment of wrangler.toml: it bundles, and its bindings are right. */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../support/addresses.ts';

/** Bytes, gzipped: what the free plan takes, and what all of it but the renderer of PNGs may have. */
const LARGEST = 3 * 1024 * 1024;
const LARGEST_WITHOUT_PNG = 1024 * 1024;

async function dryRun(
  environment: string,
  folder: string,
): Promise<{ status: number | null; output: string }> {
  const manifest = createRequire(import.meta.url).resolve('wrangler/package.json');
  const child = spawn(
    process.execPath,
    [
      join(dirname(manifest), 'bin/wrangler.js'),
      ...['deploy', '--dry-run', '--env', environment, '--outdir', folder],
    ],
    {
      cwd: ROOT,
      env: { ...process.env, CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true', FORCE_COLOR: '0' }, // prettier-ignore
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (output += data.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, output }));
  });
}

describe.each(['production', 'preview', ''])('wrangler deploy --dry-run --env %j', (environment) => {
  it('bundles and binds', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'residscope-deploy-'));
    try {
      const { status, output } = await dryRun(environment, folder);
      expect(status, output).toBe(0);
      for (const name of ['ASSETS', 'PROMPTS', 'LIMIT_READ', 'LIMIT_TOKENIZE', 'LIMIT_UPLOAD', 'RATE_READ']) {
        expect(output).toContain(`env.${name} `);
      }
      if (environment !== '') expect(output).toContain('env.METRICS ');
      let [code, renderer] = [0, 0];
      for (const file of await readdir(folder, { recursive: true })) {
        if (!/\.(?:js|wasm|bin|ttf)$/.test(file)) continue;
        const bytes = gzipSync(await readFile(join(folder, file))).byteLength;
        if (file.endsWith('.wasm')) renderer += bytes;
        else code += bytes;
      }
      console.log(`worker, gzipped: ${code} bytes, the renderer of PNGs ${renderer}`);
      expect(code).toBeGreaterThan(50_000);
      expect(code).toBeLessThan(LARGEST_WITHOUT_PNG);
      expect(renderer).toBeGreaterThan(100_000);
      expect(code + renderer).toBeLessThan(LARGEST);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
