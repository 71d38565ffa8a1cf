/**
 * A large model from a server into a browser: random weights of at least 1 GB, streamed by ranges into Chromium on
 * wasm. What the page's process takes in memory, as a multiple of the weights in f32, in which it computes, and how much
 * of the model had come when the first row did. Once over the network, once more from what the device kept.
 */
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
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

export async function benchLoad(shape: RandomShape = LOAD_SHAPE): Promise<Report> {
  const folder = await writeRandomGpt2(shape);
  const hub = await startHub({ 'owner/large': folder });
  const server = await serveLoadingPage();
  const browser = await launchBrowser({ webgpu: false });
  try {
    const context = await browser.newContext();
    const load = async (): Promise<Load> => {
      const page: Page = await context.newPage();
      await openLoadingPage(page, server);
      hub.requests.length = 0;
      const request = { source: 'owner/large', hub: hub.hub.href, runtime: await runtimeFolder(), ids: IDS };
      const { value: visit, peak } = await watchMemory(browser, () => visitInPage(page, request));
      await page.close();
      return { visit, peak, sent: hub.requests.reduce((n, r) => n + r.sent, 0) };
    };
    const network = await load();
    const kept = await load();
    return {
      name: 'load',
      title: `A model of ${Math.round(network.visit.total / MB)} MB into the browser, wasm`,
      conditions: { browser: await browserVersion(), blocks: shape.layers, stored: shape.dtype },
      measurements: [...rows('network', network, shape), ...rows('kept', kept, shape)],
    };
  } finally {
    await browser.close();
    await server.close();
    await hub.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function rows(name: string, { visit, peak, sent }: Load, { dtype }: RandomShape): Measurement[] {
  const computed = visit.total * (dtype === 'F16' ? 2 : 1);
  return [
    measurement(`${name}: first row`, [visit.firstRow]),
    measurement(`${name}: whole table`, [visit.done]),
    measurement(`${name}: MB at the first row`, [visit.loadedAtFirstRow / MB], {
      peer: visit.total / MB,
      unit: 'MB',
      note: 'of the whole model',
    }),
    measurement(`${name}: memory of the page at most, MB`, [peak / MB], {
      peer: computed / MB,
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
