/**
 * Every view and the widget, held against pictures that somebody has looked at: always in the browser that npm
 * carries and in fonts that npm carries, so that a picture is the same on every machine. What differs from run to
 * run, like times, is covered. `RENEW_SNAPSHOTS=1 npx vitest run --project browser snapshots` renews them.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VIEWS } from '../../site/controllers/views.ts';
import { browserMissing } from '../support/browser.ts';
import { settled } from '../support/settled.ts';
import { expectSnapshot } from '../support/snapshot.ts';
import { describePage, type Stage } from '../support/stage.ts';
import type { Visit } from '../support/visit.ts';
import { painted, WidgetStage } from '../support/widget-stage.ts';

const missing = await browserMissing(true);

const TOWER = 'The Eiffel Tower is in the city of';
const LIST = 'stone river moon fish stone river moon';
/** CSS pixels: a longer page is cut there. */
const TALLEST = 1100;

interface Snap {
  readonly name: string;
  readonly view: string;
  readonly fields?: Readonly<Record<string, string>>;
  /** What a reader would do before there is something to see. */
  readonly act?: (page: Page) => Promise<void>;
}

const SNAPS: readonly Snap[] = [
  { name: 'lens', view: 'lens', fields: { layer: '4', pos: '8' } },
  {
    name: 'lens-entropy',
    view: 'lens',
    fields: { prompt: LIST, color: 'entropy', mid: '1', order: 'first-on-top' },
  },
  {
    name: 'generation',
    view: 'lens',
    fields: { prompt: 'Once upon a time there was a' },
    act: async (page) => {
      await page.getByRole('spinbutton', { name: 'tokens', exact: true }).fill('3');
      await page.getByRole('spinbutton', { name: 'tokens', exact: true }).press('Tab');
      await page.getByRole('button', { name: 'Step', exact: true }).click();
      await page.getByText('11 tokens now').waitFor();
    },
  },
  { name: 'attention', view: 'attention', fields: { prompt: LIST, layer: '7', pos: '6', head: '0' } },
  { name: 'heads', view: 'heads' },
  { name: 'ablation', view: 'ablation', fields: { off: 'h4.2' } },
  { name: 'attribution', view: 'attribution', fields: { pos: '8' } },
  { name: 'neurons', view: 'neurons', fields: { layer: '6', pos: '8', neuron: '6.184' } },
  { name: 'directions', view: 'directions', fields: { layer: '7', pos: '8' } },
  { name: 'compare', view: 'compare', fields: { prompt: 'The capital of France is', compare: 'The capital of Japan is' } }, // prettier-ignore
  { name: 'translate', view: 'translate' },
];

const SCREENS = {
  'light-1280': { colorScheme: 'light', viewport: { width: 1280, height: 900 } },
  'dark-360': { colorScheme: 'dark', viewport: { width: 360, height: 780 } },
} as const satisfies Record<string, BrowserContextOptions>;

/** Half a picture's width and height; an unmoving page; its own policy would refuse the test's fonts. */
const LOOK = { deviceScaleFactor: 0.5, reducedMotion: 'reduce', bypassCSP: true } as const;

