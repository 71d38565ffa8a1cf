/**
 * The widget in somebody's page: from the request for its script to the first frame with the whole table in sight, the
 * trace's request included, a fresh profile each time; and what it weighs.
 *
 * The peer in each run is the same table as plain markup that a script of a few bytes fetches and puts into the page:
 * what a browser needs to lay it out at all. logitlenskit's widget, which draws the same data, is in neither npm nor
 * PyPI; with `--peer FILE` a copy of its `logit-lens-widget.js` is timed beside ours on the logitlenskit JSON of the
 * same run of the model.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { pathOf } from '../test/support/addresses.ts';
import { browserVersion, launchBrowser } from '../test/support/browser.ts';
import { type HostPages, hostPages, post } from '../test/support/host-pages.ts';
import { type Measurement, measurement, median, type Report } from './report.ts';

const TEXTS = {
  '9 tokens': 'The Eiffel Tower is in the city of',
  '65 tokens': 'stone river moon fish '.repeat(16).trim(),
} as const;
/** Milliseconds. */
const GOAL = 200;
const PATIENCE = 60_000;
/** Bytes gzipped. */
const WIDGET_BUDGET = 35_000;
const OPEN = { 'access-control-allow-origin': '*', 'timing-allow-origin': '*' };

interface Painting {
  /** Milliseconds from asking for the script, and from having it, to the frame. */
  readonly asked: number;
  readonly had: number;
}

/** What of a way to show a trace is timed. */
interface Way {
  readonly name: string;
  /** Of the host page. */
  readonly path: string;
  /** A part of the script's address. */
  readonly script: string;
  /** Cells that the table has at least when it is done. */
  readonly cells: number;
}

/** In the page, before anything else: notes the end of the first frame that has all cells. */
function watch(cells: number): void {
  const look = (): void => {
    const holder = document.querySelector('residscope-lens')?.shadowRoot ?? document;
    if (holder.querySelectorAll('td').length < cells) {
      requestAnimationFrame(look);
      return;
    }
    // This frame is drawn when the next task runs.
    setTimeout(() => Object.assign(globalThis, { painted: performance.now() }));
  };
  requestAnimationFrame(look);
}

async function paint(browser: Browser, origin: string, { path, script, cells }: Way): Promise<Painting> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  try {
    const page = await context.newPage();
    await page.addInitScript(watch, cells);
    await page.goto(origin + path);
    await page.waitForFunction('"painted" in globalThis', undefined, { timeout: PATIENCE });
    return await page.evaluate((name) => {
      const { painted } = globalThis as unknown as { painted: number };
      const entries = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
      const entry = entries.find((each) => each.name.includes(name));
      if (!entry) throw new Error(`${name}: not asked for`);
      return { asked: painted - entry.startTime, had: painted - entry.responseEnd };
    }, script);
  } finally {
    await context.close();
  }
}

interface Data {
  readonly trace: string;
  readonly plain: string;
  readonly logitlens: string;
  readonly cells: number;
}

