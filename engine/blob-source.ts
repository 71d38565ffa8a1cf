/**
 * Models that the reader drops on the page or picks: a folder in Hugging Face layout, or a `.gguf` file. Nothing is
 * uploaded; bytes are read from the disk when a run needs them.
 *
 * In the page: `LensModel.load(blobFiles(fileEntries(input.files)))`; for a worker, post the entries (they are plain
 * data) and call {@link blobFiles} there: a file loses its path on the way.
 */
import { FormatError, InputError, messageOf, NotFoundError, throwIfCancelled } from '../shared/errors.ts';
import { checkRange, type ByteSource, type OnBytes } from '../shared/formats/byte-source.ts';
import type { ModelFiles } from './api.ts';

/** A file and where it lay: `folder/config.json`. */
export interface FileEntry {
  readonly path: string;
  readonly blob: Blob;
}

/** More is no model's folder: a home folder dropped by mistake, say. */
const MAX_FILES = 5000;
/** Bytes read at a time, so that a cancelled read ends soon. */
const STEP = 16 * 1024 * 1024;

class BlobSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly local = true;
  readonly #blob: Blob;

  constructor(name: string, blob: Blob) {
    this.name = name;
    this.size = blob.size;
    this.#blob = blob;
  }

  async read(
    start: number,
    end: number,
    signal?: AbortSignal,
    onBytes?: OnBytes,
  ): Promise<Uint8Array<ArrayBuffer>> {
    checkRange(this, start, end);
    const bytes = new Uint8Array(end - start);
    for (let at = start; at < end; at += STEP) {
      throwIfCancelled(signal);
      const to = Math.min(end, at + STEP);
      let piece: Uint8Array;
      try {
        piece = new Uint8Array(await this.#blob.slice(at, to).arrayBuffer());
      } catch (cause) {
        throw new FormatError(
          `${this.name}: can't be read any more (${messageOf(cause)}): was it moved or changed? Drop it again.`,
          { cause },
        );
      }
      if (piece.byteLength !== to - at) {
        throw new FormatError(
          `${this.name}: expected ${to - at} bytes, got ${piece.byteLength}: drop it again`,
        );
      }
      bytes.set(piece, at - start);
      onBytes?.(piece.byteLength);
    }
    return bytes;
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

function lastPart(path: string): string {
  return path.replace(/\/$/, '').split('/').at(-1) ?? '';
}

/**
 * The model in dropped or picked files: the folder nearest the top that has a config.json, else the one `.gguf` file.
 *
 * @throws {InputError} when there are several to choose from. @throws {NotFoundError} when there is none.
 */
export function blobFiles(entries: readonly FileEntry[]): ModelFiles {
  const name = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
  const depth = (path: string): number => path.split('/').length;
  const configs = entries.filter(({ path }) => name(path) === 'config.json');
  const top = Math.min(...configs.map(({ path }) => depth(path)));
  const [config, ...others] = configs.filter(({ path }) => depth(path) === top);
  const ggufs = entries.filter(({ path }) => /\.gguf$/i.test(path));
  if (others.length > 0) {
    const folders = [config as FileEntry, ...others].map(({ path }) => folderOf(path)).join(', ');
    throw new InputError(`dropped files: several models (${folders}): drop one`);
  }
  const folder = config && folderOf(config.path);
  const weights =
    folder !== undefined &&
    entries.some((e) => folderOf(e.path) === folder && /\.safetensors(\.index\.json)?$/.test(e.path));
  if (!weights && ggufs.length > 1) {
    throw new InputError(
      `dropped files: ${ggufs.length} .gguf files (${ggufs
        .slice(0, 5)
        .map(({ path }) => path)
        .join(', ')}): drop one`,
    );
  }
  const [gguf] = ggufs;
  if (!weights && gguf) return listed(name(gguf.path), [gguf], folderOf(gguf.path), name(gguf.path));
  if (!config || folder === undefined) {
    throw new NotFoundError(
      'dropped files: no model in them: expected a folder with config.json, tokenizer.json and .safetensors files, or a .gguf file',
    );
  }
  return listed(lastPart(folder) || 'dropped model', entries, folder);
}

function listed(id: string, entries: readonly FileEntry[], folder: string, gguf?: string): ModelFiles {
  const files = new Map(
    entries.filter(({ path }) => folderOf(path) === folder).map((e) => [e.path.slice(folder.length), e.blob]),
  );
  return {
    id,
    ...(gguf !== undefined && { gguf }),
    list: () => Promise.resolve([...files.keys()]),
    open(file) {
      const blob = files.get(file);
      if (blob) return Promise.resolve(new BlobSource(`${id}/${file}`, blob));
      return Promise.reject(new NotFoundError(`${id}/${file}: not among the dropped files`));
    },
  };
}

/** Files of an `<input type="file">`, with `webkitdirectory` or without. */
export function fileEntries(files: Iterable<File>): FileEntry[] {
  return [...files].map((file) => ({
    path: file.webkitRelativePath === '' ? file.name : file.webkitRelativePath,
    blob: file,
  }));
}

/** All files in a folder that the reader picked with `showDirectoryPicker()`. @throws {InputError} for too many. */
export async function directoryEntries(
  directory: FileSystemDirectoryHandle,
  path = `${directory.name}/`,
  found: FileEntry[] = [],
): Promise<FileEntry[]> {
  for await (const handle of directory.values()) {
    if (handle.name.startsWith('.')) continue;
    if (handle.kind === 'directory') {
      await directoryEntries(handle, `${path}${handle.name}/`, found);
    } else {
      found.push({ path: path + handle.name, blob: await handle.getFile() });
    }
    checkCount(found);
  }
  return found;
}

/**
 * All files of a drop. Call it in the `drop` event itself: later its items are gone.
 *
 * @throws {InputError} for too many.
 */
export async function droppedEntries(
  items: Iterable<Pick<DataTransferItem, 'webkitGetAsEntry'>>,
): Promise<FileEntry[]> {
  const roots = [...items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found: FileEntry[] = [];
  for (const root of roots) await walk(root, found);
  return found;
}

async function walk(entry: FileSystemEntry, found: FileEntry[]): Promise<void> {
  const path = entry.fullPath.replace(/^\//, '');
  if (entry.isFile) {
    const blob = await new Promise<File>((resolve, reject) => {
      (entry as FileSystemFileEntry).file(resolve, reject);
    });
    found.push({ path, blob });
    checkCount(found);
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A call gives a hundred entries at most.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (some.length === 0) return;
    for (const inner of some) if (!inner.name.startsWith('.')) await walk(inner, found);
  }
}

function checkCount(found: readonly FileEntry[]): void {
  if (found.length > MAX_FILES) {
    throw new InputError(`dropped files: more than ${MAX_FILES}: drop the model's own folder`);
  }
}
