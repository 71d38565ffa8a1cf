/**
 * Tokenized prompts by content: the name of an entry is the hash of everything the answer depends on, so a warm
 * answer needs no tokenizer and no entry ever goes stale.
 */
import { ByteLru } from './byte-lru.ts';
import { within } from './deadline.ts';
import { consoleLog, errorFields } from './log.ts';
import { EncodingShape } from './schemas.ts';
import type { ModelVersion, Ports } from './ports.ts';
import { sha256 } from '../shared/sha256.ts';
import type { Encoding } from '../shared/tokenizer/encoding.ts';
import { wellFormed } from '../shared/tokenizer/tokenizer.ts';

/** Raised when the same tokenizer files would give other answers: entries of before are then not found. */
const FORMAT = 1;

export type Bos = 'auto' | boolean;

export interface Tokenized {
  /** An encoding (`{ "ids": …, "tokens": …, "offsets": … }`) as it is kept: a warm answer needs no more of it. */
  readonly json: string;
  readonly cached: boolean;
}

/** Name of a prompt's entry: 64 hexadecimal digits. */
export function promptKey(model: ModelVersion, text: string, bos: Bos): Promise<string> {
  const parts = ['tokenize', String(FORMAT), model.key, String(bos), wellFormed(text)];
  return sha256(parts.join('\n'));
}

/** Bytes of an entry in memory besides its strings: an estimate. */
const ENTRY_BYTES = 300;

interface Near {
  readonly key: string;
  readonly json: string;
}

/** Prompts in the isolate's own memory, found by the text itself: a warm answer is neither hashed nor parsed. */
export class PromptCache {
  readonly #ports: Ports;
  readonly #near: ByteLru<Near>;

  constructor(ports: Ports) {
    this.#ports = ports;
    this.#near = new ByteLru(ports.promptBytes ?? 0);
  }

  /** As {@link promptKey}. */
  async key(model: ModelVersion, text: string, bos: Bos): Promise<string> {
    return this.#near.get(nameOf(model, text, bos))?.key ?? (await promptKey(model, text, bos));
  }

  /** What is kept under the key, or the tokenizer's answer, which is kept then. A failing store never fails the call. */
  async tokenize(model: ModelVersion, text: string, bos: Bos, key: string): Promise<Tokenized> {
    const { metrics, prompts, tokenizers } = this.#ports;
    const name = nameOf(model, text, bos);
    const near = this.#near.get(name);
    const known = near?.json ?? checkedJson(await forgiving(this.#ports, () => prompts.get(key)));
    metrics?.count('prompt_cache', known === undefined ? 'miss' : 'hit');
    const json = known ?? jsonOf((await tokenizers.load(model)).encode(text, { bos }));
    if (known === undefined) await forgiving(this.#ports, () => prompts.put(key, json));
    // Two bytes a code unit at most.
    if (!near) this.#near.set(name, { key, json }, ENTRY_BYTES + (name.length + json.length) * 2);
    return { json, cached: known !== undefined };
  }
}

function nameOf(model: ModelVersion, text: string, bos: Bos): string {
  return `${model.key}\n${String(bos)}\n${text}`;
}

async function forgiving<T>(ports: Ports, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await within(work(), 'prompts');
  } catch (error) {
    ports.metrics?.count('store_errors', 'prompts');
    (ports.log ?? consoleLog).write('error', 'prompt store', errorFields(error));
    return undefined;
  }
}

/** An entry that isn't an encoding is no entry. */
function checkedJson(json: string | undefined): string | undefined {
  if (json === undefined) return undefined;
  try {
    return jsonOf(EncodingShape.parse(JSON.parse(json)));
  } catch {
    return undefined;
  }
}

/** Its members alone, in this order. */
function jsonOf({ ids, tokens, offsets }: Encoding): string {
  return JSON.stringify({ ids, tokens, offsets });
}
