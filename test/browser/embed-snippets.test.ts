/**
 * What docs/embed.md and the README tell readers to paste, pasted: every HTML snippet is taken from the file, with a
 * server, an id and a trace where it says HOST, ID and TRACE, put into a page of another origin, and must paint.
 */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pathOf } from '../support/addresses.ts';
import { browserMissing } from '../support/browser.ts';
import { post } from '../support/host-pages.ts';
import { realTrace } from '../support/real-trace.ts';
import { Visit } from '../support/visit.ts';
import { WidgetStage } from '../support/widget-stage.ts';

const missing = await browserMissing();

/** Milliseconds of a live run on a busy machine. */
const LIVE = 240_000;

async function blocks(file: string, language: string): Promise<string[]> {
  const text = await readFile(pathOf(file), 'utf8');
  const fenced = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm');
  return [...text.matchAll(fenced)].map(([, code = '']) => code);
}

const SNIPPETS = (
  await Promise.all(
    ['docs/embed.md', 'README.md'].map(async (file) =>
      (await blocks(file, 'html')).map((code, i) => ({ name: `${file}, snippet ${i + 1}`, code })),
    ),
  )
).flat();

it('there are snippets to test', () => {
  expect(SNIPPETS.map(({ name }) => name)).toEqual([
    'docs/embed.md, snippet 1',
    'docs/embed.md, snippet 2',
    'docs/embed.md, snippet 3',
    'docs/embed.md, snippet 4',
    'README.md, snippet 1',
  ]);
});

it.each([
  { language: 'jsx', file: 'docs/examples/react/Post.jsx' },
  { language: 'vue', file: 'docs/examples/vue/Post.vue' },
  { language: 'svelte', file: 'docs/examples/svelte/Post.svelte' },
])('the $language snippet is the tested example', async ({ language, file }) => {
  expect(await blocks('docs/embed.md', language)).toEqual([await readFile(pathOf(file), 'utf8')]);
});

describe.skipIf(missing !== undefined)(
  `snippets in a page${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let stage: WidgetStage;
    beforeAll(async () => {
      stage = await WidgetStage.start();
    });
    afterAll(() => stage.end());

    it.each(SNIPPETS)('$name paints', async ({ code }) => {
      const trace = JSON.stringify(await realTrace()).replaceAll('<', '\\u003c');
      const pasted = code
        .replaceAll(/https:\/\/(?:HOST|YOUR-SERVER)/g, stage.server.url)
        .replaceAll(/\bID(?: or URL)?\b/g, stage.id)
        .replace('TRACE', () => trace);
      expect(pasted).not.toMatch(/HOST|YOUR-SERVER|\bID\b|TRACE/);
      stage.hosts.put('/snippet.html', { body: post('', pasted) });
      const visit = await Visit.open(stage.browser, stage.hosts.origin, 'snippet.html');
      const frame = visit.page.locator('iframe#lens');
      if (code.includes('<iframe')) {
        const grid = visit.page.frameLocator('iframe#lens').getByRole('grid', { name: 'Logit lens' });
        await grid.getByRole('gridcell').last().waitFor();
        // The frame says its height, and the snippet's script gives it: nothing is left to scroll.
        const inner = (): Promise<number> =>
          visit.page.frames()[1]?.evaluate(() => document.documentElement.getBoundingClientRect().height) ?? Promise.resolve(0); // prettier-ignore
        await expect.poll(async () => (await frame.evaluate((e) => e.style.height)) === `${Math.ceil(await inner())}px`).toBe(true); // prettier-ignore
      } else {
        // Without a trace there is nothing to paint before a reader asks for a run.
        if (code.includes('model=')) await visit.page.getByRole('button', { name: 'Run live' }).click();
        await visit.grid.getByRole('gridcell').last().waitFor({ timeout: LIVE });
        const answer = code.includes('model=') ? '·Tokyo' : '·Paris';
        const pos = code.includes('model=') ? 5 : 8;
        await expect.poll(() => visit.text(7, pos), { timeout: LIVE }).toBe(answer);
      }
      expect(visit.complaints).toEqual([]);
      await visit.end();
    });
  },
);
