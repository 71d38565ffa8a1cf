/** Addresses of test data: `shared/…` is the folder beside the checkout, anything else lies in the checkout. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout: this file's, also when it is bundled elsewhere in it. */
export const ROOT = rootAbove(dirname(fileURLToPath(import.meta.url)));

function rootAbove(folder: string): string {
  if (existsSync(join(folder, 'vitest.config.ts')) || dirname(folder) === folder) return folder;
  return rootAbove(dirname(folder));
}

const SHARED = join(ROOT, '..', 'shared');

/** Why tests on the shared goldens can't run here; undefined when they can. For `skip`. */
export const sharedMissing: string | undefined = existsSync(join(SHARED, 'goldens'))
  ? undefined
  : 'the folder ../shared, which holds the goldens, is not here';

/** The path of an address in the file system. */
export function pathOf(address: string): string {
  return address.startsWith('shared/') ? join(SHARED, address.slice('shared/'.length)) : join(ROOT, address);
}

export async function readBytes(address: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(pathOf(address)));
}
