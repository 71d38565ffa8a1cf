/** Fitted lenses in the page: fit, switch the table, the same numbers as the library's; averages; axe. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { hashTranslators, saveLens } from '../../engine/lens-file.ts';
import { MemorySource } from '../../shared/formats/byte-source.ts';
import type { Translator, Translators } from '../../shared/lens/translators.ts';
import { pathOf } from '../support/addresses.ts';
import { seeded } from '../support/random.ts';
import { describePage } from '../support/stage.ts';
import type { Visit } from '../support/visit.ts';

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

  it('opens a tuned lens that is dropped or picked; what is damaged or of another model loses nothing', async () => {
    const { model } = stage;
    const folder = await mkdtemp(join(tmpdir(), 'lens-'));
    const file = async (name: string, bytes: Uint8Array): Promise<string> => {
      await writeFile(join(folder, name), bytes);
      return join(folder, name);
    };
    try {
      const { dModel, nLayers } = model.spec;
      const bytes = saveLens(await tunedLens(dModel, nLayers));
      const whole = await file('tuned.safetensors', bytes);
      const translators = await model.openLens(new MemorySource('tuned', bytes));
      const tops: string[] = [];
      for await (const event of model.stream(model.tokenizer.encode(TOWER).ids, { lens: { translators } })) {
        if (event.type === 'readings') tops.push(model.tokenizer.text(event.readings.topIds[80] ?? -1));
      }

      const visit = await stage.open(`#device=wasm&prompt=${encodeURIComponent(TOWER)}`);
      const { page } = visit;
      await visit.state('done');
      const raw = await visit.text(0, 8);
      await drop(visit, whole);
      const tuned = page.getByRole('radio', { name: 'tuned' });
      await expect.poll(() => tuned.isChecked()).toBe(true);
      const shown = async (): Promise<void> => {
        await page.getByRole('tab', { name: 'Lens', exact: true }).click();
        await page.getByText('tuned lens', { exact: true }).waitFor();
        await visit.state('done');
        for (const layer of [0, 3, 5]) {
          expect((await visit.text(layer, 8)).replace('·', ' ')).toBe(tops[layer + 1]);
        }
      };
      await shown();
      expect((await visit.text(0, 8)) === raw).toBe(false);

      const bad: readonly (readonly [string, RegExp])[] = [
        [await file('cut.safetensors', bytes.subarray(0, bytes.length - 999)), /cut\.safetensors/],
        [
          await file(
            'noise.safetensors',
            bytes.map((byte) => byte ^ 0x5a),
          ),
          /noise\.safetensors/,
        ],
        [
          await file('wide.safetensors', saveLens(await tunedLens(dModel / 2, nLayers))),
          /translators\.0\.weight: expected \[\d+, \d+\], got .*: it was made for another model/,
        ],
        [
          await file('short.safetensors', saveLens(await tunedLens(dModel, nLayers - 1))),
          /expected \d+ translators, got \d+: it was made for another model/,
        ],
        [
          await file(
            'other.safetensors',
            saveLens({ ...(await tunedLens(dModel, nLayers)), weightHash: 'ab'.repeat(32) }),
          ),
          /this lens was fitted on other weights \(abababababab…/,
        ],
      ];
      for (const [path, words] of bad) {
        await drop(visit, path);
        await page.getByRole('alert').getByText(words).waitFor();
        expect(await tuned.isChecked()).toBe(true);
      }
      await shown();

      // The same through the picker, which also clears the last complaint.
      await page.getByRole('tab', { name: 'Fitted lens' }).click();
      await page.getByRole('radio', { name: 'raw' }).check();
      await visit.state('done');
      await page.getByLabel('Open a lens…').setInputFiles(whole);
      await expect.poll(() => tuned.isChecked()).toBe(true);
      expect(await page.getByText('other.safetensors').count()).toBe(0);
      await shown();
      expect(visit.complaints).toEqual([]);
      await visit.end();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

/** A lens that turns every state by a small random map: nothing like the raw one. */
async function tunedLens(dModel: number, nLayers: number): Promise<Translators> {
  const random = seeded(7);
  const floats = (length: number, scale: number): Float32Array =>
    Float32Array.from({ length }, () => (random.next() - 0.5) * scale);
  const layers = Array.from({ length: nLayers }, (): Translator => ({
    weight: floats(dModel * dModel, 4 / Math.sqrt(dModel)),
    bias: floats(dModel, 1),
  }));
  return { kind: 'tuned', dModel, layers, hash: await hashTranslators(layers) };
}

/** Drops a file of this machine on the page, as from its desktop. */
async function drop(visit: Visit, path: string): Promise<void> {
  const session = await visit.page.context().newCDPSession(visit.page);
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, x: 400, y: 300, data });
  }
  await session.detach();
}
