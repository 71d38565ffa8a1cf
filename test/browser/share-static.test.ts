/** Sharing where the host only hands out files: the trace is in the link, and in the code for posts. */
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pathOf } from '../support/addresses.ts';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { type HostPages, hostPages, post } from '../support/host-pages.ts';
import { serveStatic, type StaticServer } from '../support/static-server.ts';
import { Visit } from '../support/visit.ts';
import { painted } from '../support/widget-stage.ts';

const missing = await browserMissing();
const FOLDER = '/some/sub/path/';

const packed = (bytes: Uint8Array | string): string =>
  `#trace=gz:${gzipSync(bytes, { level: 9 }).toString('base64url')}`;

describe.skipIf(missing !== undefined)(
  `sharing without a server${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let host: StaticServer;
    let posts: HostPages;
    let browser: Browser;
    beforeAll(async () => {
      [host, posts, browser] = await Promise.all([
        serveStatic({ folders: { [FOLDER]: pathOf('dist/site') }, isolated: false, cors: true }),
        hostPages(),
        launchBrowser({ webgpu: false }),
      ]);
    });
    afterAll(async () => {
      await browser.close();
      await Promise.all([host.close(), posts.close()]);
    });
    const open = (fragment: string): Promise<Visit> =>
      Visit.open(browser, host.origin, `${FOLDER.slice(1)}${fragment}`);
    const value = ({ page }: Visit, name: string): Promise<string> =>
      page.getByRole('textbox', { name, exact: true }).inputValue();

    it('puts the whole table into a link and into code for a post; both show it', async () => {
      const visit = await open('#prompt=A%20baby%20cow%20is%20called%20a');
      await visit.state('done');
      const answer = await visit.text(7, 5);
      const names = await cellsOf(visit);
      await visit.page.getByRole('button', { name: 'Share', exact: true }).click();
      const link = await value(visit, 'Link');
      expect(link.startsWith(`${host.origin}${FOLDER}#trace=gz:`)).toBe(true);
      expect(link.length).toBeLessThan(32_000);
      const words = await value(visit, 'Words for who cannot see the picture');
      expect(words).toMatch(/^Logit lens of fable-4m on “A baby cow is called a”\. /);
      const code = await value(visit, 'Embed code: script tag with the table in it');
      expect(code).not.toContain('"device"');
      expect(await visit.violations()).toEqual([]);
      await visit.end();

      const other = await open(new URL(link).hash);
      await other.page.getByRole('heading', { name: 'Read from a trace: in the link itself' }).waitFor();
      expect(await cellsOf(other)).toEqual(names);
      expect(new URL(other.page.url()).hash.startsWith('#trace=gz:')).toBe(true);
      await other.page.getByRole('button', { name: 'Run live' }).click();
      await expect.poll(() => other.page.url()).toContain('ids=');
      await other.state('done');
      expect(await other.text(7, 5)).toBe(answer);
      expect(other.complaints).toEqual([]);
      await other.end();

      posts.put('/post.html', { body: post('', code) });
      const reader = await Visit.open(browser, posts.origin, 'post.html');
      await painted(reader);
      expect(await reader.text(7, 5)).toBe(answer);
      expect(reader.strangers).toEqual([`${host.origin}${FOLDER}embed.js`]);
      await reader.end();
    });

    it('offers a file for a table that no link holds', async () => {
      const visit = await open(`#prompt=${encodeURIComponent('stone river moon fish '.repeat(50).trim())}`);
      await visit.state('done');
      await visit.page.getByRole('button', { name: 'Share', exact: true }).click();
      await visit.page
        .getByText(/The table is too large for a link: packed it has [\d,]+ characters/)
        .waitFor();
      await expect(visit.page.getByRole('textbox', { name: 'Link', exact: true }).count()).resolves.toBe(0);
      await visit.page.getByRole('button', { name: /^File, picture/ }).click();
      await visit.page.getByRole('button', { name: 'Save the trace' }).waitFor();
      await visit.end();
    });

    const HOSTILE: [string, string, RegExp][] = [
      ['too long', `#trace=gz:${'A'.repeat(40_000)}`, /expected at most 32000 characters, got 40003/],
      ['no base64url', '#trace=gz:%3Cscript%3E', /expected base64url, got something else/],
      ['nothing', '#trace=gz:', /expected base64url, got something else/],
      ['no gzip', '#trace=gz:AAAAAAAAAAAA', /expected gzip, got something else/],
      [
        'cut off',
        packed(JSON.stringify({ a: 'b'.repeat(99) })).slice(0, -8),
        /expected gzip, got something else/,
      ],
      ['a bomb of 20 MB', packed(new Uint8Array(20e6)), /expected at most 2097152 bytes unpacked, got more/],
      ['no JSON', packed('not a trace'), /JSON/],
      ['no trace', packed('{"format":"other"}'), /trace: format: expected/],
    ];
    it('says of a hostile or damaged link what is wrong, and the page goes on', async () => {
      const visit = await open('#prompt=A');
      await visit.state('done');
      for (const [name, hash, said] of HOSTILE) {
        await visit.page.evaluate((to) => (location.hash = to), hash);
        const alert = visit.page.getByRole('alert');
        await alert.getByText(said).waitFor();
        await expect(alert.textContent(), name).resolves.toContain('can’t be opened');
        await visit.page.evaluate(() => (location.hash = '#prompt=A'));
        await visit.state('done');
      }
      expect(visit.complaints).toEqual([]);
      await visit.end();
    });
  },
);

async function cellsOf({ page }: Visit): Promise<string[]> {
  const cells = page.getByRole('gridcell');
  const names = await cells.evaluateAll((all) => all.map((cell) => cell.getAttribute('aria-label') ?? ''));
  return names.sort();
}
