/** Parity in Chromium: the built library in a page, on wasm and on WebGPU (SwiftShader). */
import { readdir } from 'node:fs/promises';
import { afterAll } from 'vitest';
import type { DeviceName } from '../../engine/api.ts';
import { WEBGPU_MODELS } from '../cases/parity.ts';
import type { CaseResult } from '../cases/parity-run.ts';
import { pathOf, sharedMissing } from '../support/addresses.ts';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { bundle } from '../support/bundle.ts';
import { parityTests } from '../support/parity-tests.ts';
import type { ParityPage } from '../support/parity.page.ts';
import { serveStatic } from '../support/static-server.ts';

const skip = sharedMissing ?? (await browserMissing());

const server =
  skip === undefined
    ? await serveStatic({
        folders: { '/shared/': pathOf('shared/'), '/test/': pathOf('test'), '/dist/': pathOf('dist') },
        texts: {
          '/index.html':
            '<!doctype html><html lang="en"><title>Parity</title><link rel="icon" href="data:,"><script type="module" src="/parity.js"></script>',
          '/parity.js': await bundle('test/support/parity.page.ts', 'browser'),
        },
      })
    : undefined;

afterAll(() => server?.close());

/** Where `npm run build` puts onnxruntime-web's files: a folder named by its version. */
async function runtimeFolder(): Promise<string> {
  const [version] = await readdir(pathOf('dist/site/ort'));
  return `/dist/site/ort/${version ?? ''}/`;
}

async function runInPage(device: DeviceName): Promise<CaseResult[]> {
  if (!server) throw new Error('no server');
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('crash', () => complaints.push('the page crashed'));
    await page.goto(`${server.origin}/index.html`);
    const results = await page.evaluate(
      ([wanted, runtime]) => (globalThis as unknown as ParityPage).runParity(wanted, runtime),
      [device, await runtimeFolder()] as const,
    );
    if (complaints.length > 0) throw new Error(complaints.join('\n'));
    return results;
  } finally {
    await browser.close();
  }
}

parityTests('wasm in Chromium', skip, () => runInPage('wasm'));
parityTests('WebGPU in Chromium', skip, () => runInPage('webgpu'), WEBGPU_MODELS);
