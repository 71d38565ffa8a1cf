/** Models on this machine's disk, for Node: the embedded one, folders in Hugging Face layout, `.gguf` files. */
import { existsSync, statSync } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FormatError, messageOf, NotFoundError, throwIfCancelled } from '../shared/errors.ts';
import { checkRange, type ByteSource, type OnBytes } from '../shared/formats/byte-source.ts';
import type { ModelFiles } from './api.ts';

/** Models that come with the package. */
export const EMBEDDED: readonly string[] = ['fable-4m'];

/** The package's own folder, from wherever this module was bundled to. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'site', 'public', 'models'))) {
    const parent = dirname(folder);
    if (parent === folder)
      throw new NotFoundError('the embedded models are missing: install residscope again');
    folder = parent;
  }
  return folder;
}

/** Bytes read at a time, so that a cancelled read ends soon. */
const STEP = 16 * 1024 * 1024;

class FileSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly local = true;
  readonly #path: string;

  constructor(name: string, path: string, size: number) {
    this.name = name;
    this.#path = path;
    this.size = size;
  }

  async read(
    start: number,
    end: number,
    signal?: AbortSignal,
    onBytes?: OnBytes,
  ): Promise<Uint8Array<ArrayBuffer>> {
    checkRange(this, start, end);
    const bytes = new Uint8Array(end - start);
    const file = await open(this.#path, 'r');
    try {
      for (let at = 0; at < bytes.length;) {
        throwIfCancelled(signal);
        const { bytesRead } = await file.read(bytes, at, Math.min(STEP, bytes.length - at), start + at);
        if (bytesRead === 0) throw new FormatError(`${this.name}: got shorter while it was read`);
        at += bytesRead;
        onBytes?.(bytesRead);
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
    list: () => readdir(folder),
  };
}

/** The model on this disk that a string names: embedded, a folder, or a `.gguf` file. */
export function findLocal(source: string): ModelFiles | undefined {
  if (EMBEDDED.includes(source)) {
    return folderFiles(source, join(packageRoot(), 'site/public/models', source));
  }
  const path = resolve(source);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (source !== '' && stat?.isDirectory()) return folderFiles(source, path);
  if (!stat?.isFile()) return undefined;
  if (!/\.gguf$/i.test(path)) {
    throw new NotFoundError(
      `model "${source}": a file, but not a .gguf one: give that, or the folder that holds config.json`,
    );
  }
  return { ...folderFiles(dirname(source), dirname(path)), id: source, gguf: basename(path) };
}
