/** What a reader takes along and brings back: files parsed and held against the trace, links, stored traces, axe. */
import { readFile } from 'node:fs/promises';
import type { Download } from 'playwright-core';
import { expect, it } from 'vitest';
import { parseTrace } from '../../shared/trace/decode.ts';
import { hostPages, post } from '../support/host-pages.ts';
import { describePage } from '../support/stage.ts';
import { Visit } from '../support/visit.ts';

const TOWER = 'The Eiffel Tower is in the city of';
const VECTOR = 'test/unit/vectors/v1.trace.json';

/** What each cell says of itself, whatever their order in the document. */
async function cellsOf({ page }: Visit): Promise<string[]> {
  const cells = page.getByRole('gridcell');
  const names = await cells.evaluateAll((all) => all.map((cell) => cell.getAttribute('aria-label') ?? ''));
  return names.sort();
}

describePage('take it along', { webgpu: false }, (stage) => {
  const open = (fragment = '', options = {}): Promise<Visit> => stage.open(fragment, options);
  const click = (visit: Visit, name: string | RegExp): Promise<void> =>
    visit.page.getByRole('button', { name, exact: true }).click();
  const saved = async (visit: Visit, name: string): Promise<{ file: Download; text: string }> => {
    const [file] = await Promise.all([visit.page.waitForEvent('download'), click(visit, name)]);
    return { file, text: await readFile(await file.path(), 'utf8') };
  };

  it('saves tables and pictures whose numbers are the trace’s, and opens the trace again with the same cells', async () => {
    const visit = await open(`#prompt=${encodeURIComponent(TOWER)}&device=wasm`);
    await visit.state('done');
    const cells = await cellsOf(visit);
    await click(visit, 'Export');
    const { text, file } = await saved(visit, 'Save the trace');
    const trace = parseTrace(text);
    expect(file.suggestedFilename()).toBe('fable-4m-the-eiffel-tower-is-in-the-city-of.trace.json');
    const { k, topIds, topLogprobs, rows } = trace.lens;
    expect([rows.length, trace.ids.length, k]).toEqual([9, 9, 10]);

    const lines = (await saved(visit, 'Lens table as CSV')).text.trimEnd().split('\r\n');
    expect(lines).toHaveLength(1 + 9 * 9 * 10);
    const last = (lines.at(-10) ?? '').split(',');
    const at = (8 * 9 + 8) * k;
    expect(last.slice(0, 3)).toEqual(['7', '0', '8']);
    expect([Number(last[6]), Number(last[8])]).toEqual([topIds[at], topLogprobs[at]]);
    expect(last[7]).toBe('""" Paris"""');

    const json = JSON.parse((await saved(visit, 'Lens table as JSON')).text) as {
      rows: { cells: { top: { id: number; logprob: number }[] }[] }[];
    };
    expect(json.rows.flatMap((row) => row.cells.flatMap((cell) => cell.top.map(({ id }) => id)))).toEqual([
      ...topIds,
    ]);

    const svg = (await saved(visit, 'Lens table as SVG')).text;
    expect(svg).toMatch(/^<svg /);
    expect(svg.match(/Paris, probability/g)?.length).toBeGreaterThanOrEqual(3);
    const entropy = (await saved(visit, 'Entropy by layer as CSV')).text.trimEnd().split('\r\n').slice(1);
    expect(entropy.map((line) => Number(line.split(',')[1]))).toEqual(
      rows.map((_, r) => trace.lens.entropy?.[r * 9 + 8]),
    );
    const [png] = await Promise.all([
      visit.page.waitForEvent('download'),
      click(visit, 'Probability of the answer and the pins as PNG'),
    ]);
    const pixels = await readFile(await png.path());
    expect(pixels.subarray(1, 4).toString()).toBe('PNG');
    expect(pixels.readUInt32BE(16)).toBe(1280);

    const kit = JSON.parse((await saved(visit, 'Save as logitlenskit JSON')).text) as {
      meta: { version: number };
      tracked: Record<string, number[]>[];
      topk: string[][][];
    };
    expect(kit.meta.version).toBe(2);
    expect(kit.topk[8]?.[8]?.[0]).toBe(' Paris');
    expect(kit.tracked[8]?.[' Paris']?.[8]).toBeCloseTo(Math.exp(topLogprobs[at] ?? 0), 4);

    await click(visit, 'Add revision and weight hash');
    await visit.page
      .getByRole('group', { name: 'BibTeX' })
      .getByText(/weights SHA-256 [0-9a-f]{64}/)
      .waitFor();
    await visit.page.keyboard.press('Escape');

    await click(visit, 'Open');
    await visit.page
      .locator('#trace-file')
      .setInputFiles({ name: 'again.trace.json', mimeType: 'application/json', buffer: Buffer.from(text) });
    await visit.page.getByRole('heading', { name: 'Read from a trace: again.trace.json' }).waitFor();
    expect(await cellsOf(visit)).toEqual(cells);
    expect(await visit.prompt.inputValue()).toContain(TOWER);
    await click(visit, 'Run live');
    await visit.state('done');
    expect(await cellsOf(visit)).toEqual(cells);
    expect(visit.page.url()).toContain('#model=fable-4m&ids=');
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it('keeps the rows after attention, in every file and when it is opened again', async () => {
    const visit = await open(`#prompt=${encodeURIComponent(TOWER)}&device=wasm&mid=1`);
    await visit.state('done');
    const cells = await cellsOf(visit);
    expect(await visit.grid.getByRole('rowheader').count()).toBe(17);
    await click(visit, 'Export');
    const { text } = await saved(visit, 'Save the trace');
    const { lens } = parseTrace(text);
    expect(lens.rows.map(({ mid }) => mid === true)).toEqual(
      Array.from({ length: 17 }, (_, r) => r % 2 === 1),
    );
    expect([lens.kl?.length, lens.targets.find(({ name }) => name === 'final')?.ranks.length]).toEqual([17 * 9, 17 * 9]); // prettier-ignore
    const lines = (await saved(visit, 'Lens table as CSV')).text.trimEnd().split('\r\n').slice(1);
    expect(lines).toHaveLength(17 * 9 * lens.k);
    expect(lines.filter((line) => line.split(',')[1] === '1')).toHaveLength(8 * 9 * lens.k);
    expect((await saved(visit, 'Lens table as SVG')).text).toContain('>5 mid<');
    const kit = JSON.parse((await saved(visit, 'Save as logitlenskit JSON')).text) as { topk: string[][][] };
    expect(kit.topk).toHaveLength(9);
    await visit.page.keyboard.press('Escape');
    await click(visit, 'Open');
    await visit.page
      .locator('#trace-file')
      .setInputFiles({ name: 'mid.trace.json', mimeType: 'application/json', buffer: Buffer.from(text) });
    await visit.page.getByRole('heading', { name: 'Read from a trace: mid.trace.json' }).waitFor();
    expect(await visit.grid.getByRole('rowheader').count()).toBe(17);
    expect(await cellsOf(visit)).toEqual(cells);
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it('stores a trace, opens its page without a model, and deletes it', async () => {
    const visit = await open('#prompt=The%20dog&device=wasm');
    await visit.state('done');
    const cells = await cellsOf(visit);
    await click(visit, 'Share');
    await visit.page.getByText('whoever has the link sees').waitFor();
    await click(visit, 'Store it and get a link');
    const link = await visit.page.getByRole('textbox', { name: 'Link', exact: true }).inputValue();
    expect(link).toMatch(/\/t\/[0-9a-f]{64}$/);
    const path = new URL(link).pathname;
    await visit.page.getByRole('img', { name: /^Logit lens of fable-4m on “The dog”/ }).waitFor();
    const taken = async (name: string): Promise<string> =>
      visit.page.getByRole('textbox', { name, exact: true }).inputValue();
    await visit.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const code = await taken('Embed code: script tag');
    await click(visit, 'Copy: Embed code: script tag');
    await visit.page.getByText('Copied: Embed code: script tag').waitFor();
    expect(await visit.page.evaluate(() => navigator.clipboard.readText())).toBe(code);
    const frame = await taken('Embed code: iframe');
    const oembed = (await (await fetch(await taken('oEmbed'))).json()) as { html: string };
    expect(oembed.html).toContain(/src="([^"]+)"/.exec(frame)?.[1]);
    const picture = /src="([^"]+)" alt="Logit lens of/.exec(await taken('Picture with a link'))?.[1];
    expect((await fetch(picture ?? '')).headers.get('content-type')).toMatch(/^image\/svg/);
    const posts = await hostPages();
    posts.put('/post.html', { body: post('', `${code}${frame}`) });
    const reader = await Visit.open(stage.browser, posts.origin, 'post.html');
    const someCell = /^Layer 3, position 1 /;
    await reader.page.getByRole('gridcell', { name: someCell }).waitFor();
    await reader.page.frameLocator('iframe').getByRole('gridcell', { name: someCell }).waitFor();
    await reader.end();
    await posts.close();

    const other = await open(path.slice(1));
    await other.page.getByRole('button', { name: 'Run live' }).waitFor();
    expect(await cellsOf(other)).toEqual(cells);
    await other.cell(3, 1).click();
    await expect.poll(() => new URL(other.page.url()).hash).toBe('#layer=3&pos=1');
    expect(new URL(other.page.url()).pathname).toBe(path);
    expect(other.complaints).toEqual([]);
    await other.ask('A baby cow is called a');
    expect(new URL(other.page.url()).pathname).toBe('/');
    await other.page.goBack();
    await other.page.getByRole('button', { name: 'Run live' }).waitFor();
    await other.end();

    await click(visit, 'Delete “The dog”');
    await visit.page.getByText(/^Deleted\./).waitFor();
    expect((await fetch(link)).status).toBe(404);
    const gone = await open(`#trace=${path.slice(3)}`);
    await gone.page.getByRole('heading', { name: 'This trace is not here' }).waitFor();
    await visit.end();
    await gone.end();
  });

  it('shows a hostile trace as text, says what is wrong with a broken one, and where', async () => {
    const visit = await open('#prompt=');
    await visit.state('done');
    const give = async (name: string, content: string): Promise<void> => {
      await click(visit, 'Open');
      const file = { name, mimeType: 'application/json', buffer: Buffer.from(content) };
      await visit.page.locator('#trace-file').setInputFiles(file);
    };
    let dialogs = 0;
    visit.page.on('dialog', (dialog) => {
      dialogs++;
      void dialog.dismiss();
    });
    const vector = await readFile(VECTOR, 'utf8');
    await give('hostile.trace.json', vector);
    await visit.page.getByRole('button', { name: 'Run live' }).waitFor();
    expect(await visit.page.getByRole('gridcell').allTextContents()).toContain('<script>alert(1)</script>');
    expect(dialogs).toBe(0);

    const broken = JSON.parse(vector) as { lens: { topIds: { shape: number[] } } };
    broken.lens.topIds.shape = [9, 9, 9];
    await give('broken.trace.json', JSON.stringify(broken));
    await visit.state('error');
    await visit.page.getByText(/trace: lens\.topIds\.shape: expected/).waitFor();
    await visit.page.reload();
    await visit.page.getByText('“broken.trace.json” was opened from a disk').waitFor();
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it.each(['light', 'dark'] as const)(
    'has no fault that axe-core finds, wide and at 360 px, %s',
    async (scheme) => {
      const visit = await open('#prompt=The%20dog&device=wasm', { colorScheme: scheme });
      await visit.state('done');
      for (const size of [
        { width: 1280, height: 900 },
        { width: 360, height: 740 },
      ]) {
        await visit.page.setViewportSize(size);
        for (const name of ['Export', 'Share', 'Open']) {
          await click(visit, name);
          await visit.page.getByRole('dialog').waitFor();
          expect(await visit.violations(), `${name}, ${size.width}`).toEqual([]);
          await visit.page.keyboard.press('Escape');
        }
        const [scroll, client] = await visit.page.evaluate(() => {
          const { scrollWidth, clientWidth } = document.documentElement;
          return [scrollWidth, clientWidth] as const;
        });
        expect(scroll).toBeLessThanOrEqual(client);
      }
      await visit.end();
    },
  );
});
