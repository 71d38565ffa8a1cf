/**
 * Picking a model on the page: from the list, by id from a hub (a double on this machine), from a disk; what can go
 * wrong with each; what is kept; and that a first visit fetches the shell and nothing else.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContextOptions, Locator } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pathOf, readBytes, ROOT, sharedMissing } from '../support/addresses.ts';
import { routeHub } from '../support/hub-route.ts';
import { type HubServer, startHub } from '../support/hub-server.ts';
import { describePage } from '../support/stage.ts';
import type { Visit } from '../support/visit.ts';

const NARROW: BrowserContextOptions = { viewport: { width: 360, height: 740 }, hasTouch: true };
const GGUF = 'shared/models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf';

describePage('picking a model', { webgpu: false, missing: sharedMissing }, (stage) => {
  let hub: HubServer;
  let bert: string;

  beforeAll(async () => {
    bert = await mkdtemp(join(tmpdir(), 'residscope-bert-'));
    await writeFile(join(bert, 'config.json'), '{"model_type":"bert","hidden_size":8}');
    await writeFile(join(bert, 'model.safetensors'), new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0, 123, 125]));
    await writeFile(join(bert, 'tokenizer.json'), '{}');
    hub = await startHub({
      'owner/tiny-gpt2': pathOf('shared/goldens/gpt2'),
      'owner/tiny-qwen3': pathOf('shared/goldens/qwen3'),
      'owner/gated': pathOf('shared/goldens/gpt2'),
      'owner/bert': bert,
    });
    hub.behaviour.gated.set('owner/gated', 'hf_right');
  });
  afterAll(async () => {
    await hub.close();
    await rm(bert, { recursive: true, force: true });
  });

  async function open(fragment: string, options: BrowserContextOptions = {}): Promise<Visit> {
    const visit = await stage.open('#prompt=', options);
    await routeHub(visit.page.context(), hub);
    if (fragment !== '#prompt=') {
      await visit.page.goto(`${stage.url}/${fragment}`);
      await visit.page.reload();
    }
    return visit;
  }

  async function openDialog(visit: Visit, chip: RegExp = /^fable-4m/): Promise<Locator> {
    await visit.page.getByRole('button', { name: chip }).click();
    const dialog = visit.page.getByRole('dialog', { name: 'Pick a model' });
    await dialog.waitFor();
    return dialog;
  }

  const alertOf = (visit: Visit): Locator => visit.page.getByRole('alert').locator('.notice');

  it('a first visit fetches the shell that is measured, and nothing else of the page', async () => {
    const sizes = execFileSync(process.execPath, [join(ROOT, 'scripts/check-sizes.mjs'), '--list'], {
      encoding: 'utf8',
    });
    const shell = sizes.trim().split('\n');
    const context = await stage.browser.newContext();
    const page = await context.newPage();
    const fetched = new Set<string>();
    page.on('request', (request) => {
      const [, name] = /\/(assets\/[^?#]+\.(?:js|css))$/.exec(request.url()) ?? [];
      if (name !== undefined) fetched.add(name);
    });
    await page.goto(`${stage.url}/`);
    await page.locator('html[data-state="done"]').waitFor({ timeout: 120_000 });
    await page.getByText('the model says').waitFor();
    await expect.poll(() => [...fetched].some((name) => name.includes('register-'))).toBe(true);
    expect([...fetched].sort()).toEqual(shell.filter((name) => name !== 'index.html').sort());
    await context.close();
  });

  it('picks one by its id on the hub, keeps it, and opens it again without the hub', async () => {
    const visit = await open('#prompt=');
    await visit.state('done');
    await visit.ask('The dog');
    const dialog = await openDialog(visit);
    await dialog.getByRole('searchbox', { name: 'Search models' }).fill('owner/tiny-gpt2');
    await visit.page.keyboard.press('Enter');
    await visit.page.getByRole('button', { name: /^owner\/tiny-gpt2 · 3 layers/ }).waitFor();
    await visit.state('done');
    expect(await visit.grid.getByRole('rowheader').count()).toBe(4);
    expect(visit.page.url()).toContain('model=owner/tiny-gpt2');
    expect(hub.requests.some(({ path }) => path.endsWith('/model.safetensors'))).toBe(true);

    const asked = hub.requests.length;
    await visit.page.reload();
    await visit.page.getByRole('button', { name: /^owner\/tiny-gpt2 · 3 layers/ }).waitFor();
    await visit.state('done');
    expect(hub.requests.slice(asked)).toEqual([]);

    const kept = await openDialog(visit, /^owner\/tiny-gpt2/);
    const list = kept.getByRole('list', { name: 'Models on this device' });
    await list.getByText('owner/tiny-gpt2').waitFor();
    expect(await list.getByRole('listitem').allTextContents()).toEqual([
      expect.stringMatching(/owner\/tiny-gpt2\s+4\d\d kB · used just now · 0123456\s+Delete/),
    ]);
    await kept.getByRole('button', { name: 'Ask the browser to keep them' }).click();
    await kept.getByText(/did not promise|has promised/).waitFor();
    await kept.getByRole('button', { name: 'Delete owner/tiny-gpt2 from this device' }).click();
    await kept.getByText('None yet.').waitFor();
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it('picks a sharded one with a revision, from the form', async () => {
    const visit = await open('#prompt=The%20dog');
    await visit.state('done');
    const dialog = await openDialog(visit);
    await dialog.getByLabel('Hub id or address').fill('gpt2');
    await dialog.getByRole('button', { name: 'Open', exact: true }).click();
    await dialog.getByText('Give a model as owner/name').waitFor();
    await dialog.getByLabel('Hub id or address').fill('owner/tiny-qwen3');
    await dialog.getByLabel('Revision').fill('main');
    await dialog.getByLabel('Revision').press('Enter');
    await visit.page.getByRole('button', { name: /^owner\/tiny-qwen3 · 3 layers/ }).waitFor();
    await visit.state('done');
    expect(visit.page.url()).toContain('model=owner/tiny-qwen3%40main');
    // Back to the one before, by the address.
    await visit.page.goBack();
    await visit.page.getByRole('button', { name: /^fable-4m · 8 layers/ }).waitFor();
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it('says that one is gated, and opens it with a token that goes nowhere else', async () => {
    const visit = await open('#model=owner/gated&prompt=The%20dog');
    await visit.state('error');
    await alertOf(visit).getByRole('heading', { name: 'The hub asks who you are' }).waitFor();
    await alertOf(visit).getByText('accept its licence').waitFor();
    await alertOf(visit).getByRole('button', { name: 'Give an access token' }).click();
    const field = visit.page.getByRole('dialog').getByLabel('For gated and private models');
    await expect.poll(() => field.evaluate((input) => input.matches(':focus'))).toBe(true);
    await visit.page.keyboard.type('hf_right');
    await visit.page.keyboard.press('Enter');
    await visit.page.getByRole('button', { name: /^owner\/gated · 3 layers/ }).waitFor();
    await visit.state('done');
    const kept = await visit.page.evaluate(() => JSON.stringify([localStorage, sessionStorage]));
    expect(`${kept} ${visit.page.url()}`).not.toContain('hf_right');
    expect(
      hub.requests.filter(({ authorization }) => authorization === 'Bearer hf_right').length,
    ).toBeGreaterThan(0);
    await visit.end();
  });

  it('says of a family that it is not supported, of a name that it is not there', async () => {
    const visit = await open('#model=owner/bert&prompt=The%20dog');
    await visit.state('error');
    await alertOf(visit).getByRole('heading', { name: 'This model can’t be run here' }).waitFor();
    await alertOf(visit).getByText('bert').first().waitFor();
    await alertOf(visit).getByRole('button', { name: 'Pick a model' }).click();
    const dialog = visit.page.getByRole('dialog', { name: 'Pick a model' });
    await dialog.getByRole('searchbox').fill('owner/nothing');
    await dialog.getByRole('button', { name: /^owner\/nothing/ }).click();
    await alertOf(visit).getByRole('heading', { name: 'No such model' }).waitFor();
    await alertOf(visit).getByRole('button', { name: 'Use fable-4m' }).click();
    await visit.state('done');
    expect(await visit.grid.getByRole('rowheader').count()).toBe(9);
    await visit.end();
  });

  it('says that there is no network', async () => {
    const visit = await open('#prompt=The%20dog');
    await visit.state('done');
    const dialog = await openDialog(visit);
    await visit.page.context().unroute('https://huggingface.co/**');
    await visit.page.context().setOffline(true);
    await dialog.getByRole('searchbox').fill('owner/tiny-gpt2');
    await visit.page.keyboard.press('Enter');
    await visit.state('error');
    await alertOf(visit).getByRole('heading', { name: 'You are offline' }).waitFor();
    await visit.page.context().setOffline(false);
    await routeHub(visit.page.context(), hub);
    await alertOf(visit).getByRole('button', { name: 'Try again' }).click();
    await visit.page.getByRole('button', { name: /^owner\/tiny-gpt2 · 3 layers/ }).waitFor();
    await visit.state('done');
    await visit.end();
  });

  it('opens a folder that is dropped, and asks for it again after a reload', async () => {
    const visit = await open('#prompt=The%20dog');
    await visit.state('done');
    await drop(visit, pathOf('shared/goldens/gpt2'));
    await visit.page.getByRole('button', { name: /^gpt2 · 3 layers/ }).waitFor();
    await visit.state('done');
    expect(visit.page.url()).toContain('model=file:gpt2');
    await visit.page.reload();
    await visit.state('error');
    await alertOf(visit).getByText('“gpt2” was dropped on the page or picked there').waitFor();
    await alertOf(visit).getByRole('button', { name: 'Pick a model' }).click();
    // The same through the picker.
    await visit.page.locator('input#folder').setInputFiles(pathOf('shared/goldens/gpt2'));
    await visit.page.getByRole('button', { name: /^gpt2 · 3 layers/ }).waitFor();
    await visit.state('done');
    // Nothing of a disk's is kept.
    const again = await openDialog(visit, /^gpt2/);
    await again.getByText('None yet.').waitFor();
    await visit.page.keyboard.press('Escape');
    await drop(visit, bert);
    await visit.state('error');
    await alertOf(visit).getByText('bert').first().waitFor();
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it('opens SmolLM2 from its GGUF, with and without its chat template, smoothly', async () => {
    const visit = await open('#prompt=The%20Eiffel%20Tower%20is%20in%20the%20city%20of');
    await visit.state('done');
    await visit.page.evaluate(() => {
      const tasks: number[] = [];
      Object.assign(globalThis, { tasks });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) tasks.push(Math.round(entry.duration));
      }).observe({ type: 'longtask' });
    });
    const dialog = await openDialog(visit);
    await dialog.locator('input#file').setInputFiles(pathOf(GGUF));
    await visit.page.getByRole('button', { name: /^SmolLM2-135M-Instruct.Q4_1.gguf · 30 layers/ }).waitFor();
    await visit.state('done');
    const last = Number(await visit.grid.getAttribute('aria-colcount')) - 2;
    expect(await visit.text(29, last)).toBe('·Paris');
    expect(await visit.cell(29, last).getAttribute('aria-label')).toMatch(/probability 0\.6[5-7]/);
    const chat = visit.page.getByRole('switch', { name: 'chat template' });
    await chat.check({ force: true });
    const tokens = visit.page.getByRole('list', { name: 'Tokens' });
    await expect.poll(() => tokens.textContent()).toContain('assistant');
    await visit.run.click();
    await visit.state('done');
    expect(Number(await visit.grid.getAttribute('aria-colcount'))).toBeGreaterThan(24);
    expect(visit.page.url()).toContain('chat=1');
    const tasks = await visit.page.evaluate(() => (globalThis as unknown as { tasks: number[] }).tasks);
    console.log(`page tasks over 50 ms on this machine, milliseconds: ${tasks.join(', ') || 'none'}`);
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it('shows bytes, pace and block while rows are drawn, and Cancel ends the download', async () => {
    const visit = await open('#prompt=');
    await visit.state('done');
    const weights = await readBytes('site/public/models/fable-4m/model.safetensors');
    let pause = 600;
    // Ranges, each after a while: a server far away.
    await visit.page.route('**/models/fable-4m/model.safetensors', async (route) => {
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(route.request().headers()['range'] ?? '') ?? [];
      const body = Buffer.from(weights.subarray(Number(from), Number(to) + 1));
      const range = `bytes ${from}-${Number(from) + body.length - 1}/${weights.length}`;
      await new Promise((resolve) => setTimeout(resolve, pause));
      await route.fulfill({ status: 206, headers: { 'content-range': range, etag: '"1"' }, body });
    });
    await visit.page.goto(
      `${stage.url}/#model=${encodeURIComponent(`${stage.url}/models/fable-4m/`)}&prompt=`,
    );
    await visit.page.reload();
    await visit.state('done');
    await visit.prompt.fill('The dog');
    await visit.run.click();
    const bar = visit.page.getByRole('progressbar', { name: 'Loading weights' });
    await expect
      .poll(() => bar.getAttribute('aria-valuetext').catch(() => ''), { timeout: 60_000, interval: 50 })
      .toMatch(/^block [1-8] of 8 · [\d.]+ [kM]B of 8\.8 MB · [\d.]+ [kM]B\/s · (about|a moment)/);
    expect(await visit.page.getByRole('gridcell').count()).toBeGreaterThan(0);
    const engines = visit.page.workers().filter((worker) => /\/worker-[^/]+\.js$/.test(worker.url()));
    const ended = engines.map((worker) => worker.waitForEvent('close', { timeout: 3000 }));
    await visit.page.getByRole('button', { name: 'Cancel' }).click();
    await visit.state('done');
    await Promise.all(ended);
    pause = 0;
    await visit.run.click();
    await visit.page.getByRole('button', { name: 'checks pass' }).waitFor();
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });

  it.each([
    ['light', {}],
    ['dark', NARROW],
  ] as const)('the picker is for everyone: %s, %o', async (colorScheme, size) => {
    const visit = await open('#prompt=The%20dog', { ...size, colorScheme });
    await visit.state('done');
    const dialog = await openDialog(visit);
    await dialog.getByText('None yet.').waitFor();
    expect(await visit.violations()).toEqual([]);
    const wide = await visit.page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(wide).toBe(0);
    const search = dialog.getByRole('searchbox');
    await expect.poll(() => search.evaluate((input) => input.matches(':focus'))).toBe(true);
    await visit.page.keyboard.type('smol instruct');
    await expect.poll(() => dialog.locator('.model').count()).toBe(1);
    await visit.page.keyboard.press('Tab');
    await expect
      .poll(() => dialog.locator('.model').evaluate((button) => button.matches(':focus')))
      .toBe(true);
    await visit.page.keyboard.press('Escape');
    await expect.poll(() => visit.page.getByRole('dialog').count()).toBe(0);
    expect(visit.complaints).toEqual([]);
    await visit.end();
  });
});

/** Drops a file or folder of this machine on the page, as from its desktop. */
async function drop(visit: Visit, path: string): Promise<void> {
  const session = await visit.page.context().newCDPSession(visit.page);
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, x: 400, y: 300, data });
  }
  await session.detach();
}
