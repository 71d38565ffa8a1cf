/** When the page stands still: for pictures of it. */
import type { Page } from 'playwright-core';

/** Nothing is at work any more, and nothing has moved for a moment. */
export async function settled(page: Page, patience = 240_000): Promise<void> {
  await page.locator('html[data-state="done"]').waitFor({ timeout: patience });
  await page.waitForFunction(
    () => {
      const busy = (root: ParentNode): boolean =>
        root.querySelector('[role="progressbar"], progress') !== null ||
        [...root.querySelectorAll('*')].some(({ shadowRoot }) => shadowRoot !== null && busy(shadowRoot));
      return !busy(document);
    },
    undefined,
    { timeout: patience, polling: 250 },
  );
  await page.waitForTimeout(600); // charts come a frame after their numbers
}
