/** Models on this machine's disk, for Node: the embedded one, and folders in Hugging Face layout. */
import { existsSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FormatError, messageOf, NotFoundError } from '../shared/errors.ts';
import { checkRange, type ByteSource } from '../shared/formats/byte-source.ts';
import type { ModelFiles } from './api.ts';

/** Models that come with the package. */
const EMBEDDED: readonly string[] = ['fable-4m'];

/** The package's own folder, from wherever this module was bundled to. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'site', 'public', 'models'))) {
    const parent = dirname(folder);
    if (parent === folder)
      throw new NotFoundError('the embedded models are missing: install residscope again');
    folder = parent;
  }
  return folder;
}

class FileSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #path: string;

  constructor(name: string, path: string, size: number) {
    this.name = name;
    this.#path = path;
    this.size = size;
  }

  async read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    checkRange(this, start, end);
    const bytes = new Uint8Array(end - start);
    const file = await open(this.#path, 'r');
    try {
      for (let at = 0; at < bytes.length;) {
        const { bytesRead } = await file.read(bytes, at, bytes.length - at, start + at);
        if (bytesRead === 0) throw new FormatError(`${this.name}: got shorter while it was read`);
        at += bytesRead;
      }
    } finally {
      await file.close();
    }
    return bytes;
  }
}

/** A folder's files. */
export function folderFiles(id: string, folder: string): ModelFiles {
  return {
    id,
    open: (file) => {
      const path = join(folder, file);
      try {
        const stat = statSync(path);
        if (!stat.isFile()) throw new Error('not a file');
        return Promise.resolve(new FileSource(`${id}/${file}`, path, stat.size));
      } catch (cause) {
        const missing = new NotFoundError(
          `${id}/${file}: not there (${messageOf(cause)}): expected a folder in Hugging Face layout`,
          { cause },
        );
        return Promise.reject(missing);
      }
    },
  };
}

/** @throws {NotFoundError} naming what does open. */
export function resolveLocal(source: string): ModelFiles {
  if (EMBEDDED.includes(source))
    return folderFiles(source, join(packageRoot(), 'site/public/models', source));
  const folder = resolve(source);
  if (existsSync(folder) && statSync(folder).isDirectory()) return folderFiles(source, folder);
  throw new NotFoundError(
    `model "${source}": neither an embedded model (${EMBEDDED.join(', ')}) nor a folder here`,
  );
}
