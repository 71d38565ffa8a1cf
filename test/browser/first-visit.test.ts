/** A first visit: the tour is offered once, walks through the page by keys alone, and the help lists what keys do. */
import type { Locator } from 'playwright-core';
import { expect, it } from 'vitest';
import { STOPS } from '../../site/words/tour.ts';
import { SHORTCUTS } from '../../site/words/help.ts';
import { describePage } from '../support/stage.ts';
import type { Visit } from '../support/visit.ts';

const HEADINGS = Object.values(STOPS).map(({ heading }) => heading);

interface Shown {
  readonly heading: string;
  readonly count: string;
  /** Whether the card lies over what it points at, and whether it is in the window. */
  readonly covers: boolean;
  readonly inside: boolean;
  readonly spot: number;
  readonly focus: string;
}

async function shown(visit: Visit): Promise<Shown> {
  // Two frames: the outline goes to where the page has scrolled.
  return visit.page.evaluate(async () => {
    for (let i = 0; i < 4; i++) await new Promise(requestAnimationFrame);
    const root = document.querySelector('rs-tour')?.shadowRoot;
    const [card, spot] = ['.stop', '.spot'].map((name) => root?.querySelector(name)?.getBoundingClientRect());
    if (!root || !card || !spot) throw new Error('no tour');
    return {
      heading: root.querySelector('h2')?.textContent ?? '',
      count: root.querySelector('.small')?.textContent ?? '',
      covers:
        card.left < spot.right && spot.left < card.right && card.top < spot.bottom && spot.top < card.bottom,
      inside: card.left >= 0 && card.top >= 0 && card.right <= innerWidth && card.bottom <= innerHeight,
      spot: spot.width * spot.height,
      focus: root.activeElement?.textContent.trim() ?? '',
    };
  });
}

const invitation = (visit: Visit): Locator => visit.page.getByRole('button', { name: 'Show me around' });
const focused = (visit: Visit): Promise<string> =>
  visit.page.evaluate(() => {
    let at = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    return at?.textContent.trim() ?? '';
  });

