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

/** A trace as it is kept. */
export interface TraceRecord {
  /** The canonical form, UTF-8. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** SHA-256 of the token that deletes it, in hexadecimal. */
  readonly deleteTokenHash: string;
  /** Milliseconds since 1970. */
  readonly storedAt: number;
  /** Milliseconds since 1970; undefined: it is kept until somebody deletes it. */
  readonly expiresAt: number | undefined;
}

/** What a store says of an id. */
export type TraceState = TraceRecord | 'absent' | 'blocked';

/**
 * Traces, by the SHA-256 of their canonical form. Past its expiry a trace is absent, whatever the platform still
 * holds. A half failed call leaves nothing that a reader could see.
 */
export interface TraceStore {
  get(id: string): Promise<TraceState>;
  /** Never replaces what is there. */
  put(id: string, record: TraceRecord): Promise<'stored' | 'present' | 'blocked'>;
  /** Takes a record away, blocked or not. `refused`: the token is another's. */
  delete(id: string, deleteTokenHash: string): Promise<'deleted' | 'refused' | 'absent' | 'blocked'>;
}

/** Pictures of traces as PNG. */
export interface CardRenderer {
  /** @param id of the trace: what was drawn for it may be kept and given again. @param svg draws it. */
  png(id: string, svg: () => string): Promise<Uint8Array<ArrayBuffer>>;
}

/** Traces that the server keeps for others to read. */
export interface TraceSharing {
  readonly store: TraceStore;
  readonly cards: CardRenderer;
  /** The page's index.html as the static files serve it, with its headers. */
  page(): Promise<Response>;
  /** Days that a trace is kept; 0: for ever. */
  readonly days: number;
  /** Bytes of a trace, as sent and unpacked. */
  readonly bytes: number;
  /** Ids that an operator took away by variable, besides those that the store says are blocked. */
  readonly blocked: ReadonlySet<string>;
  /** The server's own address (`https://example.org`) where requests don't tell it: behind a proxy. */
  readonly origin?: string;
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

/** Which requests have a line in the log. */
export type LoggedRequests = 'all' | 'failed';

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

/** Files fetched from elsewhere, by a name that says all of what they are. It may forget; it may not alter. */
export interface FileCache {
  get(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** @param keep seconds after which the file must be gone. */
  put(name: string, bytes: Uint8Array<ArrayBuffer>, keep: number): Promise<void>;
}

/** What the server tells of a model. */
export interface ModelInfo {
  /** As in every other place: `fable-4m` or `owner/name`. */
  readonly id: string;
  /** `embedded`: its files are this server's own. `hub`: fetched when first asked for. */
  readonly source: 'embedded' | 'hub';
  readonly family: string;
  /** SPDX identifier, `LicenseRef-…`, or `NOASSERTION` where the catalogue has none. */
  readonly license: string;
  /** Only for those who have accepted its licence: this server can't fetch it. */
  readonly gated: boolean;
  readonly parameters: number;
  readonly layers: number;
  readonly width: number;
  readonly vocabSize: number;
  /** Bytes; of hub models parameters × bytes of a weight in the published files. */
  readonly weightBytes: number;
  /** Tokens. Of hub models this and what follows is known only once they are fetched. */
  readonly contextLength?: number;
  /** Bytes. */
  readonly tokenizerBytes?: number;
  /** SHA-256 of the files that the ids depend on, in hexadecimal: part of every cached prompt's name. */
  readonly tokenizerHash?: string;
  /** Where the files are: an address, or a path on this server. */
  readonly files: string;
}

/** One version of one model: all that its ids depend on. */
export interface ModelVersion {
  /** Without a revision: `fable-4m`, `owner/name`. */
  readonly id: string;
  /** Commit on the hub, 40 hexadecimal digits; embedded models have none. */
  readonly revision?: string;
  /** Part of every cached prompt's name: equal for equal tokenizer files, and for nothing else. */
  readonly key: string;
}

/** Models whose tokenizer this server knows. */
export interface TokenizerSource {
  models(): readonly ModelInfo[];
  /**
   * The version that `fable-4m`, `owner/name` or `owner/name@revision` stands for now. Reads no tokenizer.
   *
   * @throws {HttpProblem} 404 for a model that isn't served; 403, 502 or 504 when the hub doesn't tell.
   */
  resolve(id: string): Promise<ModelVersion>;
  /** Parsed once an isolate. @throws {HttpProblem} 422 when its offsets couldn't be derived; as `resolve` else. */
  load(version: ModelVersion): Promise<TokenizerPort>;
}

/** What {@link createApp} takes. What is optional is done without. */
export interface Ports {
  readonly prompts: PromptStore;
  /** Bytes of prompts kept in memory in front of them; default none. */
  readonly promptBytes?: number;
  readonly tokenizers: TokenizerSource;
  /** Without it the calls that keep or show traces answer 501. */
  readonly traces?: TraceSharing;
  /** Where people report a trace: a mail address or an https address, told at /privacy. */
  readonly contact?: string;
  readonly rateLimit?: RateLimit;
  readonly metrics?: Metrics;
  /** Undefined: there is no /metrics. */
  readonly scrape?: Scrape;
  /** Default: one line of JSON on the console. */
  readonly log?: Log;
  /** Default all. */
  readonly logRequests?: LoggedRequests;
  /** The caller's address as far as the platform vouches for it; `env` is what the app's `fetch` was given. */
  addressOf?(request: Request, env: unknown): string | undefined;
  /** The platform's own name of a request (`CF-Ray`), for the log. */
  requestIdOf?(request: Request): string | undefined;
  /** Static files, where the platform doesn't answer them before the app. Undefined: there is none. */
  assets?(request: Request): Promise<Response | undefined>;
}
