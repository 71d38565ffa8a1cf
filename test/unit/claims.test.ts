/** Claims that processes share through a folder: one holder, and no holder for ever. */
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Claims } from '../../cli/claims.ts';

let root = '';
let folder = '';
const open: Claims[] = [];
const claims = (stale?: number): Claims => {
  const made = new Claims(folder, stale);
  open.push(made);
  return made;
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'residscope-claims-'));
  folder = join(root, '.claims');
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
  rmSync(root, { recursive: true, force: true });
});

it('gives a name to one alone, and to the next when it is let go', async () => {
  const [one, two] = [claims(), claims()];
  expect(await Promise.all([one.take('a'), two.take('b')])).toEqual([true, true]);
  expect(await two.take('a')).toBe(false);
  await one.release('a');
  expect(await two.take('a')).toBe(true);
});

it('lets one of many have it, however they meet', async () => {
  const many = Array.from({ length: 8 }, () => claims());
  const won = await Promise.all(many.map((one) => one.take('a')));
  expect(won.filter(Boolean)).toHaveLength(1);
});

it('takes over from a process of this machine that has ended, at once', async () => {
  const mine = claims();
  await mine.take('other'); // the folder is there
  writeFileSync(join(folder, 'a.claim'), `${hostname()} 999999999 x`);
  expect(await mine.take('a')).toBe(true);
});

it('takes over from another machine only after a silence', async () => {
  const mine = claims(60_000);
  await mine.take('other');
  const theirs = join(folder, 'a.claim');
  writeFileSync(theirs, 'another-host 1 x');
  expect(await mine.take('a')).toBe(false);
  const long = new Date(Date.now() - 61_000);
  utimesSync(theirs, long, long);
  expect(await mine.take('a')).toBe(true);
});

it('keeps what it holds fresh, and leaves no folder behind', async () => {
  const [slow, other] = [claims(200), claims(200)];
  await slow.take('a');
  await new Promise((resolve) => setTimeout(resolve, 600));
  // Of this machine and running: not gone while its file is refreshed.
  expect(await other.take('a')).toBe(false);
  await other.close();
  expect(readdirSync(folder)).toEqual(['a.claim']);
  await slow.close();
  expect(readdirSync(root)).toEqual([]);
});
