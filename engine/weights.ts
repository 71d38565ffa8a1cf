/**
 * Weights by name, for graphs and for readings. Their bytes come in parts (the embedding, each block, the final norm
 * and unembedding), see `weight-parts.ts`.
 */
import { FormatError, ShapeError } from '../shared/errors.ts';
import type { ByteSource } from '../shared/formats/byte-source.ts';
import { isFloat, toFloat32 } from '../shared/formats/dtype.ts';
import {
  findTensor,
  rowsInOrder,
  storedRow,
  type TensorInfo,
  type TensorSet,
} from '../shared/formats/tensors.ts';
import { isPackable, packMatrix } from '../shared/formats/gguf/packed.ts';
import { halfScale, toHalves } from '../shared/formats/half-float.ts';
import type { HalfTensor, PackedTensor, StoredTensor, Weights } from '../shared/graph/parts.ts';
import { sha256 } from '../shared/sha256.ts';
import { blockTensorNames, tensorNames, type ModelSpec } from '../shared/spec/model-spec.ts';
import type { StoredType, WeightsProgress, WeightTensor } from './api.ts';
import { WeightParts, type HoldLimits, type Range } from './weight-parts.ts';

/** The order in which a run needs the parts: what the first row of the lens needs comes first. */
export function partOrder(spec: ModelSpec): string[] {
  const blocks = Array.from({ length: spec.nLayers }, (_, l) => `block.${l}`);
  return ['embed', ...blocks.slice(0, 1), 'final', ...blocks.slice(1)];
}

export class WeightStore {
  readonly #set: TensorSet;
  readonly #parts: WeightParts;
  readonly #keepQuantized: boolean;
  readonly #sources = new Map<ByteSource, number>();
  readonly #storedTypes: readonly StoredType[];

  /** @throws {ShapeError} when a tensor isn't what the config implies; {@link FormatError} for its type. */
  constructor(
    set: TensorSet,
    spec: ModelSpec,
    onProgress?: (progress: WeightsProgress) => void,
    limits?: HoldLimits,
    keepQuantized = false,
  ) {
    this.#set = set;
    this.#keepQuantized = keepQuantized;
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
    const names = new Map<string, readonly string[]>([
      ['embed', weights.posEmbed === undefined ? [weights.embed] : [weights.embed, weights.posEmbed]],
      ['final', [...tensorNames(weights.finalNorm), weights.unembed]],
    ]);
    weights.blocks.forEach((b, l) => names.set(`block.${l}`, blockTensorNames(b)));
    const claimed = new Set<string>(); // a tied unembedding comes with the embedding
    const parts = partOrder(spec).map((key) => {
      const own = (names.get(key) ?? []).filter((name) => !claimed.has(name));
      for (const name of own) claimed.add(name);
      return [key, own.map((name) => findTensor(set, name))] as const;
    });
    const bytes = new Map<string, number>();
    for (const name of claimed) {
      const { dtype, start, end } = findTensor(set, name);
      bytes.set(dtype, (bytes.get(dtype) ?? 0) + end - start);
    }
    this.#storedTypes = [...bytes].map(([type, size]) => ({ type, bytes: size })).sort((a, b) => b.bytes - a.bytes); // prettier-ignore
    this.#parts = new WeightParts(new Map(parts), onProgress, limits);
  }

  /** Bytes by type, most first. */
  get storedTypes(): readonly StoredType[] {
    return this.#storedTypes;
  }

  get totalBytes(): number {
    return this.#parts.totalBytes;
  }

  get progress(): WeightsProgress {
    return this.#parts.progress;
  }

  /** Whether parts go once they are used: a session a layer is all that should be held of such a model. */
  get gives(): boolean {
    return this.#parts.gives;
  }

  /** Whether what goes must come over the network again. */
  get fetchesAgain(): boolean {
    return this.gives && !this.#parts.local;
  }

  has(key: string): boolean {
    return this.#parts.has(key);
  }

  nextProgress(): Promise<void> {
    return this.#parts.nextProgress();
  }

  /** @see WeightParts.need */
  need(key: string, signal?: AbortSignal): Promise<void> {
    return this.#parts.need(key, signal);
  }

