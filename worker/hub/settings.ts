/**
 * What the operator decides about the hub, from variables (`[vars]` of wrangler.toml, the environment on Deno): which
 * models, from which hosts, how large, how long.
 */
import { CATALOGUE } from '../../shared/catalogue.ts';
import { InputError } from '../../shared/errors.ts';
import { DEFAULT_HUB } from '../../shared/hub-name.ts';
import { textOf, wholeNumber, type Variables } from '../variables.ts';

/** What {@link hubSettings} reads; docs/deploy.md has the table. */
export const HUB_VARIABLES = [
  // The hub: `https://huggingface.co`, or `http://localhost:PORT` for tests.
  'HF_ENDPOINT',
  // Models, with `*` for any part of a name: `openai-community/*,HuggingFaceTB/*`; `none` for none.
  'HUB_MODELS',
  // Hosts that the hub may send on to, besides itself, with `*`: `*.hf.co`.
  'HUB_HOSTS',
  // Bytes of a tokenizer.json.
  'HUB_FILE_BYTES',
  // Milliseconds for a file, redirects included.
  'HUB_TIMEOUT',
  // Bytes of parsed tokenizers that an isolate keeps, estimated from their files.
  'TOKENIZER_BYTES',
  // Bytes of tokenized prompts that an isolate keeps in memory.
  'PROMPT_BYTES',
] as const;

export interface HubSettings {
  /** Ends with a slash. */
  readonly endpoint: URL;
  readonly models: readonly string[];
  readonly hosts: readonly string[];
  /** Bytes. */
  readonly fileBytes: number;
  /** Milliseconds. */
  readonly timeout: number;
  /** Bytes. */
  readonly tokenizerBytes: number;
  /** Bytes. */
  readonly promptBytes: number;
}

/** The page's own catalogue: a server fetches nothing else unless its operator says so. */
const MODELS = CATALOGUE.map(({ id }) => id).filter((id) => id.includes('/'));
/** Where huggingface.co keeps its files. */
const HOSTS = ['*.huggingface.co', '*.hf.co'];
const MIB = 2 ** 20;

/** @throws {InputError} naming the variable, what was expected and what came. */
export function hubSettings(variables: Variables): HubSettings {
  return {
    endpoint: endpointOf(textOf(variables, 'HF_ENDPOINT') ?? DEFAULT_HUB),
    models: listOf(textOf(variables, 'HUB_MODELS')) ?? MODELS,
    hosts: listOf(textOf(variables, 'HUB_HOSTS')) ?? HOSTS,
    // Qwen's and Llama 3's have 7 to 17 MB. Gemma's 33 MB take more memory than an isolate has.
    fileBytes: wholeNumber(variables, 'HUB_FILE_BYTES', 20 * MIB),
    timeout: wholeNumber(variables, 'HUB_TIMEOUT', 20_000),
    tokenizerBytes: wholeNumber(variables, 'TOKENIZER_BYTES', 64 * MIB),
    promptBytes: wholeNumber(variables, 'PROMPT_BYTES', 8 * MIB),
  };
}

function listOf(text: string | undefined): string[] | undefined {
  return text
    ?.split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '' && part !== 'none');
}

function endpointOf(text: string): URL {
  const url = parseAddress(text);
  const plain = url?.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (!url || !plain || (url.protocol !== 'https:' && !isLocal(url))) {
    throw new InputError(
      `HF_ENDPOINT: expected an address as ${DEFAULT_HUB} (or http://localhost:PORT), got ${JSON.stringify(text)}`,
    );
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

/** Undefined for what is no address. */
export function parseAddress(text: string, base?: URL): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

/** A hub on this machine, as tests have it: the only one that may be asked without TLS. */
export function isLocal(url: URL): boolean {
  return url.protocol === 'http:' && (url.hostname === 'localhost' || url.hostname === '127.0.0.1');
}

/** Whether a name is one of the patterns; `*` stands for any run of characters without a slash, of any case. */
export function matches(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => {
    const parts = pattern.split('*').map((part) => part.replace(/[\\^$.+?()[\]{}|/]/g, '\\$&'));
    return new RegExp(`^${parts.join('[^/]*')}$`, 'i').test(name);
  });
}
