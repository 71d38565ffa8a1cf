/**
 * What the routes need from a platform, and nothing of any platform: Cloudflare, Deno and tests each supply these.
 * Everything stored is named by the hash of what it is, so that nothing one caller stores can change what another reads.
 */
import type { TokenizerPort } from '../shared/tokenizer/encoding.ts';

/** Tokenized prompts, by content hash (64 hexadecimal digits). It may forget; it may not alter. */
export interface PromptStore {
  get(key: string): Promise<string | undefined>;
  /** Resolves as soon as a following `get` nearby may see the value. */
  put(key: string, value: string): Promise<void>;
}

/** Traces, by the SHA-256 of their canonical form. */
export interface TraceStore {
  get(id: string): Promise<Uint8Array | undefined>;
  /** Resolves to false when the trace was there already. */
  put(id: string, trace: Uint8Array, deleteTokenHash: string): Promise<boolean>;
  /** Resolves to false when there is no such trace or the token is another's. */
  delete(id: string, deleteTokenHash: string): Promise<boolean>;
}

/** Requests an address may make. */
export interface RateLimit {
  /** Seconds to wait before the next request, 0 when it may be made now. */
  wait(address: string): Promise<number>;
}

/** What the server tells of a model. */
export interface ModelInfo {
  /** As in every other place: `fable-4m` or `owner/name`. */
  readonly id: string;
  readonly family: string;
  /** SPDX identifier. */
  readonly license: string;
  readonly parameters: number;
  readonly layers: number;
  readonly width: number;
  /** Tokens. */
  readonly contextLength: number;
  readonly vocabSize: number;
  /** Bytes. */
  readonly weightBytes: number;
  /** Bytes. */
  readonly tokenizerBytes: number;
  /** SHA-256 of the files that the ids depend on, in hexadecimal: part of every cached prompt's name. */
  readonly tokenizerHash: string;
  /** Where the files are, relative to the server. */
  readonly files: string;
}

/** Models whose tokenizer this server knows. */
export interface TokenizerSource {
  models(): readonly ModelInfo[];
  /** Loaded once an isolate. @throws {NotFoundError} when the server doesn't know the model. */
  load(id: string): Promise<TokenizerPort>;
}

/** What {@link createApp} takes today; traces and rate limits join when their routes do. */
export interface Ports {
  readonly prompts: PromptStore;
  readonly tokenizers: TokenizerSource;
}