  /** @see WeightParts.use */
  use<T>(key: string, signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
    return this.#parts.use(key, signal, task);
  }

  /** A tensor's bytes, which {@link need} has fetched. */
  #bytes(info: TensorInfo): Uint8Array<ArrayBuffer> {
    return bytesIn(info, this.#parts.range(info.name));
  }

  /** @throws {FormatError} for whole numbers. */
  #floats({ name, dtype }: TensorInfo, bytes: Uint8Array): Float32Array<ArrayBuffer> {
    if (isFloat(dtype)) return toFloat32(bytes, dtype);
    throw new FormatError(`${this.#set.place}: ${name}: expected floats, got ${dtype}`);
  }

  /**
   * A tensor for a graph. f32 points into the fetched bytes (a copy where its rows are stored in another order); all
   * else goes to f32, anew at each call: the graph's session keeps it, this store doesn't. f16 too: the runtime would
   * cast it itself, but on a heap that never shrinks.
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

  /** A matrix that stays quantized on the device: where that is wanted, and its type can. */
  readonly packed = (name: string): PackedTensor | undefined =>
    this.packedRows(name, 0, findTensor(this.#set, name).shape[0] ?? 0);

  /** Rows [from, to) of such a matrix. */
  packedRows(name: string, from: number, to: number): PackedTensor | undefined {
    const info = findTensor(this.#set, name);
    const [, columns] = info.shape;
    if (!this.#keepQuantized || columns === undefined || !isPackable(info.dtype)) return undefined;
    const rows = rowsInOrder(info, this.#bytes(info), from, to);
    const matrix = packMatrix(rows, info.dtype, to - from, columns);
    return { name: `${name}.${from}`, shape: [to - from, columns], matrix };
  }

  /** A matrix in f16, scaled so that none of its numbers leaves that. */
  readonly #half = (name: string): HalfTensor => {
    const info = findTensor(this.#set, name);
    const values = this.#floats(info, rowsInOrder(info, this.#bytes(info)));
    const scale = halfScale(values);
    if (scale !== 1) for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) * scale;
    const bytes = new Uint8Array(toHalves(values).buffer);
    const data = { location: `${name}.f16`, bytes, offset: 0, length: bytes.byteLength };
    return { shape: info.shape, data, scale };
  };

  /** The weights for graphs whose products are computed in f16. @param pinned see {@link Weights.pinned} */
  inHalf(pinned: boolean): Weights {
    return { stored: this.stored, packed: this.packed, half: this.#half, pinned };
  }

  #converted(info: TensorInfo, from: number, to: number, shape: readonly number[]): StoredTensor {
    const { name, dtype, source, pairedHeads } = info;
    const rows = rowsInOrder(info, this.#bytes(info), from, to);
    const range = this.#parts.range(name);
    if (dtype === 'F32' && pairedHeads === undefined && range) {
      const { start, bytes } = range;
      const offset = rows.byteOffset - bytes.byteOffset;
      const location = `bytes.${this.#sourceNumber(source)}.${start}`;
      return { shape, data: { location, bytes, offset, length: rows.byteLength } };
    }
    const bytes = dtype === 'F32' ? rows : new Uint8Array(this.#floats(info, rows).buffer);
    const location = `${name}.${from}`;
    return { shape, data: { location, bytes, offset: 0, length: bytes.byteLength } };
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
    return this.#parts.range(info.name) ? this.#bytes(info) : info.source.read(info.start, info.end, signal);
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
    const lines: string[] = [];
    for (const info of this.#parts.tensors.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const { name, dtype, shape } = info;
      const digest = this.#parts.digest(name) ?? (await sha256(await this.#anyBytes(info, signal)));
      lines.push(`${name} ${dtype} ${shape.join('x')} ${digest}\n`);
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
    this.#parts.dispose();
  }
}

function bytesIn(info: TensorInfo, range: Range | undefined): Uint8Array<ArrayBuffer> {
  if (!range) throw new Error(`${info.name}: used before it was fetched`);
  return range.bytes.subarray(info.start - range.start, info.end - range.start);
}
