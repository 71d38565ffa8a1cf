/**
 * The built page in a real browser, served as `npm start` serves it: from the click on Run to the finished table, with
 * a fresh profile (cold) and on the same page again (warm), and the longest task of the page's own thread meanwhile.
 */
import type { Browser, Page } from 'playwright-core';
import type { DeviceName } from '../engine/api.ts';
import { browserVersion, launchBrowser } from '../test/support/browser.ts';
import { startServer } from '../test/support/wrangler.ts';
import { type Measurement, measurement, type Report } from './report.ts';
import { scrollTimes, type ScrollTimes } from './scroll.ts';
import { longestTask, type LongestTask } from './tasks.ts';

const PROMPTS = [
  'The Eiffel Tower is in the city of',
  'Once upon a time there was a little girl who lived in the forest.',
  'stone river moon fish stone river moon',
  'The old man went down to the sea and looked for his',
  'In the morning the king called his three sons and said',
];
/** As many tokens as the embedded model reads; its table has 9 rows, and of the rows after attention 8 more. */
const LONG = Array.from({ length: 256 }, (_, i) => (i === 0 ? 0 : 260 + ((i * 37) % 3000)));
const PATIENCE_MS = 120_000;

/** What {@link watch} keeps in the page. */
interface Watched {
  clicked: number;
  done: number;
}

/** Runs in the page before anything else: notes Enter, and the first frame after the table is finished. */
export function watch(): void {
  const watched: Watched = { clicked: NaN, done: NaN };
  Object.assign(globalThis, { watched });
  const asked = (): void => {
    watched.clicked = performance.now();
    watched.done = NaN;
    performance.mark('bench-clicked');
  };
  addEventListener(
    'keydown',
    (event) => {
      if (event.key === 'Enter') asked();
    },
    true,
  );
  new MutationObserver(() => {
    if (document.documentElement.dataset['state'] !== 'done') return;
    const { clicked } = watched;
    requestAnimationFrame(() =>
      setTimeout(() => {
        if (!Number.isNaN(watched.done) || !Object.is(watched.clicked, clicked)) return;
        watched.done = performance.now();
        performance.mark('bench-done');
      }),
    );
  }).observe(document, { attributes: true, subtree: true, attributeFilter: ['data-state'] });
}

/** Waits for the table. @returns the page's clock at its first frame, and at the click before it. */
export async function finished(page: Page): Promise<Watched> {
  await page.waitForFunction(
    () => !Number.isNaN((globalThis as unknown as { watched: Watched }).watched.done),
    undefined,
    { timeout: PATIENCE_MS },
  );
  return page.evaluate(() => (globalThis as unknown as { watched: Watched }).watched);
}

/** Opens a link that holds a prompt. @returns milliseconds from the start of the navigation to the painted table. */
async function openLink(browser: Browser, url: string): Promise<number> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.addInitScript(watch);
    await page.goto(`${url}&prompt=${encodeURIComponent(PROMPTS[0] ?? '')}`);
    return (await finished(page)).done;
  } finally {
    await context.close();
  }
}

/** Types a prompt, presses Enter and waits. @returns milliseconds from Enter to the painted table. */
async function runPrompt(page: Page, prompt: string): Promise<number> {
  await page.getByRole('textbox', { name: 'Prompt' }).fill(prompt);
  // Enter is the button's own shortcut, and works while the button says Cancel because the engine still loads.
  await page.getByRole('textbox', { name: 'Prompt' }).press('Enter');
  const { clicked, done } = await finished(page);
  return done - clicked;
}

interface PageTimes {
  readonly cold: number;
  readonly warm: readonly number[];
}

/** One visit with an empty profile. */
async function visit(browser: Browser, url: string): Promise<PageTimes> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.addInitScript(watch);
    await page.goto(url);
    const [first = '', ...rest] = PROMPTS;
    const cold = await runPrompt(page, first);
    const warm: number[] = [];
    for (const prompt of rest) warm.push(await runPrompt(page, prompt));
    return { cold, warm };
  } finally {
    await context.close();
  }
}

interface Traced {
  readonly cold: LongestTask;
  readonly warm: LongestTask;
}

/** The same visit under the browser's own tracing, which slows it: only task lengths are taken from here. */
async function visitTraced(browser: Browser, url: string): Promise<Traced> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.addInitScript(watch);
    const trace = async (act: () => Promise<unknown>): Promise<LongestTask> => {
      await browser.startTracing(page, { categories: ['toplevel', 'blink.user_timing'] });
      await act();
      return longestTask(await browser.stopTracing());
    };
    const cold = await trace(async () => {
      await page.goto(url);
      await runPrompt(page, PROMPTS[0] ?? '');
    });
    const warm = await trace(() => runPrompt(page, PROMPTS[1] ?? ''));
    return { cold, warm };
  } finally {
    await context.close();
  }
}

export async function benchPage(device: DeviceName, runs: number): Promise<Report> {
  const server = await startServer();
  const browser = await launchBrowser({ webgpu: device === 'webgpu' ? 'hardware' : false });
  try {
    const url = `${server.url}/#device=${device}`;
    const visits: PageTimes[] = [];
    for (let i = 0; i < runs; i++) visits.push(await visit(browser, url));
    const links: number[] = [];
    for (let i = 0; i < runs; i++) links.push(await openLink(browser, url));
    const traced: Traced[] = [];
    for (let i = 0; i < Math.min(3, runs); i++) traced.push(await visitTraced(browser, url));
    const scrolled: ScrollTimes[] = [];
    for (let i = 0; i < Math.min(3, runs); i++) {
      scrolled.push(await scrollTimes(browser, url, LONG, watch, finished));
    }
    const rows: Measurement[] = [
      measurement(
        'Run to finished table, cold',
        visits.map((v) => v.cold),
        { note: 'goal 5000, weights included' },
      ),
      measurement(
        'Run to finished table, warm',
        visits.flatMap((v) => v.warm),
        { note: 'goal 500' },
      ),
      measurement('opening a link with a prompt, to finished table', links, {
        note: 'empty profile, from the start of the navigation',
      }),
      ...(['cold', 'warm'] as const).flatMap((kind) => [
        measurement(
          `longest task of the page thread, ${kind}`,
          traced.map((t) => t[kind].lasted),
          { note: 'goal 50' },
        ),
        measurement(
          `longest task of the page thread, ${kind}, on the processor`,
          traced.map((t) => t[kind].processor),
        ),
      ]),
    ];
    rows.push(
      measurement(
        '256 tokens: longest task while the table paints',
        scrolled.map((s) => s.painting.lasted),
        { note: 'goal 50' },
      ),
      measurement(
        '256 tokens: work of the page thread in a frame of scrolling, on the processor',
        scrolled.map((s) => s.frame),
        { note: 'goal 8' },
      ),
      measurement(
        '256 tokens: the same, the slowest of a hundred frames',
        scrolled.map((s) => s.slow),
      ),
    );
    return {
      name: `page-${device}`,
      title: `The page on ${device}, fable-4m: medians`,
      conditions: { browser: await browserVersion() },
      measurements: rows,
    };
  } finally {
    await browser.close();
    await server.stop();
  }
}
