/**
 * Weights, part by part: the embedding, each block, the final norm and unembedding. A part is fetched when a run
 * first needs it, a few ahead, in layer order, and kept.
 */
import { CancelledError, FormatError, ShapeError, throwIfCancelled } from '../shared/errors.ts';
import type { ByteSource } from '../shared/formats/byte-source.ts';
import { isFloat, toFloat32 } from '../shared/formats/dtype.ts';
import {
  findTensor,
  rowsInOrder,
  storedRow,
  type TensorInfo,
  type TensorSet,
} from '../shared/formats/tensors.ts';
import type { StoredTensor } from '../shared/graph/parts.ts';
import { blockTensorNames, tensorNames, type ModelSpec } from '../shared/spec/model-spec.ts';
import type { WeightsProgress, WeightTensor } from './api.ts';

/** Tensors closer than this are fetched in one range. */
const COALESCE_BYTES = 256 * 1024;
/** Parts fetched beside the one that is waited for. */
const AHEAD = 2;

/** Bytes of a fetched range; tensors point into it. */
interface Range {
  readonly start: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

interface Part {
  readonly tensors: readonly TensorInfo[];
  loading: Promise<void> | undefined;
  stop: AbortController | undefined;
  waiters: number;
}

/** The order in which a run needs the parts: what the first row of the lens needs comes first. */
export function partOrder(spec: ModelSpec): string[] {
  const blocks = Array.from({ length: spec.nLayers }, (_, l) => `block.${l}`);
  return ['embed', ...blocks.slice(0, 1), 'final', ...blocks.slice(1)];
}

/** Bytes to fetch in one request, and the tensors that lie in them. */
interface Stretch {
  readonly source: ByteSource;
  readonly start: number;
  end: number;
  readonly tensors: TensorInfo[];
}

/** Neighbours in a file are fetched together. */
function coalesce(tensors: readonly TensorInfo[]): Stretch[] {
  const stretches: Stretch[] = [];
  for (const t of [...tensors].sort((a, b) => a.start - b.start)) {
    const near = stretches.find((s) => s.source === t.source && t.start - s.end <= COALESCE_BYTES);
    if (near) {
      near.end = Math.max(near.end, t.end);
      near.tensors.push(t);
    } else {
      stretches.push({ source: t.source, start: t.start, end: t.end, tensors: [t] });
    }
  }
  return stretches;
}

export class WeightStore {
  readonly totalBytes: number;
  readonly #set: TensorSet;
  readonly #parts = new Map<string, Part>();
  readonly #order: readonly string[];
  readonly #ranges = new Map<string, Range>();
  readonly #onProgress: ((progress: WeightsProgress) => void) | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #sources = new Map<ByteSource, number>();
  #loadedBytes = 0;

  /** @throws {ShapeError} when a tensor isn't what the config implies; {@link FormatError} for its type. */
  constructor(set: TensorSet, spec: ModelSpec, onProgress?: (progress: WeightsProgress) => void) {
    this.#set = set;
    this.#onProgress = onProgress;
    this.#order = partOrder(spec);
    for (const [name, shape] of spec.shapes) {
      const info = findTensor(set, name);
      if (info.shape.join() !== shape.join()) {
        throw new ShapeError(
          `${spec.family}: ${set.place}: ${name}: expected [${shape.join(', ')}], got [${info.shape.join(', ')}]: config.json and weights are not of the same model`,
        );
      }
      if (!isFloat(info.dtype)) {
        throw new FormatError(`${set.place}: ${name}: expected floats, got ${info.dtype}`);
      }
    }
    const { weights } = spec;
    const claimed = new Set<string>();
    const part = (key: string, names: readonly string[]): void => {
      const tensors = names.filter((n) => !claimed.has(n)).map((n) => findTensor(set, n));
      for (const n of names) claimed.add(n);
      this.#parts.set(key, { tensors, loading: undefined, stop: undefined, waiters: 0 });
    };
    part('embed', weights.posEmbed === undefined ? [weights.embed] : [weights.embed, weights.posEmbed]);
    weights.blocks.forEach((b, l) => part(`block.${l}`, blockTensorNames(b)));
    part('final', [...tensorNames(weights.finalNorm), weights.unembed]);
    this.totalBytes = [...claimed].reduce((n, name) => {
      const { start, end } = findTensor(set, name);
      return n + end - start;
    }, 0);
  }

