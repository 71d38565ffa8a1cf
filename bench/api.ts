/**
 * The edge API on this machine, as real processes (`wrangler dev`, `deno serve`): requests a second and latencies beside
 * a bare Hono "hello" in the same runtime, in turns; the time from a fresh isolate to its first answer; and tokenizing
 * beside Rust's tokenizers.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import autocannon from 'autocannon';
import { isObject } from '../shared/formats/json.ts';
import { Tokenizer } from '../shared/tokenizer/tokenizer.ts';
import { encodeTrace } from '../shared/trace/encode.ts';
import { pathOf, ROOT } from '../test/support/addresses.ts';
import { startDeno } from '../test/support/deno-server.ts';
import { startHub } from '../test/support/hub-server.ts';
import { freePort, type Server, type ServerOptions, startProcess } from '../test/support/server-process.ts';
import { startServer } from '../test/support/wrangler.ts';
import { sampleRun } from '../test/unit/trace-sample.ts';
import { type Measurement, measurement, median, type Report } from './report.ts';

const TEXT = 'The Eiffel Tower is in the city of';
const JSON_TYPE = { 'content-type': 'application/json' };
const GPT2 = 'shared/tokenizers/gpt2';
/** At once, each with one request under way. */
const CONNECTIONS = 10;
/** Fresh processes for the time to a first answer. */
const STARTS = 3;

export const PLATFORMS = ['workerd', 'deno'] as const;
type Platform = (typeof PLATFORMS)[number];

const START: Readonly<Record<Platform, (options?: ServerOptions) => Promise<Server>>> = {
  workerd: startServer,
  deno: startDeno,
};

/** bench/api.hello.ts in the same runtime, started in the same way. */
async function startHello(platform: Platform): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'residscope-hello-'));
  const clean = (): Promise<void> => rm(folder, { recursive: true, force: true });
  if (platform === 'deno') return startDenoHello();
  const config = join(folder, 'wrangler.toml');
  const main = JSON.stringify(join(ROOT, 'bench/api.hello.ts'));
  await writeFile(
    config,
    `name = "hello"\nmain = ${main}\ncompatibility_date = "2026-04-20"\n\n[assets]\ndirectory = ${JSON.stringify(join(ROOT, 'dist/site'))}\nbinding = "ASSETS"\nrun_worker_first = ["/hello", "/healthz"]\n`,
  );
  const args = ['--config', config, '--ip', '127.0.0.1', '--inspector-port', '0', '--persist-to', folder];
  return startProcess(
    'scripts/serve.mjs',
    (port) => [...args, '--port', String(port), '--show-interactive-dev-session', 'false', '--log-level', 'warn'], // prettier-ignore
    {},
    clean,
  );
}

async function startDenoHello(): Promise<Server> {
  const port = await freePort();
  const { runInstall } = createRequire(import.meta.url)('deno/install_api.cjs') as {
    runInstall: () => string;
  };
  const flags = ['serve', '--no-remote', '--allow-net', '--host', '127.0.0.1', '--port', String(port)];
  const child = spawn(runInstall(), [...flags, 'bench/api.hello.ts'], {
    cwd: ROOT,
    stdio: 'ignore',
    env: { ...process.env, DENO_NO_UPDATE_CHECK: '1' },
  });
  const url = `http://127.0.0.1:${port}`;
  const answers = (): Promise<boolean> => fetch(`${url}/healthz`).then((answer) => answer.ok, () => false); // prettier-ignore
  for (let tries = 0; !(await answers()); tries++) {
    if (tries > 300 || child.exitCode !== null) throw new Error('bench/api.hello.ts: Deno does not start');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const stop = async (): Promise<void> => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  };
  return { url, output: () => '', stop };
}