/** The page's fonts for the time of a picture: what the machine has would change every line. */
async function dressed(page: Page): Promise<void> {
  const require = createRequire(import.meta.url);
  const fonts = await Promise.all(
    ['DejaVuSansCondensed', 'DejaVuSansMono'].map((name) =>
      readFile(require.resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`), 'base64'),
    ),
  );
  await page.evaluate(async ([sans = '', mono = '']) => {
    for (const [name, data] of [
      ['snapshot-sans', sans],
      ['snapshot-mono', mono],
    ] as const) {
      // prettier-ignore
      const font = new FontFace(name, `url(data:font/ttf;base64,${data})`, { weight: '100 900' });
      document.fonts.add(await font.load());
    }
    const style = document.documentElement.style;
    style.setProperty('--sans', 'snapshot-sans');
    style.setProperty('--mono', 'snapshot-mono');
  }, fonts);
  await page.waitForTimeout(300); // what is measured is laid out and drawn anew
}

async function picture(page: Page, mask: readonly Locator[] = []): Promise<Buffer> {
  const { width, height } = await page.evaluate(() => ({
    width: document.documentElement.clientWidth,
    height: document.documentElement.scrollHeight,
  }));
  return page.screenshot({
    fullPage: true,
    animations: 'disabled',
    mask: [...mask],
    maskColor: '#808080',
    clip: { x: 0, y: 0, width, height: Math.min(height, TALLEST) },
  });
}

/** What another run says otherwise: it is covered, and as wide as ever. */
async function passing(page: Page): Promise<Locator[]> {
  const time = page.getByRole('button', { name: /^wasm/ });
  await time.evaluate((button) => Object.assign(button.style, { inlineSize: '100px', overflow: 'hidden' }));
  return [time];
}

async function shown(stage: Stage, snap: Snap, screen: BrowserContextOptions): Promise<Visit> {
  const fields = new URLSearchParams({ model: 'fable-4m', device: 'wasm', prompt: TOWER, view: snap.view });
  for (const [name, value] of Object.entries(snap.fields ?? {})) fields.set(name, value);
  const visit = await stage.open(`#${String(fields).replaceAll('+', '%20')}`, { ...LOOK, ...screen });
  await settled(visit.page);
  await snap.act?.(visit.page);
  await dressed(visit.page);
  await settled(visit.page);
  return visit;
}

describePage('pictures', { webgpu: false, carried: true, missing }, (stage) => {
  it('are of every view', () => {
    expect(new Set(SNAPS.map(({ view }) => view))).toEqual(new Set(VIEWS.map(({ id }) => id)));
  });

  for (const snap of SNAPS) {
    it.each(Object.entries(SCREENS))(`${snap.name}, %s`, async (screen, options) => {
      const visit = await shown(stage, snap, options);
      await expectSnapshot(`${snap.name}-${screen}`, await picture(visit.page, await passing(visit.page)));
      await visit.end();
    });
  }

  it.skipIf(process.env['RENEW_SNAPSHOTS'])('see what a reader would see', async () => {
    const [snap] = SNAPS;
    if (!snap) throw new Error('there is no picture');
    const screen = SCREENS['light-1280'];
    const visit = await shown(stage, snap, screen);
    const changes: Readonly<Record<string, string>> = {
      'larger letters': ':host{font-size:13px !important}',
      'cells without colour': '[role=gridcell]{background-color:transparent !important}',
      'a column too wide': '[role=columnheader]{letter-spacing:2px}',
    };
    for (const [what, css] of Object.entries(changes)) {
      const undo = await visit.page.evaluateHandle((text) => {
        const grids: Element[] = [];
        const search = (from: ParentNode): void => {
          for (const element of from.querySelectorAll('*')) {
            if (element.localName === 'rs-lens-grid') grids.push(element);
            if (element.shadowRoot) search(element.shadowRoot);
          }
        };
        search(document);
        const style = document.createElement('style');
        style.textContent = text;
        grids[0]?.shadowRoot?.append(style);
        return style;
      }, css);
      await expect(expectSnapshot('lens-light-1280', await picture(visit.page, await passing(visit.page))), what).rejects.toThrow('of the pixels differ'); // prettier-ignore
      await undo.evaluate((style) => style.remove());
    }
    await expectSnapshot('lens-light-1280', await picture(visit.page, await passing(visit.page)));
    await visit.end();
  });
});

describe.skipIf(missing !== undefined)(
  `pictures of the widget${missing ? ` (skipped: ${missing})` : ''}`,
  () => {
    let stage: WidgetStage;
    beforeAll(async () => {
      stage = await WidgetStage.start({ webgpu: false, carried: true });
    });
    afterAll(() => stage.end());

    it.each(Object.entries(SCREENS))('widget, %s', async (screen, options) => {
      const widget = `<residscope-lens trace="${stage.id}"></residscope-lens>`;
      const visit = await stage.open(widget, { ...LOOK, ...options });
      await painted(visit);
      const { page } = visit;
      await dressed(page);
      await expectSnapshot(`widget-${screen}`, await picture(page));
      await visit.end();
    });
  },
);
