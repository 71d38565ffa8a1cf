/**
 * For tests of the widget: the edge as a real server, a trace in its store, a browser, and host pages of another
 * origin that note what widgets tell them.
 */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { TRACE_MEDIA_TYPE } from '../../shared/trace/format.ts';
import { type BrowserOptions, launchBrowser } from './browser.ts';
import { type HostPage, type HostPages, hostPages, post } from './host-pages.ts';
import { realTrace } from './real-trace.ts';
import { Visit } from './visit.ts';
import { type Server, startServer } from './wrangler.ts';

/** Milliseconds. */
const PATIENCE = 30_000;
const LIVE = 240_000;

export interface Told {
  readonly type: string;
  readonly detail: Readonly<Record<string, unknown>>;
}
interface HostWindow {
  readonly told: Told[];
}

/** In the host page, before the widget's script. */
const LISTEN =
  "window.told=[];for(const type of ['residscope-select','residscope-run','residscope-error'])addEventListener(type,({detail})=>told.push({type,detail}))";

export type HostOptions = { readonly head?: string } & Pick<HostPage, 'headers'> & BrowserContextOptions;

export class WidgetStage {
  readonly server: Server;
  readonly browser: Browser;
  readonly hosts: HostPages;
  /** Of the stored {@link realTrace}. */
  readonly id: string;
  #count = 0;

  private constructor(server: Server, browser: Browser, hosts: HostPages, id: string) {
    [this.server, this.browser, this.hosts, this.id] = [server, browser, hosts, id];
  }

  /** End it in `afterAll`. */
  static async start(options: BrowserOptions = { webgpu: false }): Promise<WidgetStage> {
    const [server, browser, hosts] = await Promise.all([startServer(), launchBrowser(options), hostPages()]);
    const stored = await fetch(`${server.url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': TRACE_MEDIA_TYPE },
      body: JSON.stringify(await realTrace()),
    });
    const { id } = (await stored.json()) as { id: string };
    return new WidgetStage(server, browser, hosts, id);
  }

  async end(): Promise<void> {
    await this.browser.close();
    await Promise.all([this.server.stop(), this.hosts.close()]);
  }

  /** The script tag of a post. */
  get script(): string {
    return `<script type="module" src="${this.server.url}/embed.js"></script>`;
  }

  /** A host page that holds `body`, opened. `nonce-host` allows the page's own script where it has a policy. */
  async open(body: string, { head = '', headers = {}, ...options }: HostOptions = {}): Promise<Visit> {
    const path = `/post-${++this.#count}.html`;
    const own = `<script nonce="host">${LISTEN}</script>`;
    this.hosts.put(path, { body: post(`${own}${head}${this.script}`, body), headers });
    return Visit.open(this.browser, this.hosts.origin, path.slice(1), options);
  }
}

export function told(page: Page): Promise<Told[]> {
  return page.evaluate(() => (globalThis as unknown as HostWindow).told);
}

/** Waits for the n-th event of a type. */
export async function heard(page: Page, type: string, n = 1): Promise<Told> {
  await page.waitForFunction(
    ([wanted, count]) =>
      (globalThis as unknown as HostWindow).told.filter((each) => each.type === wanted).length >= count,
    [type, n] as const,
    { timeout: LIVE },
  );
  const all = (await told(page)).filter((each) => each.type === type);
  const found = all[n - 1];
  if (!found) throw new Error(`${type}: expected ${n}, got ${all.length}`);
  return found;
}

/** Waits until the first widget shows its table. */
export async function painted(visit: Visit): Promise<void> {
  await visit.grid.first().getByRole('gridcell').last().waitFor({ timeout: PATIENCE });
}
