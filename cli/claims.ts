/**
 * Claims of pieces of work, as files in a folder that several processes share, on one machine or on many: a name has
 * one holder, who keeps its file's time fresh. A claim only saves work: results are written whole and are the same
 * whoever makes them, so that two holders at once (a clock that is off, a process that slept) harm nothing.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, rmdir, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** Milliseconds after which a claim that nobody refreshed is anyone's, and between refreshments. */
const STALE = 120_000;
const FRESH = 15_000;

const SUFFIX = '.claim';

export class Claims {
  readonly #folder: string;
  readonly #stale: number;
  readonly #held = new Set<string>();
  readonly #me = `${hostname()} ${process.pid} ${randomUUID()}`;
  readonly #timer: NodeJS.Timeout;

  /** @param stale milliseconds after which a silent holder counts as gone. */
  constructor(folder: string, stale = STALE) {
    this.#folder = folder;
    this.#stale = stale;
    this.#timer = setInterval(() => void this.#refresh(), Math.min(FRESH, stale / 4));
    this.#timer.unref();
  }

  /** True: the name is this process's until {@link release}. False: somebody else is at it. */
  async take(name: string): Promise<boolean> {
    if (await this.#create(name)) return true;
    if (!(await this.#isGone(name))) return false;
    // Of two that find it so, one moves it away; the other finds nothing to move.
    const aside = this.#file(`${name}.${randomUUID()}`);
    const moved = await rename(this.#file(name), aside).then(
      () => true,
      () => false,
    );
    if (moved) await rm(aside, { force: true });
    return this.#create(name);
  }

  async release(name: string): Promise<void> {
    this.#held.delete(name);
    const owner = await readFile(this.#file(name), 'utf8').catch(() => '');
    if (owner === this.#me) await rm(this.#file(name), { force: true });
  }

  /** Lets go of everything, and removes the folder when nobody else is in it. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const name of [...this.#held]) await this.release(name);
    for (const file of await readdir(this.#folder).catch(() => [])) {
      const left = join(this.#folder, file);
      const gone = file.endsWith(SUFFIX)
        ? await this.#isGone(file.slice(0, -SUFFIX.length))
        : await this.#isOld(left);
      if (gone) await rm(left, { force: true });
    }
    await rmdir(this.#folder).catch(() => undefined); // others are still at work in it
  }

  async #create(name: string): Promise<boolean> {
    for (const again of [true, false]) {
      try {
        const handle = await open(this.#file(name), 'wx');
        try {
          await handle.writeFile(this.#me);
        } finally {
          await handle.close();
        }
        this.#held.add(name);
        return true;
      } catch (error) {
        const code = codeOf(error);
        if (code === 'EEXIST') return false;
        if (code !== 'ENOENT' || !again) throw error;
        // Another process was done, and took the folder away.
        await mkdir(this.#folder, { recursive: true });
      }
    }
    return false;
  }

  /** Its holder has ended on this machine, or has been silent for too long on any. */
  async #isGone(name: string): Promise<boolean> {
    const file = this.#file(name);
    const owner = await readFile(file, 'utf8').catch(() => undefined);
    if (owner === undefined) return true;
    const [host, pid] = owner.split(' ');
    if (host === hostname() && pid !== undefined && /^\d+$/.test(pid) && !isRunning(Number(pid))) return true;
    return this.#isOld(file);
  }

  async #isOld(file: string): Promise<boolean> {
    const known = await stat(file).catch(() => undefined);
    return known === undefined || Date.now() - known.mtimeMs > this.#stale;
  }

  async #refresh(): Promise<void> {
    const now = new Date();
    for (const name of this.#held) await utimes(this.#file(name), now, now).catch(() => undefined);
  }

  #file(name: string): string {
    return join(this.#folder, `${name}${SUFFIX}`);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
