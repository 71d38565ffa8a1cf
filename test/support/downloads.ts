/** Files that the page hands out, as tests read them. */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';

/** Presses a button and reads the file that comes of it. */
export async function saved(page: Page, button: string | RegExp): Promise<Buffer> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: button }).click(),
  ]);
  return readFile(await download.path());
}

/** The records of a CSV file of ours (RFC 4180): texts are JSON strings, and so without line ends. */
export function recordsOf(file: Buffer): readonly string[][] {
  return file
    .toString('utf8')
    .trim()
    .split(/\r?\n/)
    .map((line) =>
      Array.from(line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g), ([, quoted, plain]) =>
        quoted === undefined ? (plain ?? '') : String(JSON.parse(quoted.replaceAll('""', '"'))),
      ),
    );
}