  get progress(): WeightsProgress {
    return { loadedBytes: this.#loadedBytes, totalBytes: this.totalBytes };
  }

  /** Whether a part's bytes are here. */
  has(key: string): boolean {
    return (this.#parts.get(key)?.tensors ?? []).every((t) => this.#ranges.has(t.name));
  }

  /** Resolves when more bytes have arrived. */
  nextProgress(): Promise<void> {
    return new Promise((resolve) => {
      const listener = (): void => {
        this.#listeners.delete(listener);
        resolve();
      };
      this.#listeners.add(listener);
    });
  }

  /** Fetches a part, and the next few behind it. */
  async need(key: string, signal?: AbortSignal): Promise<void> {
    const at = this.#order.indexOf(key);
    for (const next of this.#order.slice(at + 1, at + 1 + AHEAD)) {
      void this.#load(next, signal).catch(() => undefined); // its own turn reports what went wrong
    }
    await this.#load(key, signal);
  }

  /** Waits for a part; the fetch itself stops when everybody who waited has gone. */
  async #load(key: string, signal: AbortSignal | undefined): Promise<void> {
    throwIfCancelled(signal);
    const part = this.#parts.get(key);
    if (!part) throw new RangeError(`no part ${key}`);
    if (this.has(key)) return;
    if (!part.loading) {
      part.stop = new AbortController();
      const loading = this.#fetch(part, part.stop.signal).finally(() => {
        if (part.loading === loading) part.loading = undefined;
      });
      loading.catch(() => undefined);
      part.loading = loading;
    }
    const { loading, stop } = part;
    part.waiters++;
    let onAbort: (() => void) | undefined;
    const cancelled = new Promise<never>((_, reject) => {
      onAbort = () => reject(new CancelledError());
      signal?.addEventListener('abort', onAbort, { once: true });
    });
    try {
      await Promise.race([loading, cancelled]);
    } finally {
      if (onAbort) signal?.removeEventListener('abort', onAbort);
      part.waiters--;
      if (part.waiters === 0 && part.loading === loading) {
        stop?.abort();
        part.loading = undefined;
      }
    }
  }

  async #fetch(part: Part, signal: AbortSignal): Promise<void> {
    const missing = part.tensors.filter((t) => !this.#ranges.has(t.name));
    for (const { source, start, end, tensors } of coalesce(missing)) {
      const bytes = await source.read(start, end, signal);
      for (const t of tensors) {
        this.#ranges.set(t.name, { start, bytes });
        this.#loadedBytes += t.end - t.start;
      }
      this.#onProgress?.(this.progress);
      for (const listener of [...this.#listeners]) listener();
    }
  }

  /** A tensor's bytes, which {@link need} has fetched. */
  #bytes(info: TensorInfo): Uint8Array<ArrayBuffer> {
    const range = this.#ranges.get(info.name);
    if (!range) throw new Error(`${info.name}: used before it was fetched`);
    return range.bytes.subarray(info.start - range.start, info.end - range.start);
  }

  /** @throws {FormatError} for whole numbers. */
  #floats({ name, dtype }: TensorInfo, bytes: Uint8Array): Float32Array<ArrayBuffer> {
    if (isFloat(dtype)) return toFloat32(bytes, dtype);
    throw new FormatError(`${this.#set.place}: ${name}: expected floats, got ${dtype}`);
  }

