/** The ablation view as a reader meets it: differences held against the library's own runs; address, keys, files. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { Intervention } from '../../shared/interventions.ts';
import { change } from '../../site/controllers/numbers.ts';
import { saved } from '../support/downloads.ts';
import { decodePng } from '../support/png.ts';
import { describePage } from '../support/stage.ts';
import type { Visit } from '../support/visit.ts';

const PROMPT = 'The Eiffel Tower is in the city of';
const address = (more = ''): string =>
  `#model=fable-4m&device=wasm&view=ablation&prompt=${encodeURIComponent(PROMPT)}${more}`;

describePage('ablation view', { webgpu: false, model: true }, (stage) => {
  /** The lens's states, row by row from the embedding. */
  const rows = async (interventions: readonly Intervention[]): Promise<Float32Array[]> => {
    const { ids } = stage.model.tokenizer.encode(PROMPT);
    const names = Array.from({ length: stage.model.spec.nLayers }, (_, l) => `blocks.${l}.hook_resid_post`);
    const hooks = ['blocks.0.hook_resid_pre', ...names];
    const cache = await stage.model.runWithCache(ids, { hooks, interventions });
    return Promise.all(hooks.map(async (name) => (await cache.get(name)?.data()) ?? new Float32Array()));
  };
  const changes = async (visit: Visit): Promise<(string | null)[]> => {
    const grid = visit.page.getByRole('grid', { name: 'Change of the log-probability' });
    await grid.waitFor();
    return grid.locator('td[role]').allTextContents();
  };

  it('shows what each cell loses; keys and chips take parts out and bring them back', async () => {
    const visit = await stage.open(address('&off=h4.2'));
    const { page } = visit;
    await visit.state('done');
    const plain = await rows([]);
    const expected = async (interventions: readonly Intervention[]): Promise<string[]> => {
      const changed = await rows(interventions);
      const lines: string[][] = [];
      for (const [r, states] of plain.entries()) {
        const { topIds: targets, topLogprobs } = await stage.model.lens(states, { k: 1 });
        const { targetLogprobs } = await stage.model.lens(changed[r] ?? states, { k: 1, targets });
        lines.push(Array.from(targetLogprobs, (after, pos) => change(after - (topLogprobs[pos] ?? NaN), 1)));
      }
      return lines.reverse().flat();
    };
    const head = { hook: 'blocks.4.attn.hook_z', units: [2] };
    const close = (shown: readonly (string | null)[], wanted: readonly string[]): void => {
      const number = (text: string | null): number => Number(text?.replace('−', '-'));
      expect(shown).toHaveLength(wanted.length);
      shown.forEach((text, i) => expect(Math.abs(number(text) - number(wanted[i] ?? ''))).toBeLessThan(0.11));
      expect(shown.some((text) => text !== '0')).toBe(true);
    };
    close(await changes(visit), await expected([head]));

    // The keyboard takes an MLP layer out as well.
    const picker = page.getByRole('grid', { name: 'Parts of the model' });
    await picker.getByRole('gridcell', { name: /^MLP 3/ }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => page.url()).toContain('off=h4.2,m3');
    await page.getByText('With head 4.2, MLP 3 at zero').waitFor();
    close(await changes(visit), await expected([head, { hook: 'blocks.3.hook_mlp_out' }]));

    await page.getByRole('button', { name: 'head 4.2: bring it back' }).click();
    await page.getByText('a factor').click();
    await page.getByText('With MLP 3 times 0.5').waitFor();
    close(await changes(visit), await expected([{ hook: 'blocks.3.hook_mlp_out', factor: 0.5 }]));
    await expect.poll(() => page.url()).toContain('off=m3~0.5');

    await page.getByRole('textbox', { name: 'Neuron' }).fill('9.9');
    await page.getByRole('button', { name: 'Take it out' }).click();
    await page.getByText('is no neuron here').waitFor();

    await page.getByRole('button', { name: 'Export' }).click();
    const save = async (name: RegExp): Promise<string> => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name }).click(),
      ]);
      return readFile(await download.path(), 'utf8');
    };
    const trace = JSON.parse(await save(/Trace of the changed run as JSON/)) as { interventions: unknown };
    expect(trace.interventions).toEqual([
      { kind: 'ablation', unit: { kind: 'mlp', layer: 3 }, how: 'factor', factor: 0.5 },
    ]);
    const lines = (await save(/What the ablation changes as CSV/)).trim().split(/\r?\n/);
    expect(lines).toHaveLength(1 + plain.length * stage.model.tokenizer.encode(PROMPT).ids.length);
    expect(await save(/What the ablation changes as SVG/)).toMatch(/^<svg /);
    expect(decodePng(await saved(page, /What the ablation changes as PNG/)).colors).toBeGreaterThan(4);
    await page.keyboard.press('Escape');

    await page.getByRole('button', { name: 'All back' }).click();
    await page.getByText('Nothing is off.').waitFor();
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it('to the mean: progress, cancel, and the result', async () => {
    const visit = await stage.open(address('&off=a2~mean'));
    const { page } = visit;
    await visit.state('done');
    await page.getByRole('progressbar', { name: 'Ablation' }).waitFor();
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByText('Cancelled.').waitFor();
    await page.getByRole('gridcell', { name: /^head 0.0/ }).click();
    await page.getByText('With attention 2, head 0.0 at the mean').waitFor({ timeout: 120_000 });
    expect(await changes(visit)).not.toHaveLength(0);
    await visit.end();
  });

  it.each([
    ['light', 1280],
    ['dark', 360],
  ] as const)('axe-core finds nothing, and nothing sticks out: %s, %i px', async (colorScheme, width) => {
    const visit = await stage.open(address('&off=h4.2,n3.7~2'), {
      colorScheme,
      viewport: { width, height: 800 },
    });
    await visit.state('done');
    await changes(visit);
    expect(await visit.violations()).toEqual([]);
    expect(
      await visit.page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      ),
    ).toBe(0);
    await visit.end();
  });
});
