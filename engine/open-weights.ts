/**
 * Which of a model's files are read: `model.safetensors`, else the shards that `model.safetensors.index.json` names,
 * with config and tokenizer beside them; else a `.gguf` file, which holds all three. What reads the rarer forms is
 * loaded when one is met.
 */
import { AccessError, FormatError, InputError, NetworkError, NotFoundError } from '../shared/errors.ts';
import type { ByteSource } from '../shared/formats/byte-source.ts';
import { parseJsonObject, type JsonObject } from '../shared/formats/json.ts';
import { openSafetensors } from '../shared/formats/safetensors.ts';
import type { TensorSet } from '../shared/formats/tensors.ts';
import { LIMITS } from '../shared/limits.ts';
import type { ModelFiles } from './api.ts';
import { readChatTemplate } from './chat-template.ts';

/** A model's files, read up to the weights themselves. */
export interface OpenedFiles {
  readonly config: JsonObject;
  /** Where it came from, for messages. */
  readonly configPlace: string;
  readonly tokenizerJson: JsonObject;
  readonly tokenizerPlace: string;
  readonly tokenizerConfig: JsonObject;
  readonly tensors: TensorSet;
}

const SINGLE = 'model.safetensors';
const SHARD_INDEX = 'model.safetensors.index.json';
const TOKENIZER = 'tokenizer.json';
const CHAT_TEMPLATE = 'chat_template.jinja';

/** Waits for a file that may be missing. */
async function optional<T>(opening: Promise<T>): Promise<T | undefined> {
  try {
    return await opening;
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

/** @throws {InputError} for a file larger than `limit` bytes. */
async function readSmall(
  files: ModelFiles,
  name: string,
  limit: number,
  signal?: AbortSignal,
): Promise<{ place: string; bytes: Uint8Array<ArrayBuffer> }> {
  const source: ByteSource = await files.open(name, signal);
  if (source.size > limit) {
    throw new InputError(`${source.name}: ${source.size} bytes, more than the ${limit} that are read here`);
  }
  return { place: source.name, bytes: await source.read(0, source.size, signal) };
}

/** @throws {FormatError} for what is no JSON. */
async function readJson(
  files: ModelFiles,
  name: string,
  limit: number,
  signal?: AbortSignal,
): Promise<JsonObject> {
  const { place, bytes } = await readSmall(files, name, limit, signal);
  return parseJsonObject(place, bytes);
}

/** @throws {FormatError} for what is no UTF-8. */
async function readText(
  files: ModelFiles,
  name: string,
  limit: number,
  signal?: AbortSignal,
): Promise<string> {
  const { place, bytes } = await readSmall(files, name, limit, signal);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError(`${place}: expected text in UTF-8`, { cause });
  }
}

/** tokenizer_config.json, with the chat template that newer models keep in a file of its own. */
async function readTokenizerConfig(files: ModelFiles, signal?: AbortSignal): Promise<JsonObject> {
  const config = (await optional(readJson(files, 'tokenizer_config.json', LIMITS.configBytes, signal))) ?? {};
  if (readChatTemplate(config)) return config;
  const template = await optional(readText(files, CHAT_TEMPLATE, LIMITS.configBytes, signal)).catch(
    (error: unknown) => {
      // Out of reach, and nothing that the model needs: what is kept of it still opens.
      if (error instanceof NetworkError && !(error instanceof AccessError)) return undefined;
      throw error;
    },
  );
  return template === undefined ? config : { ...config, chat_template: template };
}

async function openTensors(files: ModelFiles, signal?: AbortSignal): Promise<TensorSet | undefined> {
  const single = await optional(files.open(SINGLE, signal));
  if (single) return openSafetensors(single, signal);
  const index = await optional(files.open(SHARD_INDEX, signal));
  if (!index) return undefined;
  const { openSharded } = await import('../shared/formats/sharded.ts');
  return openSharded(index, (file, stop) => files.open(file, stop), signal);
}

/** The folder's one GGUF file. @throws {NotFoundError} when there are several to choose from. */
async function findGguf(files: ModelFiles, signal?: AbortSignal): Promise<string | undefined> {
  const names = (await files.list?.(signal))?.filter((name) => /^[^/\\]+\.gguf$/i.test(name)) ?? [];
  if (names.length > 1) {
    throw new NotFoundError(
      `${files.id}: ${names.length} .gguf files: name the one to open, as ${files.id}/${names[0] ?? ''}: ${names.slice(0, 20).join(', ')}`,
    );
  }
  return names[0];
}

/**
 * Opens config, tokenizer and the weights' headers.
 *
 * @throws {NotFoundError} naming what was looked for. @throws {FormatError} for damaged or hostile files.
 */
export async function openFiles(files: ModelFiles, signal?: AbortSignal): Promise<OpenedFiles> {
  const { id } = files;
  if (files.gguf !== undefined) return openGgufFile(files, files.gguf, signal);
  const config = await readJson(files, 'config.json', LIMITS.configBytes, signal).catch(
    async (error: unknown) => {
      if (!(error instanceof NotFoundError)) throw error;
      const gguf = await findGguf(files, signal);
      if (gguf === undefined) throw error;
      return gguf;
    },
  );
  if (typeof config === 'string') return openGgufFile(files, config, signal);
  const [tensors, tokenizer, tokenizerConfig] = await Promise.all([
    openTensors(files, signal),
    optional(readJson(files, TOKENIZER, LIMITS.tokenizerJsonBytes, signal)),
    readTokenizerConfig(files, signal),
  ]);
  if (!tensors) {
    const gguf = await findGguf(files, signal);
    if (gguf !== undefined) return openGgufFile(files, gguf, signal);
    throw new NotFoundError(
      `${id}: no weights: looked for ${SINGLE}, ${SHARD_INDEX} and a .gguf file: expected a model in Hugging Face layout`,
    );
  }
  if (!tokenizer) {
    throw new NotFoundError(
      `${id}/${TOKENIZER}: not there: a model in this layout needs one; look for a newer revision, or a .gguf of it`,
    );
  }
  return {
    config,
    configPlace: `${id}/config.json`,
    tokenizerJson: tokenizer,
    tokenizerPlace: `${id}/${TOKENIZER}`,
    tokenizerConfig,
    tensors,
  };
}

/** A `.gguf` file: its metadata are config and tokenizer. */
async function openGgufFile(files: ModelFiles, file: string, signal?: AbortSignal): Promise<OpenedFiles> {
  const source = await files.open(file, signal);
  const { openGguf } = await import('../shared/formats/gguf/open-gguf.ts');
  const { config, tokenizerJson, tokenizerConfig, tensors } = await openGguf(source, signal);
  const place = source.name;
  return { config, configPlace: place, tokenizerJson, tokenizerPlace: place, tokenizerConfig, tensors };
}