  /**
   * A tensor for a graph. f32 and f16 point into the fetched bytes (a copy where their rows are stored in another
   * order); all else goes to f32, anew at each call: the graph's session keeps it, this store doesn't.
   */
  readonly stored = (name: string): StoredTensor => {
    const info = findTensor(this.#set, name);
    return this.#converted(info, 0, info.shape[0] ?? 1, info.shape);
  };

  /** Rows [from, to) of a stored matrix, for a graph that holds a share of it: no other row is converted. */
  storedRows(name: string, from: number, to: number): StoredTensor {
    const info = findTensor(this.#set, name);
    return this.#converted(info, from, to, [to - from, info.shape[1] as number]);
  }

  #converted(info: TensorInfo, from: number, to: number, shape: readonly number[]): StoredTensor {
    const { name, dtype, source, pairedHeads } = info;
    const rows = rowsInOrder(info, this.#bytes(info), from, to);
    const range = this.#ranges.get(name);
    if ((dtype === 'F32' || dtype === 'F16') && pairedHeads === undefined && range) {
      const { start, bytes } = range;
      const offset = rows.byteOffset - bytes.byteOffset;
      const location = `bytes.${this.#sourceNumber(source)}.${start}`;
      return { type: dtype, shape, data: { location, bytes, offset, length: rows.byteLength } };
    }
    const type = dtype === 'F16' ? 'F16' : 'F32';
    const bytes = type === dtype ? rows : new Uint8Array(this.#floats(info, rows).buffer);
    const location = `${name}.${from}`;
    return { type, shape, data: { location, bytes, offset: 0, length: bytes.byteLength } };
  }

  /** Chosen rows of a matrix in f32, [rows.length, columns]: an embedding look-up. */
  rows(name: string, rows: Int32Array): Float32Array<ArrayBuffer> {
    const info = findTensor(this.#set, name);
    const columns = info.shape[1] as number;
    const bytes = this.#bytes(info);
    const rowBytes = bytes.byteLength / (info.shape[0] as number);
    const out = new Float32Array(rows.length * columns);
    rows.forEach((row, i) => {
      const at = storedRow(info, row) * rowBytes;
      out.set(this.#floats(info, bytes.subarray(at, at + rowBytes)), i * columns);
    });
    return out;
  }

  /** A tensor's bytes, from memory or fetched for this once. */
  async #anyBytes(info: TensorInfo, signal: AbortSignal | undefined): Promise<Uint8Array<ArrayBuffer>> {
    return this.#ranges.has(info.name) ? this.#bytes(info) : info.source.read(info.start, info.end, signal);
  }

  /** Any tensor of the file in f32, fetched if it isn't here. */
  async tensor(name: string, signal?: AbortSignal): Promise<WeightTensor> {
    const info = findTensor(this.#set, name);
    const bytes = rowsInOrder(info, await this.#anyBytes(info, signal));
    return { name, shape: info.shape, data: this.#floats(info, bytes) };
  }

  /**
   * SHA-256 over the tensors that a run reads: `name dtype shape sha256(bytes)`, a line each, sorted by name. The
   * same for one file or many shards.
   */
  async hash(signal?: AbortSignal): Promise<string> {
    const names = [...this.#parts.values()].flatMap((p) => p.tensors.map((t) => t.name)).sort();
    const lines: string[] = [];
    for (const name of names) {
      const info = findTensor(this.#set, name);
      const bytes = await this.#anyBytes(info, signal);
      lines.push(`${name} ${info.dtype} ${info.shape.join('x')} ${await sha256(bytes)}\n`);
    }
    return sha256(new TextEncoder().encode(lines.join('')));
  }

  /** Numbers the files, for names that a graph may hold: a path may not stand in one. */
  #sourceNumber(source: ByteSource): number {
    const known = this.#sources.get(source) ?? this.#sources.size;
    this.#sources.set(source, known);
    return known;
  }

  /** Drops all bytes and stops what is under way. */
  dispose(): void {
    for (const part of this.#parts.values()) part.stop?.abort();
    this.#ranges.clear();
  }
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (b) => b.toString(16).padStart(2, '0')).join('');
}
