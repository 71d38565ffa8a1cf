/** A reader's visit to the page in a real browser, with an eye on what goes wrong behind it. */
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';

/** Milliseconds for a cold run on a busy machine: the runtime's wasm has to be compiled. */
const PATIENCE = 120_000;

const axeSource = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export class Visit {
  readonly page: Page;
  /** Errors of the console and of scripts. */
  readonly complaints: string[] = [];
  /** Addresses outside the server that the page asked for. */
  readonly strangers: string[] = [];

  private constructor(page: Page, origin: string) {
    this.page = page;
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('crash', () => this.complaints.push('the page crashed'));
    page.on('request', (request) => {
      const url = request.url();
      if (!/^(blob|data):/.test(url) && new URL(url).origin !== origin) this.strangers.push(url);
    });
  }

  /** Opens the page in a context of its own: nothing is remembered from another visit. */
  static async open(
    browser: Browser,
    origin: string,
    fragment = '',
    options: BrowserContextOptions = {},
  ): Promise<Visit> {
    // Service workers have a test of their own; elsewhere they would answer what a test wants to see asked for.
    const context = await browser.newContext({
      viewport: { width: 1280, height: 900 },
      serviceWorkers: 'block',
      ...options,
    });
    const page = await context.newPage();
    const visit = new Visit(page, origin);
    await page.goto(`${origin}/${fragment}`);
    return visit;
  }

  /** Waits for a `data-state` of the root element. */
  async state(state: 'loading' | 'running' | 'done' | 'error'): Promise<void> {
    await this.page.locator(`html[data-state="${state}"]`).waitFor({ timeout: PATIENCE });
  }

  get prompt(): Locator {
    return this.page.getByRole('textbox', { name: 'Prompt' });
  }

  get run(): Locator {
    return this.page.getByRole('button', { name: 'Run', exact: true });
  }

  get grid(): Locator {
    return this.page.getByRole('grid', { name: 'Logit lens' });
  }

  /** Types a prompt, runs it and waits for its end. */
  async ask(prompt: string): Promise<void> {
    await this.prompt.fill(prompt);
    await this.run.click();
    await this.state('done');
  }

  cell(layer: number, position: number): Locator {
    const name = layer < 0 ? 'Embedding, layer −1' : `Layer ${layer}`;
    return this.page.getByRole('gridcell', { name: new RegExp(`^${name}, position ${position} `) });
  }

  /** The text of a cell, with its visible marks: `·Paris`. */
  async text(layer: number, position: number): Promise<string> {
    return (await this.cell(layer, position).textContent()) ?? '';
  }

  /** What axe-core finds wrong, one line each. */
  async violations(): Promise<string[]> {
    await this.page.evaluate(await axeSource);
    const { violations } = await this.page.evaluate(() =>
      (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
    );
    return violations.map(
      ({ id, help, nodes }) =>
        `${id}: ${help} (${nodes.map((node) => node.target.flat().join(' ')).join('; ')})`,
    );
  }

  async end(): Promise<void> {
    await this.page.context().close();
  }
}
