/**
 * Pictures of every view for docs/pictures, taken from the built page in a real Chromium: light and dark, and the lens
 * on a phone. The views come from the page's own registry, so that a new one gets its pictures; what some need done
 * before there is much to see stands in {@link SHOTS}. `npm run screenshots -- directions` takes those alone.
 */
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { VIEWS } from '../site/controllers/views.ts';
import { ROOT } from '../test/support/addresses.ts';
import { browserVersion, launchBrowser } from '../test/support/browser.ts';
import { settled } from '../test/support/settled.ts';
import { startServer } from '../test/support/wrangler.ts';

const OUT = join(ROOT, 'docs/pictures');
/** Bytes of all pictures together: they lie in the repository. */
const BUDGET = 2_500_000;
const PATIENCE = 240_000;
const WIDE = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };
/** CSS pixels: a longer page is cut there. */
const TALLEST = 1500;
const MARGIN = 14;
/** Lossy WebP, at which small text stays sharp. */
const QUALITY = 0.74;
const SCHEMES = ['light', 'dark'] as const;

const TOWER = 'The Eiffel Tower is in the city of';
const LIST = 'stone river moon fish stone river moon';

interface Shot {
  readonly file: string;
  readonly view: string;
  /** Fields of the address on top of `view`. */
  readonly fields?: Readonly<Record<string, string>>;
  /** What a reader would do before there is something to see. */
  readonly act?: (page: Page) => Promise<void>;
  /** What is in the picture; default the whole page, from its top. */
  readonly of?: (page: Page) => Locator;
  readonly phone?: true;
}

const press = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click();

/** The output's token and the one that was ahead of it are pinned, then the cell where they change places is shown. */
async function pin(page: Page): Promise<void> {
  await page
    .getByRole('gridcell', { name: /^Layer 7, position 8 / })
    .first()
    .press('Enter');
  await page.getByRole('gridcell', { name: /^Layer 2, position 8 / }).press('Enter');
  await page.getByRole('gridcell', { name: /^Layer 4, position 8 / }).click();
}

/** By hand, where the plain view says too little. A view that is named here by no shot gets one of its own. */
const SHOTS: readonly Shot[] = [
  { file: 'lens', view: 'lens', fields: { layer: '4', pos: '8' }, act: pin },
  { file: 'phone', view: 'lens', fields: { layer: '4', pos: '8' }, phone: true },
  {
    file: 'lens-entropy',
    view: 'lens',
    fields: { prompt: LIST, color: 'entropy', layer: '7', pos: '7' },
    of: (page) => page.locator('rs-lens'),
  },
  {
    file: 'generation',
    view: 'lens',
    fields: { prompt: 'Once upon a time there was a' },
    act: async (page) => {
      await page.getByRole('spinbutton', { name: 'tokens', exact: true }).fill('6');
      await page.getByRole('spinbutton', { name: 'tokens', exact: true }).press('Tab');
      await press(page, 'Step');
      await page.getByText(/Added “/).waitFor();
    },
    of: (page) => page.locator('rs-lens'),
  },
  {
    file: 'attention',
    view: 'attention',
    fields: { prompt: LIST, layer: '7', pos: '6', head: '0' },
  },
  { file: 'ablation', view: 'ablation', fields: { off: 'h4.2' } },
  {
    file: 'neurons',
    view: 'neurons',
    fields: { layer: '6', pos: '8', neuron: '6.184' },
    act: async (page) => {
      await page.getByText(/strongest places/).waitFor({ timeout: PATIENCE });
      await press(page, 'Read every layer');
      await page.getByText(/^The share/).waitFor({ timeout: PATIENCE });
      await press(page, 'Read the heads');
      await page.getByRole('region', { name: 'Scores of deleting heads' }).waitFor({ timeout: PATIENCE });
    },
  },
  {
    file: 'compare',
    view: 'compare',
    fields: { prompt: 'The capital of France is', compare: 'The capital of Japan is' },
  },
  { file: 'directions', view: 'directions', fields: { layer: '7', pos: '8' } },
  {
    file: 'experiment',
    view: 'directions',
    act: async (page) => {
      await press(page, 'Run the experiment');
      await page
        .locator('rs-directions-experiment section[data-state="done"]')
        .waitFor({ timeout: PATIENCE });
    },
    of: (page) => page.locator('rs-directions-experiment'),
  },
  {
    file: 'fitted',
    view: 'translate',
    act: async (page) => {
      await press(page, 'Fit a lens');
      await page.getByRole('button', { name: 'Save the fitted lens' }).waitFor({ timeout: PATIENCE });
    },
    of: (page) => page.getByRole('region', { name: /^What a layer would say/ }),
  },
  {
    file: 'averages',
    view: 'translate',
    act: async (page) => {
      await press(page, 'Average');
      await page.getByText(/Answers settle at layer/).waitFor({ timeout: PATIENCE });
    },
    of: (page) => page.locator('rs-averages'),
  },
  {
    file: 'about',
    view: 'lens',
    act: async (page) => {
      await page.getByRole('button', { name: /^wasm/ }).click();
      await press(page, 'Check against wasm');
      await page.getByText(/top tokens and \d+ ranks differ/).waitFor({ timeout: PATIENCE });
      await page.getByText('being measured').waitFor({ state: 'detached', timeout: PATIENCE });
      await page.getByText('Time of this run').evaluate((heading) => heading.scrollIntoView());
    },
    of: (page) => page.getByRole('dialog'),
  },
];

