/** Parity in Chromium: the built library in a page, on wasm and on WebGPU (SwiftShader). */
import { afterAll } from 'vitest';
import type { DeviceName } from '../../engine/api.ts';
import type { CaseResult } from '../cases/parity.ts';
import { pathOf, sharedMissing } from '../support/addresses.ts';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { bundle } from '../support/bundle.ts';
import { parityTests } from '../support/parity-tests.ts';
import { serveStatic } from '../support/static-server.ts';

const skip = sharedMissing ?? (await browserMissing());

const server =
  skip === undefined
    ? await serveStatic({
        folders: { '/shared/': pathOf('shared/'), '/test/': pathOf('test'), '/dist/': pathOf('dist') },
        texts: {
          '/': '<!doctype html><html lang="en"><title>Parity</title><link rel="icon" href="data:,">',
          '/parity.js': await bundle('test/support/parity.page.ts', 'browser'),
        },
      })
    : undefined;

afterAll(() => server?.close());

async function runInPage(device: DeviceName): Promise<CaseResult[]> {
  if (!server) throw new Error('no server');
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('crash', () => complaints.push('the page crashed'));
    await page.goto(server.origin);
    const results = await page.evaluate(async (wanted) => {
      const address: string = '/parity.js';
      const module = (await import(address)) as { run(device: string): Promise<unknown> };
      return module.run(wanted);
    }, device);
    if (complaints.length > 0) throw new Error(complaints.join('\n'));
    return results as CaseResult[];
  } finally {
    await browser.close();
  }
}

parityTests('wasm in Chromium', skip, () => runInPage('wasm'));
parityTests('WebGPU in Chromium', skip, () => runInPage('webgpu'));
