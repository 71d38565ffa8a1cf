/** Files of results: whole or not at all. Written beside the target, then renamed over it. */
import { statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { InputError, messageOf } from '../shared/errors.ts';

/** @throws {InputError} when there is no folder to write into: before a model runs for nothing. */
export function assertWritable(option: string, file: string): void {
  const folder = dirname(resolve(file));
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new InputError(`${option} ${file}: there is no folder ${folder}: make it first`);
  }
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
    throw new InputError(`${option} ${file}: expected a file, got a folder: name a file in it`);
  }
}

/** @param parts written one after another. */
export async function writeWhole(
  file: string,
  parts: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>,
): Promise<void> {
  const partial = `${file}.${process.pid}.partial`;
  try {
    const handle = await open(partial, 'w');
    try {
      for await (const part of parts) await handle.writeFile(part);
    } finally {
      await handle.close();
    }
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    if (error instanceof Error && 'syscall' in error) {
      throw new InputError(`${file}: not written: ${messageOf(error)}: name another file`, { cause: error });
    }
    throw error;
  }
}
