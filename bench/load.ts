/**
 * A model from a server into a browser: random weights of at least 1 GB, or SmolLM2's GGUF, streamed by ranges into
 * Chromium on wasm. What the page's process takes in memory, as a multiple of the weights in f32, in which it computes, and how much
 * of the model had come when the first row did. Once over the network, once more from what the device kept.
 */
import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { pathOf } from '../test/support/addresses.ts';
import { browserVersion, launchBrowser } from '../test/support/browser.ts';
import { startHub } from '../test/support/hub-server.ts';
import { openLoadingPage, runtimeFolder, serveLoadingPage, visitInPage } from '../test/support/loading.ts';
import type { Visit } from '../test/support/loading.page.ts';
import { type RandomShape, writeRandomGpt2 } from './random-model.ts';
import { type Measurement, measurement, type Report } from './report.ts';

/** 24 blocks of 50.4 MB in f32, a small vocabulary: 1.22 GB. */
export const LOAD_SHAPE: RandomShape = {
  layers: 24,
  width: 1024,
  heads: 16,
  vocab: 4096,
  context: 256,
  dtype: 'F32',
};

const IDS = [0, 286, 1855, 1212, 288, 301, 260, 471, 292];
const MB = 1e6;
/** Milliseconds between looks at the process. */
const LOOK_EVERY = 100;

/** Processes of the browser that run pages. */
async function rendererPids(browser: Browser): Promise<number[]> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
}

/** Bytes of physical memory that a process holds for itself, from Linux's `/proc`; NaN elsewhere. */
function residentBytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? NaN) * 1024;
  } catch {
    return NaN;
  }
}

/** The page's memory while `act` runs, above what an idle page has: bytes at most, and at the end. */
async function watchMemory<T>(
  browser: Browser,
  act: () => Promise<T>,
): Promise<{ value: T; peak: number; end: number }> {
  const pids = await rendererPids(browser);
  const now = (): number => pids.reduce((n, pid) => n + residentBytes(pid), 0);
  const idle = now();
  let peak = idle;
  const timer = setInterval(() => (peak = Math.max(peak, now())), LOOK_EVERY);
  try {
    const value = await act();
    return { value, peak: Math.max(peak, now()) - idle, end: now() - idle };
  } finally {
    clearInterval(timer);
  }
}

interface Load {
  readonly visit: Visit;
  readonly peak: number;
  readonly sent: number;
}

/** What is loaded. */
interface Subject {
  /** Names the report. */
  readonly name: string;
  /** A hub's repository as a folder. */
  readonly folder: string;
  /** The file to open, where one is named. */
  readonly file?: string;
  readonly conditions: Report['conditions'];
}

export async function benchLoad(shape: RandomShape = LOAD_SHAPE, sizesOnly = false): Promise<Report> {
  const folder = await writeRandomGpt2(shape);
  try {
    const conditions = { blocks: shape.layers, stored: shape.dtype };
    return await loadTwice({ name: `load-${shape.dtype.toLowerCase()}`, folder, conditions }, sizesOnly);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const SMOLLM2 = 'shared/models/smollm2-135m-instruct';
const SMOLLM2_FILE = 'SmolLM2-135M-Instruct.Q4_1.gguf';

/** @throws {Error} when the model is not here. */
export async function benchLoadSmollm2(sizesOnly = false): Promise<Report> {
  const folder = pathOf(SMOLLM2);
  if (!existsSync(folder)) throw new Error(`${SMOLLM2}: not here: the model lies beside the checkout`);
  const conditions = { model: SMOLLM2_FILE, blocks: 30, stored: 'Q4_1, Q8_0, F32' };
  return loadTwice({ name: 'load-smollm2', folder, file: SMOLLM2_FILE, conditions }, sizesOnly);
}

/** Once over the network, once more from what the device kept. */
async function loadTwice({ name, folder, file, conditions }: Subject, sizesOnly: boolean): Promise<Report> {
  const repo = `owner/${name}`;
  const hub = await startHub({ [repo]: folder });
  const server = await serveLoadingPage();
  const browser = await launchBrowser({ webgpu: false });
  try {
    const context = await browser.newContext();
    const source = file === undefined ? repo : `${repo}/${file}`;
    const load = async (): Promise<Load> => {
      const page: Page = await context.newPage();
      await openLoadingPage(page, server);
      hub.requests.length = 0;
      const request = { source, hub: hub.hub.href, runtime: await runtimeFolder(), ids: IDS };
      const { value: visit, peak } = await watchMemory(browser, () => visitInPage(page, request));
      await page.close();
      return { visit, peak, sent: hub.requests.reduce((n, r) => n + r.sent, 0) };
    };
    const network = await load();
    const all = [...rows('network', network), ...rows('kept', await load())];
    return {
      name,
      title: `A model of ${Math.round(network.visit.total / MB)} MB into the browser, wasm`,
      conditions: { browser: await browserVersion(), ...conditions },
      measurements: sizesOnly ? all.filter(({ unit }) => unit === 'MB') : all,
    };
  } finally {
    await browser.close();
    await server.close();
    await hub.close();
  }
}

function rows(name: string, { visit, peak, sent }: Load): Measurement[] {
  return [
    measurement(`${name}: first row`, [visit.firstRow]),
    measurement(`${name}: whole table`, [visit.done]),
    measurement(`${name}: MB at the first row`, [visit.loadedAtFirstRow / MB], {
      peer: visit.total / MB,
      unit: 'MB',
      note: 'of the whole model',
    }),
    measurement(`${name}: memory of the page at most, MB`, [peak / MB], {
      peer: (visit.parameters * 4) / MB,
      unit: 'MB',
      note: 'of the weights in f32; goal 1.5',
    }),
    measurement(`${name}: MB sent`, [sent / MB], {
      peer: visit.total / MB,
      unit: 'MB',
      note: 'of the whole model',
    }),
  ];
}
