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

/** What a request is counted as. */
export const BUDGETS = ['read', 'tokenize', 'upload'] as const;
export type Budget = (typeof BUDGETS)[number];

/** Requests that an address may make in a window of time. */
export interface RatePolicy {
  readonly requests: number;
  /** Seconds. */
  readonly window: number;
}

export interface RateDecision {
  readonly allowed: boolean;
  /** Seconds until the window ends, at the latest: after that the address may ask again. */
  readonly reset: number;
  /** Requests left in this window; undefined where the platform doesn't tell. */
  readonly remaining?: number;
}

/** Counts requests by address. What it fails at is let through. */
export interface RateLimit {
  /** Undefined: this budget isn't limited. */
  policy(budget: Budget): RatePolicy | undefined;
  /** Counts one request. @param address as {@link Ports.addressOf} gives it, IPv6 cut to its /64. */
  take(budget: Budget, address: string): Promise<RateDecision>;
}

export type LogLevel = 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Takes one event a line. No field may hold a prompt's text, a query string or an address. */
export interface Log {
  write(level: LogLevel, event: string, fields?: LogFields): void;
}

/** Things counted besides requests, each with a label of few values. */
export type Counter =
  /** `hit` or `miss`. */
  | 'prompt_cache'
  /** Name of the store or hub that failed: `prompts`, `traces`, `rate_limit`. */
  | 'store_errors'
  /** The budget that was used up. */
  | 'rate_limited';

export interface RequestCount {
  readonly method: string;
  /** The route's pattern, never the path asked for: `/v1/traces/:id`. */
  readonly route: string;
  readonly status: number;
  /** Milliseconds. */
  readonly ms: number;
}

export interface Metrics {
  request(count: RequestCount): void;
  count(counter: Counter, label: string): void;
}

/** Counters for a monitor that asks (`GET /metrics`). */
export interface Scrape {
  /** Prometheus's text format. */
  text(): string;
  /** What the monitor must show; undefined: it must ask from this machine. */
  readonly token: string | undefined;
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

/** What {@link createApp} takes. What is optional is done without. */
export interface Ports {
  readonly prompts: PromptStore;
  readonly tokenizers: TokenizerSource;
  readonly rateLimit?: RateLimit;
  readonly metrics?: Metrics;
  /** Undefined: there is no /metrics. */
  readonly scrape?: Scrape;
  /** Default: one line of JSON on the console. */
  readonly log?: Log;
  /** The caller's address as far as the platform vouches for it; `env` is what the app's `fetch` was given. */
  addressOf?(request: Request, env: unknown): string | undefined;
  /** The platform's own name of a request (`CF-Ray`), for the log. */
  requestIdOf?(request: Request): string | undefined;
  /** Static files, where the platform doesn't answer them before the app. Undefined: there is none. */
  assets?(request: Request): Promise<Response | undefined>;
}
