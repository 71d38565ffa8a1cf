/** Fitted lenses in the page: fit, switch the table, the same numbers as the library's; averages; axe. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { pathOf } from '../support/addresses.ts';
import { describePage } from '../support/stage.ts';

const TOWER = 'The Eiffel Tower is in the city of';

describePage('fitted lens in the page', { model: true }, (stage) => {
  it('fits with progress, switches the table, and says what the library says', async () => {
    const fragment = `#device=wasm&view=translate&prompt=${encodeURIComponent(TOWER)}`;
    const visit = await stage.open(fragment);
    const { page } = visit;
    await visit.state('done');
    await page.getByRole('button', { name: 'Fit a lens' }).click();
    await page.getByRole('progressbar', { name: /^Fitting a lens/ }).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).first().click();
    await page.getByRole('button', { name: 'Fit a lens' }).waitFor();
    await page.getByRole('button', { name: 'Fit a lens' }).click();
    await page.getByRole('button', { name: 'Save the fitted lens' }).waitFor({ timeout: 200_000 });
    await visit.state('done');
    const row = await page.getByRole('row', { name: /^3 / }).textContent();
    await page.getByRole('img', { name: /^Held-out KL by layer/ }).waitFor();

    const { model } = stage;
    const corpus = await readFile(pathOf('site/public/reference/corpus.txt'), 'utf8');
    const lens = await model.fitLens(corpus.split('\n').filter(Boolean));
    const [, , fitted] = (row ?? '').trim().split(/\s+/).map(Number);
    expect(fitted).toBeCloseTo(lens.report?.heldOut.kl[4] ?? NaN, 1);
    const tops: string[] = [];
    for await (const event of model.stream(model.tokenizer.encode(TOWER).ids, {
      lens: { translators: lens },
    })) {
      if (event.type === 'readings') tops.push(model.tokenizer.text(event.readings.topIds[80] ?? -1));
    }

    await page.setViewportSize({ width: 360, height: 800 });
    expect(await visit.violations()).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await visit.violations()).toEqual([]);
    await page.setViewportSize({ width: 1280, height: 900 });

    await page.getByRole('textbox', { name: /^Prompts, one a line/ }).fill(`${TOWER}\nThe dog`);
    await page.getByRole('button', { name: 'Average' }).click();
    await page.getByText(/^\s*2 prompts, \d+ positions/).waitFor();

    await page.getByRole('tab', { name: 'Lens', exact: true }).click();
    await page.getByText('fitted lens').first().waitFor();
    for (const layer of [0, 3, 5]) {
      expect((await visit.text(layer, 8)).replace('·', ' ')).toBe(tops[layer + 1]);
    }
    // The link restores it where the device keeps it, and says so where it doesn't.
    await expect.poll(() => page.url()).toContain('lens=fitted');
    const link = page.url();
    await page.reload();
    await visit.state('done');
    await page.getByText('fitted lens').first().waitFor();
    expect((await visit.text(3, 8)).replace('·', ' ')).toBe(tops[4]);
    await page.getByRole('tab', { name: 'Fitted lens' }).click();
    await page.getByRole('button', { name: 'Save the fitted lens' }).waitFor();
    expect(visit.complaints).toEqual([]);
    await visit.end();

    const stranger = await stage.open(new URL(link).hash);
    await stranger.state('done');
    await stranger.page.getByText('This link asks for a fitted lens').waitFor();
    await stranger.page.getByRole('button', { name: 'Fit it…' }).click();
    await stranger.page.getByRole('button', { name: 'Fit a lens' }).waitFor();
    expect(stranger.complaints).toEqual([]);
    await stranger.end();
  });
});
