/**
 * `residscope bake` as real processes: killed half-way and gone on with by two of them, it leaves the files of one clean
 * run, bit for bit. `BAKE_PROMPTS=1000` takes that many. Needs `npm run build:lib`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalOf, idOf } from '../support/real-trace.ts';
import { pathOf } from '../support/addresses.ts';
import type { JsonObject } from '../../shared/formats/json.ts';
import { parseTrace } from '../../shared/trace/decode.ts';

const CLI = pathOf('dist/lib/cli.js');
const COUNT = Number(process.env['BAKE_PROMPTS'] ?? 150);
/** Milliseconds; a busy machine takes a third of a second a prompt and process. */
const PATIENCE = 120_000 + COUNT * 3000;

/** Short ones, each of its own words. */
function manyPrompts(): string[] {
  const words = readFileSync(pathOf('site/public/models/fable-4m/prompts.txt'), 'utf8').match(/[A-Za-z]+/g) ?? []; // prettier-ignore
  const distinct = [...new Set(words)];
  return Array.from({ length: COUNT }, (_, i) => {
    const word = (n: number): string => distinct[n % distinct.length] ?? '';
    return `${word(i)} ${word(7 * i + Math.floor(i / distinct.length) + 1)}`;
  });
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'residscope-bake-'));
  writeFileSync(join(folder, 'prompts.txt'), `${manyPrompts().join('\n')}\n\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(out: string, ...more: string[]): ChildProcess {
  const args = ['bake', 'fable-4m', '--prompts', 'prompts.txt', '--out', out, '--device', 'wasm', ...more];
  return spawn(process.execPath, [CLI, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
}

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function end(child: ChildProcess): Promise<Ended> {
  const said = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, ...said })));
}

/** Every file of a folder and what is in it. */
function contents(out: string): Map<string, string> {
  const files = readdirSync(join(folder, out), { recursive: true, withFileTypes: true });
  const names = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  return new Map(names.sort().map((name) => [name.slice(join(folder, out).length + 1), readFileSync(name, 'latin1')])); // prettier-ignore
}

const traces = (out: string): string[] => readdirSync(join(folder, out)).filter((name) => name.endsWith('.trace.json')); // prettier-ignore

describe('bake', () => {
  it(
    `${COUNT} prompts, killed half-way and gone on with by two processes: the files of one clean run`,
    { timeout: PATIENCE },
    async () => {
      const clean = await end(start('clean'));
      expect(clean).toMatchObject({ status: 0 });
      expect(clean.stdout).toMatch(
        new RegExp(`^${COUNT} traces of ${COUNT} prompts in clean, ${COUNT} made now`),
      );

      const first = start('shared');
      const died = end(first);
      await expect
        .poll(() => traces('shared').length, { timeout: PATIENCE, interval: 20 })
        .toBeGreaterThan(COUNT / 3);
      first.kill('SIGKILL');
      await died;
      const before = traces('shared').length;
      expect(before).toBeLessThan(COUNT);
      // What a process leaves that dies within a write.
      writeFileSync(
        join(folder, 'shared', `${'0'.repeat(64)}.trace.json.${first.pid ?? 1}.partial`),
        '{"for',
      );

      const both = await Promise.all([end(start('shared', '--json')), end(start('shared', '--json'))]);
      const made = both.map(({ status, stdout }) => {
        expect(status).toBe(0);
        return (JSON.parse(stdout) as { readonly made: number }).made;
      });
      const [one = 0, two = 0] = made;
      expect(Math.min(one, two)).toBeGreaterThan(0);
      expect(one + two).toBe(COUNT - before);
      expect(contents('shared')).toEqual(contents('clean'));
      expect(contents('clean').size).toBe(COUNT + 1);
    },
  );

  it(
    'writes valid traces under the ids that a server would give them; once more changes nothing',
    { timeout: PATIENCE },
    async () => {
      const index = JSON.parse(readFileSync(join(folder, 'clean/index.json'), 'utf8')) as {
        readonly traces: Readonly<Record<string, string>>;
      };
      expect(Object.keys(index.traces)).toHaveLength(COUNT);
      for (const [name, id] of Object.entries(index.traces).slice(0, 40)) {
        const text = readFileSync(join(folder, `clean/${name}.trace.json`), 'utf8');
        const trace = JSON.parse(text) as JsonObject;
        expect(canonicalOf(trace)).toBe(text);
        expect(idOf(trace)).toBe(id);
        expect(parseTrace(text).model.weightHash).toMatch(/^[0-9a-f]{64}$/);
      }
      const before = contents('clean');
      const again = await end(start('clean'));
      expect(again.stdout).toContain('0 made now');
      expect(contents('clean')).toEqual(before);
      // Other options are other inputs: nothing is overwritten.
      writeFileSync(join(folder, 'prompts.txt'), 'The opposite of hot is\nThe opposite of hot is\n');
      const other = await end(start('clean', '--top-k', '3', '--gallery'));
      expect(other.stdout).toMatch(/^1 traces of 2 prompts in clean, 1 made now/);
      const after = contents('clean');
      for (const [file, text] of before) if (file !== 'index.json') expect(after.get(file)).toBe(text);
      const pages = [...after.keys()].filter((file) => file.startsWith('gallery/'));
      expect(pages).toHaveLength(2);
      const list = after.get('gallery/index.html') ?? '';
      expect(list).toContain('The opposite of hot is');
      const [, page = ''] = /<a href="([0-9a-f]{64}\.html)">/.exec(list) ?? [];
      expect(after.get(`gallery/${page}`)).toContain('<table>');
    },
  );

  it('is cancelled in order; says what is wrong with a call', { timeout: 120_000 }, async () => {
    writeFileSync(join(folder, 'prompts.txt'), `${manyPrompts().join('\n')}\n`);
    const child = start('cancelled');
    const done = end(child);
    await expect.poll(() => traces('cancelled').length, { timeout: 60_000, interval: 20 }).toBeGreaterThan(2);
    child.kill('SIGINT');
    const { status, stderr } = await done;
    expect(status).toBe(1);
    expect(stderr).toMatch(/residscope: .*cancelled/i);
    const left = [...contents('cancelled').keys()];
    expect(left.filter((file) => !/^[0-9a-f]{64}\.trace\.json$/.test(file))).toEqual([]);

    const wrong = spawn(process.execPath, [CLI, 'bake', 'fable-4m', '--prompts', 'prompts.txt'], {
      cwd: folder,
    });
    expect(await end(wrong)).toMatchObject({ status: 2, stderr: expect.stringContaining('expected --out DIR') as string }); // prettier-ignore
  });
});