describePage('first visit', { webgpu: false }, (stage) => {
  it.each([
    ['light', 1280, 900],
    ['dark', 360, 740],
    ['light', 320, 300],
  ] as const)('the tour, %s, %i × %i px', async (colorScheme, width, height) => {
    const visit = await stage.open('', {
      colorScheme,
      viewport: { width, height },
      reducedMotion: 'reduce',
    });
    const { page } = visit;
    await visit.state('done');
    await invitation(visit).click();
    const tour = page.getByRole('dialog');
    await tour.waitFor();
    for (const [i, heading] of HEADINGS.entries()) {
      await page.getByRole('dialog', { name: heading }).waitFor();
      const stop = await shown(visit);
      expect(stop).toMatchObject({
        heading,
        count: `${i + 1} of ${HEADINGS.length}`,
        covers: false,
        inside: true,
      });
      expect(stop.spot).toBeGreaterThan(100);
      expect(stop.focus).toBe(i === HEADINGS.length - 1 ? 'Done' : 'Next');
      if (i === 2) expect(await visit.violations()).toEqual([]);
      await page.keyboard.press(i % 2 === 0 ? 'Enter' : 'ArrowRight');
    }
    // The last arrow key leads nowhere; here the last key was Enter, on Done.
    await tour.waitFor({ state: 'detached' });
    await expect.poll(() => focused(visit)).toBe('Help');
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it('the tour can be left at any stop, goes back, and is offered once', async () => {
    const visit = await stage.open();
    const { page } = visit;
    await visit.state('done');
    await invitation(visit).click();
    const tour = page.getByRole('dialog');
    await tour.waitFor();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('dialog', { name: HEADINGS[1] ?? '' }).waitFor();
    await tour.getByRole('button', { name: 'Back' }).click();
    await page.getByRole('dialog', { name: HEADINGS[0] ?? '' }).waitFor();
    await expect.poll(() => focused(visit)).toBe('Next');
    await page.keyboard.press('Escape');
    await tour.waitFor({ state: 'detached' });
    expect(await invitation(visit).count()).toBe(0);
    await page.reload();
    await visit.state('done');
    expect(await invitation(visit).count()).toBe(0);

    // It stays within reach, and shows the view that it speaks about.
    await page.getByRole('tab', { name: 'Attention' }).click();
    await page.getByRole('button', { name: 'Help', exact: true }).click();
    await page.getByRole('dialog', { name: 'Help' }).getByRole('button', { name: 'Take the tour' }).click();
    await page.getByRole('dialog', { name: HEADINGS[0] ?? '' }).waitFor();
    await page
      .getByRole('tab', { name: 'Lens', selected: true, includeHidden: true })
      .waitFor({ state: 'attached' });
    await tour.getByRole('button', { name: 'Leave the tour' }).click();
    await tour.waitFor({ state: 'detached' });
    await visit.end();
  });

  it('who declines is not asked again, nor who comes by a link', async () => {
    const visit = await stage.open();
    await visit.page.getByRole('button', { name: 'No, thanks' }).click();
    await expect.poll(() => focused(visit)).toBe('Help');
    expect(await invitation(visit).count()).toBe(0);
    await visit.page.reload();
    await visit.state('done');
    expect(await invitation(visit).count()).toBe(0);
    await visit.end();
    const linked = await stage.open('#prompt=One%20two');
    await linked.state('done');
    expect(await invitation(linked).count()).toBe(0);
    await linked.end();
  });

  it('the line where the answer settles is pointed at in a table wider than the window', async () => {
    const prompt = `${'One two three four five six. '.repeat(4)}The end of the`;
    const visit = await stage.open(`#device=wasm&prompt=${encodeURIComponent(prompt)}`, {
      viewport: { width: 360, height: 740 },
      reducedMotion: 'reduce',
    });
    await visit.state('done');
    await visit.grid.evaluate((grid) => ((grid.getRootNode() as ShadowRoot).host.scrollLeft = 0));
    await visit.page.getByRole('button', { name: 'Help', exact: true }).click();
    await visit.page.getByRole('button', { name: 'Take the tour' }).click();
    // Keys pressed before the tour's script has come would go to the page.
    for (const stop of ['prompt', 'table'] as const) {
      await visit.page.getByRole('dialog', { name: STOPS[stop].heading }).waitFor();
      await visit.page.keyboard.press('ArrowRight');
    }
    await visit.page.getByRole('dialog', { name: STOPS.settles.heading }).waitFor();
    await expect
      .poll(() =>
        visit.page.evaluate(() => {
          const spot = document.querySelector('rs-tour')?.shadowRoot?.querySelector('.spot');
          const box = spot?.getBoundingClientRect();
          return box && box.left > 0 && box.right < innerWidth && box.width > 20;
        }),
      )
      .toBe(true);
    await visit.end();
  });

  it.each([
    ['light', 1280],
    ['dark', 360],
  ] as const)('help, %s, %i px', async (colorScheme, width) => {
    const visit = await stage.open('', { colorScheme, viewport: { width, height: 800 } });
    const { page } = visit;
    await visit.state('done');
    const help = page.getByRole('dialog', { name: 'Help' });
    // A question is written, not asked.
    await visit.prompt.fill('Why');
    await visit.prompt.press('?');
    expect(await visit.prompt.inputValue()).toBe('Why?');
    expect(await help.count()).toBe(0);

    await page.getByRole('tab', { name: 'Lens', exact: true }).focus();
    await page.keyboard.press('?');
    await help.waitFor();
    for (const [place, shortcuts] of SHORTCUTS) {
      const rows = help.getByLabel(`Keys: ${place}`);
      expect(await rows.locator('dt').count()).toBe(shortcuts.length);
    }
    expect(await help.evaluate((dialog) => dialog.scrollWidth - dialog.clientWidth)).toBe(0);
    expect(await visit.violations()).toEqual([]);

    // Single characters as shortcuts can be switched off.
    await help.getByRole('checkbox', { name: 'The ? key opens this help' }).uncheck();
    await page.keyboard.press('Escape');
    await help.waitFor({ state: 'detached' });
    await page.getByRole('tab', { name: 'Lens', exact: true }).focus();
    await page.keyboard.press('?');
    await page.getByRole('button', { name: 'Help', exact: true }).click();
    await help.waitFor();
    expect(await help.count()).toBe(1);
    expect(await help.getByRole('checkbox').isChecked()).toBe(false);
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });
});
