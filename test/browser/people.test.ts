/** The gallery opens prompt, colour and cell; “Check against wasm” reruns the prompt and finds the same numbers. */
import { expect, it } from 'vitest';
import { describePage } from '../support/stage.ts';

describePage('gallery and checks', { webgpu: false }, (stage) => {
  it.each([
    ['light', 1280],
    ['dark', 360],
  ] as const)('%s, %i px', async (colorScheme, width) => {
    const visit = await stage.open('', {
      colorScheme,
      viewport: { width, height: 800 },
    });
    const { page } = visit;
    await visit.state('done');
    await page.getByRole('button', { name: 'Gallery…' }).click();
    const gallery = page.getByRole('dialog', { name: 'Gallery' });
    await gallery.waitFor();
    expect(await visit.violations()).toEqual([]);
    await gallery.getByRole('button', { name: 'Show: Input lost' }).click();
    await visit.state('done');
    await expect.poll(() => visit.prompt.inputValue()).toBe('The opposite of hot is');
    await page.getByRole('radio', { name: 'rank', exact: true, checked: true }).waitFor();
    await page.getByRole('heading', { name: /^Layer 0, after ·hot/ }).waitFor();

    await visit.state('done');
    await page.getByRole('button', { name: /^wasm/ }).click();
    const about = page.getByRole('dialog', { name: 'About this run' });
    await about.getByRole('button', { name: 'Check against wasm' }).click();
    await about.getByText(/over 54 cells: 0\s+top tokens and 0 ranks differ/).waitFor({ timeout: 120_000 });
    const items = await about.getByRole('listitem').allTextContents();
    expect(items.map((item) => /^\s*(log p|entropy|KL)/.exec(item)?.[1])).toEqual(['log p', 'entropy', 'KL']);
    for (const item of items) {
      expect(Number(/at most (\S+) nats/.exec(item.replace(/\s+/g, ' '))?.[1])).toBeLessThan(1e-3);
    }
    expect(await visit.violations()).toEqual([]);
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });
});
