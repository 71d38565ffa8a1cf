/** The pages that the server writes itself, as a reader meets them: readable by everyone, in both schemes, at any width. */
import { expect, it } from 'vitest';
import { describePage } from '../support/stage.ts';

/** Path, whether it is there, and what it says first. */
const PAGES: readonly (readonly [string, number, string])[] = [
  ['/docs', 200, 'Residscope API'],
  ['/privacy', 200, 'What is kept, and for how long'],
  [`/t/${'0'.repeat(64)}`, 404, 'There is nothing here'],
  [`/e/${'0'.repeat(64)}`, 404, 'There is nothing here'],
];

describePage('pages of the server', { webgpu: false }, (stage) => {
  it.each(PAGES.flatMap((page) => [[...page, 'light', 1280] as const, [...page, 'dark', 360] as const]))(
    '%s (%i, “%s”): axe-core finds nothing, and nothing sticks out: %s, %i px',
    async (path, status, heading, colorScheme, width) => {
      const visit = await stage.open('#prompt=', { colorScheme, viewport: { width, height: 800 } });
      const answer = await visit.page.goto(stage.url + path);
      expect(answer?.status()).toBe(status);
      await visit.page.getByRole('heading', { name: heading }).first().waitFor();
      expect(await visit.violations()).toEqual([]);
      expect(
        await visit.page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        ),
      ).toBe(0);
      await visit.end();
    },
  );
});
