/**
 * A long prompt's table, 256 tokens × 17 rows (fable-4m with its rows after attention): the longest task while it
 * paints, and the work of the page's thread in each frame while it scrolls, by the browser's own trace.
 */
import type { Browser, Page } from 'playwright-core';
import { median } from './report.ts';
import { frameWork, longestTask, type LongestTask } from './tasks.ts';

/** CSS pixels a turn of the wheel, and turns. */
const TURN = 120;
const TURNS = 90;

export interface ScrollTimes {
  readonly painting: LongestTask;
  /** Milliseconds of work in a frame: the median, and the worst of a hundred. */
  readonly frame: number;
  readonly slow: number;
}

/** @param watch runs in the page before anything else: it marks the run's start and end. */
export async function scrollTimes(
  browser: Browser,
  url: string,
  ids: readonly number[],
  watch: () => void,
  finished: (page: Page) => Promise<unknown>,
): Promise<ScrollTimes> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  try {
    const page = await context.newPage();
    await page.addInitScript(watch);
    const categories = ['toplevel', 'blink.user_timing', 'devtools.timeline'];
    await page.goto(`${url}&mid=1&ids=${ids.join(',')}`);
    await finished(page);
    // The second run has the model and its sessions: what is left is the table.
    await browser.startTracing(page, { categories });
    await page.getByRole('textbox', { name: 'Prompt' }).press('Enter');
    await page.waitForTimeout(100);
    await finished(page);
    const painting = longestTask(await browser.stopTracing());
    const box = await page.getByRole('grid', { name: 'Logit lens' }).boundingBox();
    if (!box) throw new Error('there is no table');
    await page.mouse.move(Math.max(box.x, 0) + 400, box.y + 60);
    await browser.startTracing(page, { categories });
    await page.evaluate(() => performance.mark('bench-clicked'));
    for (let i = 0; i < TURNS; i++) {
      await page.mouse.wheel(i < TURNS / 2 ? -TURN : TURN, 0);
      await page.waitForTimeout(16);
    }
    await page.evaluate(() => performance.mark('bench-done'));
    const work = frameWork(await browser.stopTracing()).sort((a, b) => a - b);
    return { painting, frame: median(work), slow: work[Math.floor(work.length * 0.99)] ?? Number.NaN };
  } finally {
    await context.close();
  }
}
