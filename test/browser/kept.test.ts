/** Models over the network in Chromium: streaming, kept weights, broken downloads, tokens. Needs `npm run build`. */
import { rm } from 'node:fs/promises';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writeRandomGpt2 } from '../../bench/random-model.ts';
import { pathOf } from '../support/addresses.ts';
import { browserMissing, launchBrowser } from '../support/browser.ts';
import { COMMIT, startHub, type HubServer } from '../support/hub-server.ts';
import { openLoadingPage, runtimeFolder, serveLoadingPage, visitInPage } from '../support/loading.ts';
import type { LoadingPage, Visit, VisitRequest } from '../support/loading.page.ts';
import type { StaticServer } from '../support/static-server.ts';

const skip = await browserMissing();
if (skip !== undefined) console.log(`kept weights: skipped: ${skip}`);

const EIFFEL = [0, 286, 1855, 1212, 288, 301, 260, 471, 292];
const PARIS = 989;
/** 24 blocks, 5 MB. */
const DEEP = { layers: 24, width: 64, heads: 2, vocab: 4096, context: 64, dtype: 'F32' } as const;
const BLOCK_BYTES = 4 * (12 * DEEP.width ** 2 + 13 * DEEP.width);
const EMBED_BYTES = 4 * (DEEP.vocab + DEEP.context) * DEEP.width;

let server: StaticServer;
let browser: Browser;
let deep: string;
let hub: HubServer;
let context: BrowserContext;
let page: Page;

describe.skipIf(skip !== undefined)('models over the network, in Chromium', () => {
  beforeAll(async () => {
    deep = await writeRandomGpt2(DEEP);
    server = await serveLoadingPage();
    browser = await launchBrowser({ webgpu: false });
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
    await rm(deep, { recursive: true, force: true });
  });
  beforeEach(async () => {
    hub = await startHub({ 'owner/fable': pathOf('site/public/models/fable-4m'), 'owner/deep': deep });
    context = await browser.newContext();
    page = await context.newPage();
    await openLoadingPage(page, server);
  });
  afterEach(async () => {
    await context.close();
    await hub.close();
  });

  async function visit(source: string, more: Partial<VisitRequest> = {}): Promise<Visit> {
    const runtime = await runtimeFolder();
    return visitInPage(page, { source, hub: hub.hub.href, runtime, ids: EIFFEL, ...more });
  }
  const inPage = <T>(act: (loading: LoadingPage['loading']) => Promise<T>): Promise<T> =>
    page.evaluate(`(${act.toString()})(globalThis.loading)`);

  it('load once, then without a network, until they are deleted', async () => {
    const first = await visit('owner/fable');
    expect(first).toMatchObject({ top: PARIS, revision: COMMIT, note: undefined });
    expect(first.loaded).toBe(first.total);
    expect(first.tellings).toBeGreaterThan(3);
    const [kept, ...others] = await inPage((loading) => loading.listKept());
    expect(others).toEqual([]);
    expect(kept).toMatchObject({ id: 'owner/fable', revision: COMMIT });
    expect(kept?.bytes).toBeGreaterThan(first.total);

    await hub.close();
    await page.reload();
    await page.waitForFunction(() => 'loading' in globalThis);
    const second = await visit('owner/fable');
    expect(second).toMatchObject({ top: PARIS, revision: COMMIT, loaded: first.total });

    expect(typeof (await inPage((loading) => loading.askPersistence()))).toBe('boolean');
    expect(await inPage((loading) => loading.deleteKept('owner/fable'))).toBe(true);
    expect(await inPage((loading) => loading.listKept())).toEqual([]);
    await expect(visit('owner/fable')).rejects.toThrow(/no answer from localhost/);
  });

  it('draw the first row before the rest has come, two blocks ahead at most', async () => {
    hub.behaviour.rate = 2_000_000;
    const { loadedAtFirstRow, total, checks } = await visit('owner/deep');
    const needed = EMBED_BYTES + BLOCK_BYTES + 2 * 4 * DEEP.width;
    expect(total).toBe(EMBED_BYTES + DEEP.layers * BLOCK_BYTES + 2 * 4 * DEEP.width);
    expect(loadedAtFirstRow).toBeGreaterThanOrEqual(needed - BLOCK_BYTES); // the embedding's own row needs no block
    expect(loadedAtFirstRow).toBeLessThanOrEqual(needed + 2 * BLOCK_BYTES);
    expect(checks).toContainEqual(['output', 'pass']);
    const asked = hub.requests.filter((r) => r.origin === 'storage');
    // The opening, the rest of the header, a request a part; nothing twice.
    expect(asked.length).toBeLessThanOrEqual(2 + DEEP.layers + 2);
    expect(new Set(asked.map((r) => r.range)).size).toBe(asked.length);
  });

  it('give their bytes up once a session has them, and read them again from the device', async () => {
    const memory = { holdBytes: 0, holdRemoteBytes: 0 };
    const { checks } = await visit('owner/deep', { options: { memory: { ...memory, checkBytes: 0 } } });
    expect(checks.map(([, status]) => status)).toEqual(['skipped', 'pass', 'pass']);
    const before = hub.requests.length;
    await visit('owner/deep', { options: { memory }, again: true });
    expect(hub.requests.length).toBe(before);
  });

  it('go on where a broken download was', async () => {
    hub.behaviour.breaks = { count: 1000, after: 0.9 };
    hub.behaviour.rate = 8_000_000;
    const broken = visit('owner/deep');
    await page.waitForFunction(
      () => (globalThis as unknown as LoadingPage).loading.state.firstRow !== undefined,
    );
    await hub.close();
    await expect(broken).rejects.toThrow(/no answer|broke off/);
    const [kept] = await inPage((loading) => loading.listKept());
    expect(kept?.bytes).toBeGreaterThan(EMBED_BYTES);

    hub = await startHub({ 'owner/deep': deep }, Number(hub.hub.port));
    const whole = await visit('owner/deep');
    expect(whole.loaded).toBe(whole.total);
    const sent = hub.requests.filter((r) => r.origin === 'storage').reduce((n, r) => n + r.sent, 0);
    expect(sent).toBeLessThan(whole.total - EMBED_BYTES + 100_000);
    expect(sent).toBeGreaterThan(BLOCK_BYTES);
  });

  it('send a token to the hub, and none to where that redirects', async () => {
    hub.behaviour.gated.set('owner/fable', 'hf_right');
    await expect(visit('owner/fable')).rejects.toThrow(/gated or private/);
    expect((await visit('owner/fable', { options: { token: 'hf_right' } })).top).toBe(PARIS);
    const tokens = (origin: string): Set<string | undefined> =>
      new Set(
        hub.requests.filter((r) => r.origin === origin && r.method === 'GET').map((r) => r.authorization),
      );
    expect(tokens('hub')).toEqual(new Set([undefined, 'Bearer hf_right']));
    expect(tokens('storage')).toEqual(new Set([undefined]));
  });

  it('come without ranges too', async () => {
    hub.behaviour.noRanges = true;
    expect((await visit('owner/fable')).top).toBe(PARIS);
  });
});
