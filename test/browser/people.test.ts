/** The gallery opens prompt, colour and cell; “Check against wasm” reruns the prompt and finds the same numbers. */
import { expect, it } from 'vitest';
import { describePage } from '../support/stage.ts';

describePage('gallery and checks', { webgpu: false, model: true }, (stage) => {
  it('says what stands behind a run: weights by their hash, times that add up, the checks’ numbers', async () => {
    const visit = await stage.open();
    await visit.state('done');
    await visit.page.getByRole('button', { name: /^wasm/ }).click();
    const about = visit.page.getByRole('dialog', { name: 'About this run' });
    const fact = (name: string): Promise<string> =>
      about
        .locator('dl > dt', { hasText: new RegExp(`^\\s*${name}`) })
        .locator('xpath=following-sibling::dd[1]')
        .innerText();
    await expect.poll(() => fact('SHA-256 of the weights')).toBe(await stage.model.weightHash());
    expect(await fact('Weights')).toMatch(/^8\.8 MB, stored as F16, on this device/);
    const stages = [
      'tokens and embedding',
      'blocks',
      'rows of the lens',
      'compared',
      'plain forward',
      'handed',
    ];
    const ms = (words: string): number => Number.parseFloat(words) * (/\d ms$/.test(words) ? 1 : 1000);
    let sum = 0;
    for (const stage of stages) sum += ms((await fact(stage)).trim());
    const end = ms((await fact('First row, last row, end')).split(', ')[2] ?? '');
    expect(Math.abs(sum - end) / end).toBeLessThan(0.05);
    await expect.poll(() => fact('This page')).toMatch(/\d MB/);
    expect(await fact('Attention rows sum to 1')).toMatch(/pass \d\.\de-\d+ ≤ 1e-4/);
    expect(await visit.violations()).toEqual([]);
    await visit.end();
  });

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
