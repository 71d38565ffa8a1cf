/**
 * A real browser for tests: the system's Chrome or Chromium when there is one, else the one that npm carries.
 * `CHROME_PATH` names another. WebGPU runs on SwiftShader, so that results don't depend on the machine's GPU.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';
import { messageOf } from '../../shared/errors.ts';
import { type ChromiumPackage, unpackChromium } from './chromium-package.ts';

const run = promisify(execFile);

const SYSTEM_BROWSERS = [
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

const SWIFTSHADER_WEBGPU = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-unsafe-swiftshader',
];
const HARDWARE_WEBGPU = ['--enable-unsafe-webgpu', '--ignore-gpu-blocklist', '--enable-features=Vulkan'];
/** `navigator.gpu` stays, but no adapter comes: what a reader without a usable GPU has. */
const NO_WEBGPU = ['--disable-gpu'];

type Environment = Record<string, string>;

interface FoundBrowser {
  readonly executable: string;
  readonly version: string;
  /** Variables on top of the process's own. */
  readonly env: Environment;
}

export interface BrowserOptions {
  /** Default true: WebGPU on SwiftShader. False: no adapter. `hardware`: whatever GPU the machine has. */
  readonly webgpu?: boolean | 'hardware';
  /** Only the browser that npm carries: pictures that are compared must all come from one. Default false. */
  readonly carried?: boolean;
  /** Further command-line switches. */
  readonly args?: readonly string[];
}

let found: Promise<FoundBrowser> | undefined;
let carriedOne: Promise<FoundBrowser> | undefined;

/** Looks once in the life of a process. @throws {Error} with each candidate's reason when none runs. */
function findBrowser(carried = false): Promise<FoundBrowser> {
  if (carried) return (carriedOne ??= search(true));
  return (found ??= search(false));
}

async function search(carriedOnly: boolean): Promise<FoundBrowser> {
  const refusals: string[] = [];
  const attempt = async (executable: string, env: Environment): Promise<FoundBrowser | undefined> => {
    try {
      const { stdout } = await run(executable, ['--version'], {
        env: { ...process.env, ...env },
        timeout: 120_000, // the first start of a big program on a busy machine
      });
      return { executable, version: stdout.trim(), env };
    } catch (error) {
      refusals.push(`${executable}: ${messageOf(error)}`);
      return undefined;
    }
  };

  const named = carriedOnly ? undefined : process.env['CHROME_PATH'];
  const others = carriedOnly ? [] : SYSTEM_BROWSERS;
  for (const executable of named ? [named] : others.filter((path) => existsSync(path))) {
    const browser = await attempt(executable, {});
    if (browser) return browser;
  }
  if (!named) {
    let carried: ChromiumPackage | undefined;
    try {
      carried = await unpackChromium();
    } catch (error) {
      refusals.push(messageOf(error));
    }
    if (carried) {
      const fonts = { FONTCONFIG_FILE: carried.fontsConf };
      const paths = [carried.libraries, process.env['LD_LIBRARY_PATH']].filter(Boolean).join(':');
      const browser =
        (await attempt(carried.executable, fonts)) ??
        (await attempt(carried.executable, { ...fonts, LD_LIBRARY_PATH: paths }));
      if (browser) return browser;
    }
  }
  throw new Error(`no browser can run here. ${refusals.join('; ')}`);
}

/** Why no browser can run here; undefined when one can. For `skip`. */
export async function browserMissing(carried = false): Promise<string | undefined> {
  try {
    await findBrowser(carried);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Which browser {@link launchBrowser} takes, for people to read. */
export async function browserVersion(): Promise<string> {
  return (await findBrowser()).version;
}

/** Starts a headless browser. Close it in `afterAll`. @throws {Error} when none can run. */
export async function launchBrowser({
  webgpu = true,
  carried = false,
  args = [],
}: BrowserOptions = {}): Promise<Browser> {
  const { executable, env } = await findBrowser(carried);
  const switches = webgpu === 'hardware' ? HARDWARE_WEBGPU : webgpu ? SWIFTSHADER_WEBGPU : NO_WEBGPU;
  return chromium.launch({
    executablePath: executable,
    headless: true,
    env: { ...definedOf(process.env), ...env },
    args: ['--no-sandbox', ...switches, ...args],
  });
}

function definedOf(env: NodeJS.ProcessEnv): Environment {
  return Object.fromEntries(
    Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}
