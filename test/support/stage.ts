/** What a test of the page stands on: the built page on a real server, a real browser, the library beside them. */
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, beforeAll, describe } from 'vitest';
import type { LensModel } from '../../engine/node.ts';
import { browserMissing, launchBrowser } from './browser.ts';
import { importLibrary } from './library.ts';
import { Visit } from './visit.ts';
import { type Server, startServer } from './wrangler.ts';

export interface Stage {
  readonly browser: Browser;
  /** The page's address, without a slash at its end. */
  readonly url: string;
  /** fable-4m in the built library, on wasm. Only with the option `model`. */
  readonly model: LensModel;
  /** Opens the page in a context of its own. */
  open(fragment?: string, options?: BrowserContextOptions): Promise<Visit>;
}

export interface StageOptions {
  /** Default true: WebGPU on SwiftShader. False: no adapter, and a quicker start. */
  readonly webgpu?: boolean;
  /** Loads fable-4m in the library: what stands on the page can be held against it. Default false. */
  readonly model?: boolean;
  /** In the browser that npm carries; `missing` says why that one cannot run. Default false. */
  readonly carried?: boolean;
  /** A reason of the suite's own to skip it. */
  readonly missing?: string | undefined;
}

const noBrowser = await browserMissing();

/** A suite over one server and one browser; skipped, with the reason in its name, where no browser can run. */
export function describePage(
  name: string,
  { webgpu = true, model: wanted = false, carried = false, missing }: StageOptions,
  suite: (stage: Stage) => void,
): void {
  const reason = noBrowser ?? missing;
  describe.skipIf(reason !== undefined)(
    `${name}${reason === undefined ? '' : ` (skipped: ${reason})`}`,
    () => {
      let server: Server | undefined;
      let browser: Browser | undefined;
      let model: LensModel | undefined;

      beforeAll(async () => {
        [server, browser] = await Promise.all([startServer(), launchBrowser({ webgpu, carried })]);
        if (wanted) model = await (await importLibrary()).LensModel.load('fable-4m', { device: 'wasm' });
      });
      afterAll(async () => {
        await Promise.all([model?.dispose(), browser?.close(), server?.stop()]);
      });

      suite({
        get browser() {
          return there(browser, 'browser');
        },
        get url() {
          return there(server, 'server').url;
        },
        get model() {
          return there(model, 'model');
        },
        open: (fragment, options) =>
          Visit.open(there(browser, 'browser'), there(server, 'server').url, fragment, options),
      });
    },
  );
}

function there<T>(part: T | undefined, name: string): T {
  if (part === undefined) throw new Error(`stage: no ${name} yet, or not asked for: use it inside a test`);
  return part;
}