/** The embedded model on a text, in every form that is shown here. */
async function dataOf(text: string): Promise<Data> {
  const folder = await mkdtemp(join(tmpdir(), 'residscope-embed-'));
  try {
    const [html, logitlens] = [join(folder, 'lens.html'), join(folder, 'lens.json')];
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [pathOf('dist/lib/cli.js'), 'lens', 'fable-4m', text, '--device', 'wasm', '--json', '--html', html, '--logitlens', logitlens], // prettier-ignore
      { maxBuffer: 1 << 26 },
    );
    const whole = await readFile(html, 'utf8');
    const style = /<style>[^]*?<\/style>/.exec(whole)?.[0] ?? '';
    const table = /<table>[^]*?<\/table>/.exec(whole)?.[0] ?? '';
    const cells = [...table.matchAll(/<td/g)].length;
    if (cells === 0) throw new Error('the page of the command line has no table');
    return { trace: stdout, plain: style + table, logitlens: await readFile(logitlens, 'utf8'), cells };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Puts one text's pages on the servers. */
function put(hosts: HostPages, other: HostPages, data: Data, name: string, peer: boolean): Way[] {
  const slug = name.replace(/\W+/g, '-');
  const json = { type: 'application/json', headers: OPEN };
  other.put(`/${slug}.json`, { body: data.trace, ...json });
  other.put(`/${slug}.html`, { body: data.plain, headers: OPEN });
  other.put(`/${slug}.logitlens.json`, { body: data.logitlens, ...json });
  const page = (path: string, head: string, body: string): string => {
    hosts.put(path, { body: post(head, body) });
    return path;
  };
  const ours = page(
    `/${slug}-ours`,
    `<script type="module" src="${other.origin}/embed.js"></script>`,
    `<residscope-lens trace="${other.origin}/${slug}.json"></residscope-lens>`,
  );
  const plain = page(
    `/${slug}-plain`,
    `<script type="module" src="${other.origin}/plain.js"></script>`,
    `<div id="lens" data-from="${other.origin}/${slug}.html"></div>`,
  );
  const theirs = page(
    `/${slug}-theirs`,
    `<script src="${other.origin}/peer.js"></script><script type="module">const answer = await fetch('${other.origin}/${slug}.logitlens.json'); LogitLensWidget('#lens', await answer.json());</script>`,
    '<div id="lens"></div>',
  );
  const { cells } = data;
  return [
    { name: 'widget', path: ours, script: 'embed.js', cells },
    { name: 'plain table', path: plain, script: 'plain.js', cells },
    // It shows as many columns and rows as fit: the first cells count as the table.
    ...(peer ? [{ name: 'logitlenskit', path: theirs, script: 'peer.js', cells: 9 }] : []),
  ];
}

const PLAIN =
  "const lens = document.getElementById('lens'); lens.innerHTML = await (await fetch(lens.dataset.from)).text();";

/** @param peerFile logitlenskit's `logit-lens-widget.js`. */
export async function benchEmbed(runs: number, peerFile: string | undefined): Promise<Report> {
  const script = await readFile(pathOf('dist/site/embed.js'));
  const peer = peerFile === undefined ? undefined : await readFile(peerFile);
  const [hosts, other, browser] = await Promise.all([
    hostPages(),
    hostPages(),
    launchBrowser({ webgpu: false }),
  ]);
  try {
    const type = 'text/javascript';
    other.put('/embed.js', { body: script, type, headers: OPEN });
    other.put('/plain.js', { body: PLAIN, type, headers: OPEN });
    if (peer) other.put('/peer.js', { body: peer, type, headers: OPEN });
    const rows: Measurement[] = [];
    for (const [name, text] of Object.entries(TEXTS)) {
      const ways = put(hosts, other, await dataOf(text), name, peer !== undefined);
      const found = new Map<string, Painting[]>(ways.map((way) => [way.name, []]));
      // The browser's own first page is nobody's.
      for (const way of ways) await paint(browser, hosts.origin, way);
      for (let i = 0; i < runs; i++) {
        // In turns, so that what else the machine does meets all of them.
        for (const way of ways) found.get(way.name)?.push(await paint(browser, hosts.origin, way));
      }
      const samples = (way: string, of: keyof Painting): number[] =>
        (found.get(way) ?? []).map((each) => each[of]);
      const floor = median(samples('plain table', 'asked'));
      rows.push(
        measurement(`${name}: script asked for, to painted table`, samples('widget', 'asked'), {
          peer: floor,
          note: `goal ${GOAL}; ratio to the plain table`,
        }),
        measurement(`${name}: script there, to painted table`, samples('widget', 'had')),
        measurement(`${name}: plain table by a script`, samples('plain table', 'asked')),
      );
      if (peer) {
        rows.push(
          measurement(`${name}: logitlenskit’s widget`, samples('logitlenskit', 'asked'), {
            peer: floor,
            note: 'ratio to the plain table',
          }),
        );
      }
    }
    const size = (bytes: Uint8Array): number => gzipSync(bytes, { level: 9 }).length;
    rows.push(
      measurement('embed.js, gzipped', [size(script)], { unit: 'B', note: `budget ${WIDGET_BUDGET}` }),
    );
    if (peer) rows.push(measurement('logitlenskit’s widget, gzipped', [size(peer)], { unit: 'B' }));
    return {
      name: 'embed',
      title: 'The widget from a trace of fable-4m, in a page of another origin: medians',
      conditions: {
        browser: await browserVersion(),
        logitlenskit: peer
          ? 'given as a file'
          : 'not timed: in neither npm nor PyPI; --peer FILE times a copy',
      },
      measurements: rows,
    };
  } finally {
    await browser.close();
    await Promise.all([hosts.close(), other.close()]);
  }
}
