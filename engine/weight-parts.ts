/**
 * The bytes of a model's weights, part by part: fetched when first needed and a few ahead, in the order of a run;
 * given up again where the model is large and a session holds them. Progress counts each byte once.
 */
import { CancelledError, throwIfCancelled } from '../shared/errors.ts';
import type { ByteSource } from '../shared/formats/byte-source.ts';
import type { TensorInfo } from '../shared/formats/tensors.ts';
import { sha256 } from '../shared/sha256.ts';
import type { WeightsProgress } from './api.ts';
import { MEMORY_LIMITS, type MemoryLimits } from './memory.ts';

/** Tensors closer than this are fetched in one range. */
const COALESCE_BYTES = 256 * 1024;
/** Parts fetched beside the one that is waited for. */
const AHEAD = 2;
/** Milliseconds between two tellings of progress. */
const TELL_EVERY = 60;

export type HoldLimits = Pick<MemoryLimits, 'holdBytes' | 'holdRemoteBytes'>;

/** Bytes of a fetched range; tensors point into it. */
export interface Range {
  readonly start: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

interface Part {
  readonly tensors: readonly TensorInfo[];
  readonly totalBytes: number;
  /** Of these, counted as loaded. */
  counted: number;
  loading: Promise<void> | undefined;
  stop: AbortController | undefined;
  waiters: number;
  /** Tasks that read its bytes. */
  users: number;
  /** It was whole once: it is not fetched ahead again. */
  seen: boolean;
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

export class WeightParts {
  readonly totalBytes: number;
  readonly #parts: ReadonlyMap<string, Part>;
  readonly #order: readonly string[];
  readonly #limits: HoldLimits;
  readonly #ranges = new Map<string, Range>();
  readonly #digests = new Map<string, string>();
  readonly #onProgress: ((progress: WeightsProgress) => void) | undefined;
  readonly #listeners = new Set<() => void>();
  #loadedBytes = 0;
  #told = -Infinity;

  /** @param parts key → tensors, in the order in which a run needs them. */
  constructor(
    parts: ReadonlyMap<string, readonly TensorInfo[]>,
    onProgress?: (progress: WeightsProgress) => void,
    limits: HoldLimits = MEMORY_LIMITS,
  ) {
    this.#order = [...parts.keys()];
    this.#limits = limits;
    this.#onProgress = onProgress;
    this.#parts = new Map(
      [...parts].map(([key, tensors]) => {
        const totalBytes = tensors.reduce((n, t) => n + t.end - t.start, 0);
        const state = { counted: 0, loading: undefined, stop: undefined, waiters: 0, users: 0, seen: false };
        return [key, { tensors, totalBytes, ...state }];
      }),
    );
    this.totalBytes = [...this.#parts.values()].reduce((n, part) => n + part.totalBytes, 0);
  }

  get progress(): WeightsProgress {
    return { loadedBytes: this.#loadedBytes, totalBytes: this.totalBytes };
  }

  get tensors(): TensorInfo[] {
    return [...this.#parts.values()].flatMap((part) => part.tensors);
  }

  /** Whether all that is fetched again comes from this device. */
  get local(): boolean {
    return this.tensors.every((t) => t.source.local === true);
  }

  /** Whether parts go after use. */
  get gives(): boolean {
    return this.totalBytes > (this.local ? this.#limits.holdBytes : this.#limits.holdRemoteBytes);
  }

  /** Whether a part's bytes are here. */
  has(key: string): boolean {
    return (this.#parts.get(key)?.tensors ?? []).every((t) => this.#ranges.has(t.name));
  }

  /** Where a tensor's bytes are, if they are here. */
  range(name: string): Range | undefined {
    return this.#ranges.get(name);
  }

  /** SHA-256 of a tensor's bytes, in hex, where it was taken before they were given up. */
  digest(name: string): string | undefined {
    return this.#digests.get(name);
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

  /** Fetches a part, and the next few behind it that were never here. */
  async need(key: string, signal?: AbortSignal): Promise<void> {
    const at = this.#order.indexOf(key);
    for (const next of this.#order.slice(at + 1, at + 1 + AHEAD)) {
      if (this.#parts.get(next)?.seen) continue;
      void this.#load(next, signal).catch(() => undefined); // its own turn reports what went wrong
    }
    await this.#load(key, signal);
  }

  /**
   * Fetches a part and runs `task` while its bytes are here. After the last task they go, where the model is larger
   * than what is held: what `task` made (a session) has its own copy, and {@link need} brings them again.
   */
  async use<T>(key: string, signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
    const part = this.#part(key);
    part.users++;
    try {
      await this.need(key, signal);
      throwIfCancelled(signal);
      return await task();
    } finally {
      part.users--;
      if (part.users === 0) void this.#release(part).catch(() => undefined);
    }
  }

  async #release(part: Part): Promise<void> {
    if (!this.gives) return;
    for (const { name, start, end, source } of part.tensors) {
      const range = this.#ranges.get(name);
      if (source.local === true || !range || this.#digests.has(name)) continue;
      // The model's hash must not cost a second download.
      this.#digests.set(name, await sha256(range.bytes.subarray(start - range.start, end - range.start)));
    }
    if (part.users > 0) return;
    for (const { name } of part.tensors) this.#ranges.delete(name);
  }

  #part(key: string): Part {
    const part = this.#parts.get(key);
    if (!part) throw new RangeError(`no part ${key}`);
    return part;
  }

  /** Waits for a part; the fetch itself stops when everybody who waited has gone. */
  async #load(key: string, signal: AbortSignal | undefined): Promise<void> {
    throwIfCancelled(signal);
    const part = this.#part(key);
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
    const here = part.tensors.filter((t) => this.#ranges.has(t.name));
    const missing = part.tensors.filter((t) => !this.#ranges.has(t.name));
    let arrived = here.reduce((n, t) => n + t.end - t.start, 0);
    for (const { source, start, end, tensors } of coalesce(missing)) {
      const before = arrived;
      const size = tensors.reduce((n, t) => n + t.end - t.start, 0);
      const bytes = await source.read(start, end, signal, (more) => {
        arrived = Math.min(before + size, arrived + more); // gaps between tensors count for nothing
        this.#count(part, arrived);
      });
      throwIfCancelled(signal);
      for (const t of tensors) this.#ranges.set(t.name, { start, bytes });
      arrived = before + size;
      this.#count(part, arrived, true);
    }
    part.seen = true;
  }

  /** Progress never goes back: a part that is fetched again is not counted again. */
  #count(part: Part, arrived: number, tell = false): void {
    const more = Math.max(0, Math.min(arrived, part.totalBytes) - part.counted);
    part.counted += more;
    this.#loadedBytes += more;
    const now = performance.now();
    if (!tell && (more === 0 || now - this.#told < TELL_EVERY)) return;
    this.#told = now;
    this.#onProgress?.(this.progress);
    for (const listener of [...this.#listeners]) listener();
  }

  /** Drops all bytes and stops what is under way. */
  dispose(): void {
    for (const part of this.#parts.values()) part.stop?.abort();
    this.#ranges.clear();
  }
}