interface Load {
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** @throws {Error} when an answer is no 2xx: then it isn't what is to be timed. */
async function load(options: autocannon.Options, seconds: number): Promise<Load> {
  const result = await autocannon({ connections: CONNECTIONS, duration: seconds, ...options });
  const bad = result.non2xx + result.errors + result.timeouts;
  if (bad > 0) throw new Error(`${options.url}: expected 2xx alone, got ${bad} other answers`);
  return { rate: result.requests.average, p50: result.latency.p50, p99: result.latency.p99 };
}

let texts = 0;
/** 1 kB of words that no request before had. */
function freshText(): string {
  texts++;
  const words = ['stone', 'river', 'moon', 'fish', 'tower', 'city', 'winter', 'garden', String(texts)];
  let text = '';
  for (let i = texts; text.length < 1000; i = (i * 7 + 3) % 1_000_003) text += `${words[i % 9] ?? ''} ${i % 97} `; // prettier-ignore
  return text.slice(0, 1000);
}

async function storeTrace(url: string): Promise<string> {
  // fable-4m's table: eight layers by nine tokens, ten a cell.
  const body = JSON.stringify(encodeTrace(sampleRun({ layers: 8, positions: 9, k: 10 })));
  const answer: unknown = await (await fetch(`${url}/v1/traces`, { method: 'POST', headers: JSON_TYPE, body })).json(); // prettier-ignore
  if (isObject(answer) && typeof answer['id'] === 'string') return answer['id'];
  throw new Error(`/v1/traces: expected an id, got ${JSON.stringify(answer)}`);
}

/** @param seconds of each load; `runs` rounds of all loads, in turns, so that what else the machine does falls on all. */
export async function benchApi(platform: Platform, runs: number, seconds: number): Promise<Report> {
  const hello = await startHello(platform);
  const server = await START[platform]({ quiet: true });
  try {
    const { url } = server;
    const trace = await storeTrace(url);
    const post = { url: `${url}/v1/tokenize`, method: 'POST', headers: JSON_TYPE } as const;
    const cold = (): string => JSON.stringify({ model: 'fable-4m', text: freshText() });
    const loads: readonly (readonly [string, autocannon.Options])[] = [
      ['hello, bare Hono', { url: `${hello.url}/hello` }],
      ['/healthz', { url: `${url}/healthz` }],
      ['warm tokenize, GET', { url: `${url}/v1/tokenize?model=fable-4m&text=${encodeURIComponent(TEXT)}` }],
      ['warm tokenize, POST', { ...post, body: JSON.stringify({ model: 'fable-4m', text: TEXT }) }],
      ['cold tokenize of 1 kB', { ...post, requests: [{ method: 'POST', setupRequest: (request) => ({ ...request, body: cold() }) }] }], // prettier-ignore
      ['trace read', { url: `${url}/v1/traces/${trace}` }],
    ];
    const found = new Map<string, Load[]>();
    // The first round warms up and isn't counted.
    for (let round = -1; round < runs; round++) {
      for (const [name, options] of loads) {
        const one = await load(options, round < 0 ? 1 : seconds);
        if (round >= 0) found.set(name, [...(found.get(name) ?? []), one]);
      }
    }
    const peer = median((found.get('hello, bare Hono') ?? []).map(({ rate }) => rate));
    return {
      name: `api-${platform}`,
      title: `The edge API on ${platform}, ${CONNECTIONS} connections: requests a second beside a bare Hono in the same runtime`,
      conditions: { platform, connections: CONNECTIONS, secondsOfEach: seconds },
      measurements: [...found].flatMap(([name, results]) => [
        measurement(name, results.map(({ rate }) => rate), { peer, unit: '/s', note: 'to hello' }), // prettier-ignore
        measurement(`${name}: median latency`, results.map(({ p50 }) => p50)), // prettier-ignore
        measurement(`${name}: 99th percentile`, results.map(({ p99 }) => p99)), // prettier-ignore
      ]),
    };
  } finally {
    await Promise.all([hello.stop(), server.stop()]);
  }
}

/** From a server that has answered nothing but /healthz to its first tokens; GPT-2's come from a hub on this machine. */
export async function benchStart(platform: Platform): Promise<Report> {
  const there = existsSync(pathOf(GPT2));
  const hub = await startHub(there ? { 'openai-community/gpt2': pathOf(GPT2) } : {});
  const first = { fable: [] as number[], gpt2: [] as number[], again: [] as number[] };
  try {
    for (let i = 0; i < STARTS; i++) {
      const server = await START[platform]({ variables: { HF_ENDPOINT: hub.hub.href } });
      const ask = async (model: string, text: string): Promise<number> => {
        const start = performance.now();
        const body = JSON.stringify({ model, text });
        const answer = await fetch(`${server.url}/v1/tokenize`, { method: 'POST', headers: JSON_TYPE, body });
        const said = await answer.text();
        if (!answer.ok) throw new Error(`${model}: ${answer.status} ${said}`);
        return performance.now() - start;
      };
      try {
        first.fable.push(await ask('fable-4m', TEXT));
        if (there) first.gpt2.push(await ask('openai-community/gpt2', TEXT));
        if (there) first.again.push(await ask('openai-community/gpt2', freshText()));
      } finally {
        await server.stop();
      }
    }
  } finally {
    await hub.close();
  }
  return {
    name: `api-start-${platform}`,
    title: `The edge API on ${platform}: first answers of a fresh isolate`,
    conditions: { platform, hub: 'on this machine' },
    measurements: [
      measurement('fable-4m: tokenizer read, parsed, used', first.fable),
      ...(there
        ? [measurement('GPT-2: fetched from the hub, parsed (50,257 entries), used', first.gpt2)]
        : []),
      ...(there ? [measurement('GPT-2: the next text, 1 kB', first.again)] : []),
    ],
  };
}

/** One thread each: MB of text a second, and the time to parse a tokenizer.json. */
export async function benchTokenizer(runs: number): Promise<Report> {
  const corpus = (await readFile(pathOf('site/public/models/fable-4m/prompts.txt'), 'utf8')).split('\n').filter(Boolean); // prettier-ignore
  const lines = Array.from({ length: 20 }, () => corpus).flat();
  const megabytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0) / 1e6;
  const rows: Measurement[] = [];
  const models = ['site/public/models/fable-4m', GPT2].filter((folder) => existsSync(pathOf(folder)));
  let versions = '';
  for (const folder of models) {
    const name = folder === GPT2 ? 'GPT-2' : 'fable-4m';
    const file = pathOf(`${folder}/tokenizer.json`);
    const json = await readFile(file, 'utf8');
    const parses: number[] = [];
    const rates: number[] = [];
    for (let i = 0; i < runs; i++) {
      const start = performance.now();
      const tokenizer = Tokenizer.fromJson(JSON.parse(json), null, name);
      parses.push(performance.now() - start);
      if (i === 0) for (const line of lines) tokenizer.encode(line);
      const from = performance.now();
      for (const line of lines) tokenizer.encode(line);
      rates.push((megabytes / (performance.now() - from)) * 1000);
    }
    const rust = await rustTokenizers(file, lines, runs);
    versions = rust.version;
    rows.push(
      measurement(`${name}: Rust tokenizers`, rust.seconds.map((s) => megabytes / s), { unit: 'MB/s' }), // prettier-ignore
      measurement(`${name}: ours, with offsets`, rates, { unit: 'MB/s', peer: median(rust.seconds.map((s) => megabytes / s)), note: 'to Rust tokenizers' }), // prettier-ignore
      measurement(`${name}: tokenizer.json parsed`, parses, { peer: median(rust.load) * 1000, note: 'to Rust tokenizers' }), // prettier-ignore
    );
  }
  return {
    name: 'api-tokenizer',
    title: 'Tokenizing in Node beside Rust tokenizers, one thread each, line by line',
    conditions: { peer: `tokenizers ${versions}`, lines: lines.length },
    measurements: rows,
  };
}

interface RustTimes {
  readonly version: string;
  /** Of all lines, and of reading the file. */
  readonly seconds: readonly number[];
  readonly load: readonly number[];
}

/** @throws {Error} when Python has no tokenizers. */
async function rustTokenizers(file: string, lines: readonly string[], runs: number): Promise<RustTimes> {
  const folder = await mkdtemp(join(tmpdir(), 'residscope-lines-'));
  try {
    const list = join(folder, 'lines.json');
    await writeFile(list, JSON.stringify(lines));
    const env = { ...process.env, TOKENIZERS_PARALLELISM: 'false', RAYON_NUM_THREADS: '1' };
    const { stdout } = await promisify(execFile)('python3', [pathOf('bench/rust_tokenizers.py'), file, list, String(runs)], { env }); // prettier-ignore
    const said: unknown = JSON.parse(stdout);
    if (!isObject(said)) throw new Error(`rust_tokenizers.py: expected an object, got ${stdout}`);
    const numbers = (name: string): number[] => (said[name] as unknown[]).map(Number);
    return { version: String(said['version']), seconds: numbers('seconds'), load: numbers('load') };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
