/**
 * A model's files with a memory: every range that was fetched stays on this device, so that a second visit needs no
 * network and a broken download goes on where it was. A piece is kept with its SHA-256; one that is damaged, cut
 * short or evicted is fetched again. When the device is full, nothing more is kept and `note` says so.
 */
import { AccessError, messageOf, NetworkError, NotFoundError } from '../shared/errors.ts';
import { checkRange, type ByteSource, type OnBytes } from '../shared/formats/byte-source.ts';
import type { ModelFiles } from './api.ts';
import { MissingFileError } from './http-request.ts';
import type { RemoteFile, RemoteFiles } from './http-source.ts';
import { Keeper } from './keeper.ts';
import { cacheName, type KeptStorage } from './kept-storage.ts';

/** Bytes of one piece: what a broken download loses at most. */
const PIECE = 16 * 1024 * 1024;

/** A file of which some is here. */
class KeptSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #file: string;
  readonly #keeper: Keeper;
  readonly #remote: () => Promise<ByteSource>;

  constructor(name: string, size: number, file: string, keeper: Keeper, remote: () => Promise<ByteSource>) {
    this.name = name;
    this.size = size;
    this.#file = file;
    this.#keeper = keeper;
    this.#remote = remote;
  }

  /** What was read once is here, unless nothing can be kept. */
  get local(): boolean {
    return this.#keeper.note === undefined;
  }

  async read(
    start: number,
    end: number,
    signal?: AbortSignal,
    onBytes?: OnBytes,
  ): Promise<Uint8Array<ArrayBuffer>> {
    checkRange(this, start, end);
    const bytes = new Uint8Array(end - start);
    for (let at = start; at < end;) {
      const { span, next } = this.#keeper.find(this.#file, at);
      if (span) {
        const kept = await this.#keeper.read(this.#file, span);
        if (!kept) continue; // it was struck off: this looks again
        const to = Math.min(end, span.end);
        bytes.set(kept.subarray(at - span.start, to - span.start), at - start);
        onBytes?.(to - at);
        at = to;
      } else {
        const to = Math.min(end, next, at + PIECE);
        const fetched = await (await this.#remote()).read(at, to, signal, onBytes);
        bytes.set(fetched, at - start);
        await this.#keeper.write(this.#file, at, fetched);
        at = to;
      }
    }
    return bytes;
  }
}

/**
 * The same files, kept. Files of a pinned revision are never asked for again; others are compared with the server's
 * mark at each opening, and served from here when the server can't be reached.
 */
export async function keptFiles(remote: RemoteFiles, storage: KeptStorage): Promise<ModelFiles> {
  let keeper: Keeper;
  try {
    keeper = await Keeper.open(storage, cacheName(remote.origin, remote.id, remote.revision ?? ''));
  } catch (error) {
    return { ...remote, note: `This browser keeps no models (${messageOf(error)}).` };
  }
  const open = async (file: string, signal?: AbortSignal): Promise<ByteSource> => {
    const known = await keeper.known(file);
    const name = `${remote.id}/${file}`;
    if (known === 'missing' && remote.pinned) throw new NotFoundError(`${name}: not there`);
    let opened: RemoteFile | undefined;
    if (known === undefined || !remote.pinned) {
      try {
        opened = await remote.open(file, signal);
      } catch (error) {
        if (error instanceof MissingFileError && remote.pinned) await keeper.remember(file, 'missing');
        const away = error instanceof NetworkError && !(error instanceof AccessError);
        if (!away || known === undefined || known === 'missing') throw error;
      }
    }
    if (opened) {
      const mark = { size: opened.size, tag: opened.tag };
      const same = known !== 'missing' && known?.size === mark.size && known.tag === mark.tag;
      if (known !== undefined && !same) await keeper.forget(file);
      if (!remote.pinned && mark.tag === undefined) return opened; // nothing would tell a new version from this one
      if (!same) await keeper.remember(file, mark);
    }
    const size = opened?.size ?? (known as { size: number }).size;
    let later: Promise<RemoteFile> | undefined = opened && Promise.resolve(opened);
    return new KeptSource(name, size, file, keeper, async () => {
      later ??= remote.open(file); // shared by all who read: none may cancel it
      try {
        return await later;
      } catch (error) {
        later = undefined;
        throw error;
      }
    });
  };
  const list = async (signal?: AbortSignal): Promise<readonly string[]> => {
    const kept = remote.pinned ? await keeper.list() : undefined;
    if (kept) return kept;
    const files = (await remote.list?.(signal)) ?? [];
    if (remote.pinned && files.length > 0) await keeper.rememberList(files);
    return files;
  };
  return {
    id: remote.id,
    ...(remote.revision !== undefined && { revision: remote.revision }),
    ...(remote.gguf !== undefined && { gguf: remote.gguf }),
    list,
    get note() {
      return keeper.note;
    },
    open,
  };
}