function allShots(): readonly Shot[] {
  const shown = new Set(SHOTS.map(({ view }) => view));
  return [...SHOTS, ...VIEWS.filter(({ id }) => !shown.has(id)).map(({ id }) => ({ file: id, view: id }))];
}

async function take(
  browser: Browser,
  origin: string,
  shot: Shot,
  scheme: (typeof SCHEMES)[number],
): Promise<Buffer> {
  const viewport = shot.phone ? PHONE : WIDE;
  const context = await browser.newContext({
    viewport,
    colorScheme: scheme,
    reducedMotion: 'reduce',
    deviceScaleFactor: shot.phone ? 1.5 : 1.25,
    hasTouch: shot.phone ?? false,
  });
  try {
    const page = await context.newPage();
    const fields = new URLSearchParams({ model: 'fable-4m', device: 'wasm', prompt: TOWER, view: shot.view });
    for (const [name, value] of Object.entries(shot.fields ?? {})) fields.set(name, value);
    await page.goto(`${origin}/#${String(fields).replaceAll('+', '%20')}`);
    await settled(page);
    await shot.act?.(page);
    await settled(page);
    if (shot.of) return await withMargin(page, shot.of(page));
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    const clip = { x: 0, y: 0, width: viewport.width, height: Math.min(height, TALLEST) };
    return await page.screenshot({ fullPage: true, clip });
  } finally {
    await context.close();
  }
}

/** An element with a little of what is around it. */
async function withMargin(page: Page, part: Locator): Promise<Buffer> {
  const box = await part.evaluate((element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return { x: x + scrollX, y: y + scrollY, width, height };
  });
  const x = Math.max(0, box.x - MARGIN);
  const y = Math.max(0, box.y - MARGIN);
  const clip = { x, y, width: box.width + box.x - x + MARGIN, height: box.height + box.y - y + MARGIN };
  return page.screenshot({ fullPage: true, clip });
}

/** The browser's own encoder: a third of what a PNG takes. */
async function toWebp(browser: Browser, png: Buffer): Promise<Buffer> {
  const page = await browser.newPage();
  try {
    const url = await page.evaluate(
      async ([address, quality]) => {
        const picture = await createImageBitmap(await (await fetch(address)).blob());
        const canvas = new OffscreenCanvas(picture.width, picture.height);
        canvas.getContext('2d')?.drawImage(picture, 0, 0);
        const blob = await canvas.convertToBlob({ type: 'image/webp', quality });
        const reader = new FileReader();
        return new Promise<string>((resolve) => {
          reader.onload = () => resolve(reader.result as string);
          reader.readAsDataURL(blob);
        });
      },
      [`data:image/png;base64,${png.toString('base64')}`, QUALITY] as const,
    );
    if (!url.startsWith('data:image/webp;base64,')) throw new Error('this browser writes no WebP');
    return Buffer.from(url.slice(url.indexOf(',') + 1), 'base64');
  } finally {
    await page.close();
  }
}

/** @param names of files or views; none takes all. */
export async function main(names: readonly string[]): Promise<void> {
  const shots = allShots().filter(({ file, view }) => names.length === 0 || names.some((name) => name === file || name === view)); // prettier-ignore
  if (shots.length === 0) throw new Error(`no picture of that name: ${allShots().map(({ file }) => file).join(', ')}`); // prettier-ignore
  await mkdir(OUT, { recursive: true });
  console.log(await browserVersion());
  const [server, browser] = await Promise.all([
    startServer({ quiet: true }),
    launchBrowser({ webgpu: false }),
  ]);
  try {
    for (const shot of shots) {
      for (const scheme of SCHEMES) {
        const bytes = await toWebp(browser, await take(browser, server.url, shot, scheme));
        const name = `${shot.file}-${scheme}.webp`;
        await writeFile(join(OUT, name), bytes);
        console.log(`${bytes.length.toLocaleString('en').padStart(10)}  docs/pictures/${name}`);
      }
    }
  } finally {
    await browser.close();
    await server.stop();
  }
  let total = 0;
  for (const name of await readdir(OUT)) total += (await stat(join(OUT, name))).size;
  console.log(`${total.toLocaleString('en').padStart(10)}  together, of ${BUDGET.toLocaleString('en')}`);
  if (total > BUDGET) process.exitCode = 1;
}
