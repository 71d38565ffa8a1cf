/** A real server as a process of its own for tests: started on a free port, ready when it answers, ended for sure. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from './addresses.ts';

export interface Server {
  /** Without a slash at the end: `http://127.0.0.1:40123`. */
  readonly url: string;
  /** What it wrote so far, the last megabyte. */
  output(): string;
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** Without a line a request of wrangler's own, which would be timed with the server. */
  readonly quiet?: boolean;
  /** Folder of its stores, which is left when it stops. Default: one of its own, which is deleted. */
  readonly store?: string;
  /** The operator's variables. Rate limits are off unless they are set here. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** A suite's cases don't wait for windows of time. */
export const UNLIMITED = { RATE_READ: '0', RATE_TOKENIZE: '0', RATE_UPLOAD: '0' };

/** Milliseconds. */
const START_LIMIT = 90_000;
const STOP_LIMIT = 5_000;

/**
 * Runs a Node script that serves.
 *
 * @param script from the checkout.
 * @param clean is called when the server has ended.
 * @throws with the server's output when it doesn't start: mostly dist/site isn't built.
 */
export async function startProcess(
  script: string,
  args: (port: number) => readonly string[],
  env: Readonly<Record<string, string>>,
  clean: () => Promise<void>,
): Promise<Server> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, [script, ...args(port)], {
    cwd: ROOT,
    // A group of its own, so that whatever it starts ends with it.
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-1_000_000)));
  }
  const kill = (): void => killTree(child, 'SIGKILL');
  process.once('exit', kill);
  const stop = async (): Promise<void> => {
    process.off('exit', kill);
    await end(child);
    await clean();
  };
  try {
    await ready(url, child, () => output.slice(-20_000));
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, output: () => output, stop };
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address) resolve(address.port);
        else reject(new Error('no free port'));
      });
    });
  });
}

async function ready(url: string, child: ChildProcess, output: () => string): Promise<void> {
  const limit = Date.now() + START_LIMIT;
  while (Date.now() < limit) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`the server ended before it was ready:\n${output()}`);
    }
    const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2_000) }).catch(
      () => undefined,
    );
    await answer?.body?.cancel();
    if (answer?.ok) return;
    await sleep(100);
  }
  throw new Error(`the server was not ready within ${START_LIMIT / 1000} s:\n${output()}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    killTree(child, 'SIGTERM');
    await Promise.race([ended, sleep(STOP_LIMIT, undefined, { ref: false })]);
  }
  // What is left of the group, if anything.
  killTree(child, 'SIGKILL');
}

function killTree(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  if (process.platform === 'win32') {
    spawnSync('taskkill', ['/pid', String(child.pid), '/T', '/F']);
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group has ended.
  }
}
