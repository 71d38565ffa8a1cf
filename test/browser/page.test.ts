/** The page as a reader meets it: real server, real browser, real model; what stands in the cells is asserted. */
import { expect, it } from 'vitest';
import { describePage } from '../support/stage.ts';
import type { Visit } from '../support/visit.ts';

const TOWER = 'The Eiffel Tower is in the city of';
const LIST = 'stone river moon fish stone river moon';
const LAST = 7;

describePage('page', {}, (stage) => {
  const open = (fragment = ''): Promise<Visit> => stage.open(fragment);

  it.each(['wasm', 'webgpu'] as const)('types prompts and shows the finished table on %s', async (device) => {
    const visit = await open(`#model=fable-4m&device=${device}&prompt=`);
    await visit.state('done');
    await visit.ask(TOWER);
    // bos and eight tokens, eight layers and the embedding
    expect(await visit.grid.getByRole('columnheader').count()).toBe(1 + 9);
    expect(await visit.grid.getByRole('rowheader').count()).toBe(9);
    expect(await visit.page.getByRole('gridcell').count()).toBe(81);
    expect(await visit.text(-1, 8)).toBe('·of');
    for (const layer of [5, 6, LAST]) expect(await visit.text(layer, 8)).toBe('·Paris');
    const name = await visit.cell(LAST, 8).getAttribute('aria-label');
    const [, probability] =
      /^Layer 7, position 8 after “of”: “Paris”, probability ([\d.]+)$/.exec(name ?? '') ?? [];
    expect(Number(probability)).toBeGreaterThan(0.98);
    await visit.page.getByText('the model says').waitFor();
    expect(await visit.page.getByRole('button', { name: 'checks pass' }).count()).toBe(1);
    await visit.page.getByRole('button', { name: device === 'wasm' ? /^wasm/ : /^WebGPU/ }).waitFor();

    await visit.ask(LIST);
    for (const layer of [6, LAST]) expect(await visit.text(layer, 7)).toBe('·fish');
    expect(visit.complaints).toEqual([]);
    expect(visit.strangers).toEqual([]);
    await visit.end();
  });

  it('shows tokens as they are typed, with marks for what cannot be seen', async () => {
    const visit = await open('#prompt=A');
    await visit.state('done');
    await visit.prompt.fill('Once upon\na time');
    const tokens = visit.page.getByRole('list', { name: 'Tokens' }).getByRole('listitem');
    await expect
      .poll(() => tokens.allTextContents())
      .toEqual(['<|endoftext|>', 'Once', '·upon', '↵', 'a', '·time']);
    await visit.page.getByRole('switch', { name: 'begin-of-text' }).uncheck({ force: true });
    await expect.poll(() => tokens.count()).toBe(5);
    await visit.run.click();
    await visit.state('done');
    expect(await visit.grid.getByRole('columnheader').count()).toBe(1 + 5);
    expect(visit.page.url()).toContain('bos=0');
    await visit.end();
  });

  it('restores a view from its address, and walks back and forward through prompts', async () => {
    const visit = await open(
      `#model=fable-4m&prompt=${encodeURIComponent(TOWER)}&device=wasm&layer=4&pos=3&color=entropy&order=first-on-top`,
    );
    await visit.state('done');
    await visit.page.getByRole('heading', { name: /^Layer 4, after ·Tower/ }).waitFor();
    expect(await visit.cell(4, 3).getAttribute('aria-selected')).toBe('true');
    expect(await visit.page.getByRole('radio', { name: 'entropy' }).isChecked()).toBe(true);
    const [top, bottom] = await Promise.all([
      visit.cell(-1, 0).boundingBox(),
      visit.cell(LAST, 0).boundingBox(),
    ]);
    expect(top?.y).toBeLessThan(bottom?.y ?? 0);

    await visit.ask(LIST);
    expect(visit.page.url()).toContain('stone%20river');
    expect(visit.page.url()).not.toContain('pos=3');
    await visit.page.goBack();
    await expect.poll(() => visit.prompt.inputValue()).toBe(TOWER);
    await visit.page.getByRole('heading', { name: /^Layer 4, after ·Tower/ }).waitFor();
    await visit.page.goForward();
    await expect.poll(() => visit.prompt.inputValue()).toBe(LIST);
    await visit.state('done');
    await expect.poll(() => visit.page.getByRole('gridcell').count()).toBe(72);

    const again = await open(new URL(visit.page.url()).hash);
    await again.state('done');
    expect(await again.prompt.inputValue()).toBe(LIST);
    expect(visit.complaints).toEqual([]);
    await visit.end();
    await again.end();
  });

  it('runs token ids from the address', async () => {
    const visit = await open('#model=fable-4m&ids=0,286,1855,1212,288,301,260,471,292');
    await visit.state('done');
    expect(await visit.text(LAST, 8)).toBe('·Paris');
    expect(await visit.prompt.inputValue()).toContain(TOWER);
    await visit.end();
  });

  it('pins tokens and follows them through the layers', async () => {
    const visit = await open(`#prompt=${encodeURIComponent(TOWER)}`);
    await visit.state('done');
    const candidates = visit.page.getByRole('list', { name: 'Candidates' }).locator('.candidate');
    expect(await candidates.count()).toBe(10);
    await candidates.nth(1).click();
    const pinned = (await candidates.nth(1).locator('span').first().textContent()) ?? '';
    await visit.page.getByRole('button', { name: `Unpin ${pinned}` }).waitFor();
    const chart = visit.page.getByRole('img', { name: /^Rank by layer at position 8/ });
    await expect
      .poll(() => chart.getAttribute('aria-label'))
      .toMatch(new RegExp(`“${pinned}” from [\\d,]+ at the embedding to 1 in`));
    await expect.poll(() => visit.page.url()).toMatch(/pins=\d+/);

    // The same path as the output's own, when the output is pinned.
    await candidates.nth(0).click();
    const probability = visit.page.getByRole('img', { name: /^Probability by layer at position 8/ });
    await expect
      .poll(
        async () =>
          (await probability.getAttribute('aria-label'))?.match(
            /“·Paris” from (\S+) at the embedding to (\S+) in/g,
          )?.length,
      )
      .toBe(2);
    const said = (await probability.getAttribute('aria-label'))?.match(
      /“·Paris” from (\S+) at the embedding to (\S+) in/g,
    );
    expect(new Set(said).size).toBe(1);

    const again = await open(new URL(visit.page.url()).hash);
    await again.page.getByRole('button', { name: `Unpin ${pinned}` }).waitFor();
    await visit.end();
    await again.end();
  });

  it('keeps earlier prompts, calls one up again and forgets them', async () => {
    const visit = await open('#prompt=The%20dog');
    await visit.state('done');
    await visit.ask('A baby cow is called a');
    await visit.page.reload();
    await visit.state('done');
    await visit.page.getByRole('button', { name: 'History' }).click();
    await visit.page.getByRole('button', { name: 'The dog' }).click();
    await expect.poll(() => visit.prompt.inputValue()).toBe('The dog');
    await visit.state('done');
    await visit.page.getByRole('button', { name: 'History' }).click();
    await visit.page.getByRole('button', { name: 'Forget them all' }).click();
    expect(await visit.page.getByRole('button', { name: 'History' }).isDisabled()).toBe(true);
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });
});
