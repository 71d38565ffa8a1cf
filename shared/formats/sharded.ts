/**
 * Safetensors in several files: `model.safetensors.index.json` says which tensor lies in which shard. The shards'
 * headers are read, their tensors become one set. The index comes from outside: what it names must be plain file
 * names beside it, and every shard must hold what the index says.
 *
 * @see https://huggingface.co/docs/transformers/big_models (the index: `metadata`, `weight_map`)
 */
import { FormatError, NotFoundError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { ByteSource } from './byte-source.ts';
import { isObject, parseJsonObject } from './json.ts';
import { openSafetensors } from './safetensors.ts';
import type { TensorInfo, TensorSet } from './tensors.ts';

/** Headers read at a time. */
const AT_ONCE = 4;

/** A file's own name, with no way out of its folder. */
const SHARD_NAME = /^[\w-][\w.-]*\.safetensors$/;

/** shard → the tensors that the index puts there, in its order. */
function shardsOf(place: string, index: Readonly<Record<string, unknown>>): Map<string, string[]> {
  const map = index['weight_map'];
  if (!isObject(map)) throw new FormatError(`${place}: weight_map: expected an object from tensor to file`);
  const shards = new Map<string, string[]>();
  for (const [tensor, file] of Object.entries(map)) {
    if (typeof file !== 'string' || file.length > 255 || !SHARD_NAME.test(file)) {
      throw new FormatError(
        `${place}: ${tensor}: expected the name of a .safetensors file beside the index, got ${JSON.stringify(file)}`,
      );
    }
    const names = shards.get(file);
    if (names) names.push(tensor);
    else shards.set(file, [tensor]);
  }
  if (shards.size === 0) throw new FormatError(`${place}: weight_map names no tensor: fetch it again`);
  if (shards.size > LIMITS.shards) {
    throw new FormatError(
      `${place}: ${shards.size} files, more than the ${LIMITS.shards} that are read here`,
    );
  }
  return shards;
}

/** `task` on each item, a few at a time; the results in the items' order. Stops starting when one has failed. */
async function mapFew<T, R>(items: readonly T[], task: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) {
      const at = next++;
      try {
        results[at] = await task(items[at] as T);
      } catch (error) {
        next = items.length;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, work));
  return results;
}

/**
 * Reads the index and every shard's header.
 *
 * @param index `model.safetensors.index.json`.
 * @param open opens a file beside the index.
 * @throws {FormatError} for a name that is none, and a tensor that its shard doesn't have or two shards do.
 * @throws {NotFoundError} naming the shard that is missing.
 */
export async function openSharded(
  index: ByteSource,
  open: (file: string, signal?: AbortSignal) => Promise<ByteSource>,
  signal?: AbortSignal,
): Promise<TensorSet> {
  const place = index.name;
  if (index.size > LIMITS.shardIndexBytes) {
    throw new FormatError(
      `${place}: ${index.size} bytes, more than the ${LIMITS.shardIndexBytes} that are read here`,
    );
  }
  const shards = shardsOf(place, parseJsonObject(place, await index.read(0, index.size, signal)));
  const sets = await mapFew([...shards.keys()], async (file) => {
    try {
      return await openSafetensors(await open(file, signal), signal);
    } catch (cause) {
      if (!(cause instanceof NotFoundError)) throw cause;
      throw new NotFoundError(
        `${place} names ${file}, which is not there: the model is not whole (${cause.message})`,
        { cause },
      );
    }
  });
  const holders = new Map<string, string>();
  for (const set of sets) {
    for (const name of set.tensors.keys()) {
      const other = holders.get(name);
      if (other !== undefined)
        throw new FormatError(`${set.place}: ${name} is in ${other} too: fetch both again`);
      holders.set(name, set.place);
    }
  }
  const tensors = new Map<string, TensorInfo>();
  [...shards.values()].forEach((names, i) => {
    const set = sets[i] as TensorSet;
    for (const name of names) {
      const info = set.tensors.get(name);
      if (!info)
        throw new FormatError(
          `${place}: ${name} is not in ${set.place}, where the index has it: fetch both again`,
        );
      tensors.set(name, info);
    }
  });
  return { place, tensors, metadata: sets[0]?.metadata ?? {} };
}
