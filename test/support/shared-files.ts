/**
 * Files of `../shared`, the folder beside the checkout: goldens too big to keep here. Where it is missing, tests that
 * need it skip and say why.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../', import.meta.url);

/** Path of a file of the checkout. */
export function projectPath(path: string): string {
  return fileURLToPath(new URL(path, ROOT));
}

/** Path of a file of `../shared`, or undefined with the reason printed. */
export function sharedPath(path: string): string | undefined {
  const full = fileURLToPath(new URL(`../shared/${path}`, ROOT));
  if (existsSync(full)) return full;
  console.warn(
    `skipped: ../shared/${path} is not there (it lies beside the checkout where goldens are at hand)`,
  );
  return undefined;
}

export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
