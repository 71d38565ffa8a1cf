/**
 * Tokenized prompts by content: the name of an entry is the hash of everything the answer depends on, so a warm
 * answer needs no tokenizer and no entry ever goes stale.
 */
import { within } from './deadline.ts';
import { consoleLog, errorFields } from './log.ts';
import { EncodingShape } from './schemas.ts';
import type { ModelVersion, Ports } from './ports.ts';
import type { Encoding } from '../shared/tokenizer/encoding.ts';
import { wellFormed } from '../shared/tokenizer/tokenizer.ts';

/** Raised when the same tokenizer files would give other answers: entries of before are then not found. */
const FORMAT = 1;

export type Bos = 'auto' | boolean;

export interface Tokenized {
  readonly encoding: Encoding;
  readonly cached: boolean;
}

/** Name of a prompt's entry: 64 hexadecimal digits. */
export async function promptKey(model: ModelVersion, text: string, bos: Bos): Promise<string> {
  const parts = ['tokenize', String(FORMAT), model.key, String(bos), wellFormed(text)];
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(parts.join('\n')));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What is kept under the key, or the tokenizer's answer, which is kept then. A failing store never fails the call. */
export async function tokenize(
  ports: Ports,
  model: ModelVersion,
  text: string,
  bos: Bos,
  key: string,
): Promise<Tokenized> {
  const known = parseEncoding(await forgiving(ports, () => ports.prompts.get(key)));
  ports.metrics?.count('prompt_cache', known ? 'hit' : 'miss');
  if (known) return { encoding: known, cached: true };
  const tokenizer = await ports.tokenizers.load(model);
  const encoding = tokenizer.encode(text, { bos });
  await forgiving(ports, () => ports.prompts.put(key, JSON.stringify(encoding)));
  return { encoding, cached: false };
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
function parseEncoding(json: string | undefined): Encoding | undefined {
  if (json === undefined) return undefined;
  try {
    return EncodingShape.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}
