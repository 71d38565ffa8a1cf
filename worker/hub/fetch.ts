/**
 * Fetches a file of the hub and of nobody else: every hop of a redirect is checked before it is asked, bytes are
 * counted while they come, and all of it together has a time limit. Sends no credentials.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
 */
import { VERSION } from '../../shared/version.ts';
import { errorFields } from '../log.ts';
import type { Log } from '../ports.ts';
import { HttpProblem } from '../problem.ts';
import { isLocal, matches, parseAddress, type HubSettings } from './settings.ts';

/** Redirects followed: the real hub has one or two. */
const HOPS = 4;
/** Seconds to come back in when the hub doesn't say. */
const RETRY = 30;
/** Seconds: a hub that asks for more is not passed on. */
const LONGEST_RETRY = 3600;

export interface HubAnswer {
  readonly status: number;
  /** Why the hub refuses: `GatedRepo`, `RepoNotFound`, `EntryNotFound`, `RevisionNotFound`. */
  readonly code: string | undefined;
  /** The commit that the hub itself named, whoever gave the bytes. */
  readonly commit: string | undefined;
  /** Empty unless the status is 200. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export type Fetch = (address: string, init: RequestInit) => Promise<Response>;

/** The hub's failure, as a problem of a gateway. */
export function hubFailed(detail: string, retryAfter = RETRY): HttpProblem {
  return new HttpProblem('hub-failed', 502, detail, {}, { 'Retry-After': String(retryAfter) });
}

export class HubClient {
  readonly #settings: HubSettings;
  readonly #log: Log;
  readonly #fetch: Fetch;

  constructor(
    settings: HubSettings,
    log: Log,
    fetch: Fetch = (address, init) => globalThis.fetch(address, init),
  ) {
    this.#settings = settings;
    this.#log = log;
    this.#fetch = fetch;
  }

  /**
   * @param path below the endpoint, its parts encoded.
   * @param limit bytes.
   * @returns what the hub says, whether 200 or 4xx.
   * @throws {HttpProblem} 502 when it fails, sends on to where it may not or never stops; 504 when it takes too long;
   * 422 when a file is over the limit.
   */
  async get(path: string, method: 'GET' | 'HEAD', limit: number): Promise<HubAnswer> {
    const { endpoint, timeout } = this.#settings;
    const signal = AbortSignal.timeout(timeout);
    try {
      return await this.#follow(new URL(path, endpoint), method, limit, signal);
    } catch (error) {
      if (error instanceof HttpProblem) throw error;
      if (signal.aborted) {
        const detail = `${path}: no whole answer from ${endpoint.host} within ${timeout / 1000} s: try again`;
        throw new HttpProblem('hub-timeout', 504, detail, {}, { 'Retry-After': String(RETRY) });
      }
      this.#log.write('error', 'hub', errorFields(error));
      throw hubFailed(`${path}: no answer from ${endpoint.host}: try again`);
    }
  }

  async #follow(first: URL, method: 'GET' | 'HEAD', limit: number, signal: AbortSignal): Promise<HubAnswer> {
    const headers = { 'User-Agent': `residscope/${VERSION}` };
    let url = first;
    let commit: string | undefined;
    for (let hop = 0; hop <= HOPS; hop++) {
      const response = await this.#fetch(url.href, { method, headers, redirect: 'manual', signal });
      if (url.origin === this.#settings.endpoint.origin) commit ??= commitOf(response);
      const location = response.headers.get('Location');
      if (response.status < 300 || response.status >= 400 || location === null) {
        return { ...(await this.#read(response, url, limit, method)), commit };
      }
      await response.body?.cancel();
      // All that a HEAD is for.
      if (method === 'HEAD' && commit !== undefined)
        return { status: 200, code: undefined, commit, bytes: NONE };
      url = this.#checked(location, url);
    }
    throw hubFailed(`${first.pathname}: ${first.host} sent on more than ${HOPS} times`);
  }

  /** @throws {HttpProblem} 502 for an address that the hub has no business to name. */
  #checked(location: string, from: URL): URL {
    const { endpoint, hosts } = this.#settings;
    const url = parseAddress(location, from);
    const fine =
      url &&
      url.username === '' &&
      url.password === '' &&
      (url.protocol === 'https:' || (isLocal(url) && isLocal(endpoint))) &&
      // With the port, unless it is the scheme's own.
      (url.origin === endpoint.origin || matches(hosts, url.host));
    if (fine) return url;
    // Where to is for the operator, who may add it to the list; a signed address stays out of the log too.
    this.#log.write('warn', 'hub redirect refused', { from: from.host, to: url?.host ?? 'no address' });
    throw hubFailed(`${from.pathname}: ${from.host} sends on to a host that is not on this server’s list`);
  }

  async #read(
    response: Response,
    url: URL,
    limit: number,
    method: string,
  ): Promise<Omit<HubAnswer, 'commit'>> {
    const { status } = response;
    const code = response.headers.get('X-Error-Code') ?? undefined;
    if (status !== 200 || method === 'HEAD') {
      await response.body?.cancel();
      if (status === 429 || status >= 500 || (status < 400 && status !== 200)) {
        const wait = Math.ceil(Number(response.headers.get('Retry-After')));
        const detail = `${url.pathname}: ${url.host} answered ${status}: try again`;
        throw hubFailed(detail, wait > 0 ? Math.min(wait, LONGEST_RETRY) : RETRY);
      }
      return { status, code, bytes: NONE };
    }
    return { status, code, bytes: await readUpTo(response, url, limit) };
  }
}

const NONE = new Uint8Array(0);

function commitOf(response: Response): string | undefined {
  const commit = response.headers.get('X-Repo-Commit') ?? '';
  return /^[0-9a-f]{40}$/.test(commit) ? commit : undefined;
}

/** @throws {HttpProblem} 422; the rest is not read. */
async function readUpTo(response: Response, url: URL, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = (): HttpProblem =>
    new HttpProblem(
      'unsupported-model',
      422,
      `${url.pathname}: expected at most ${limit} bytes, which is what this server reads of a file. Tokenize in the page or by the command line.`,
      { limit },
    );
  // Of a packed body the length is another's; the count below is what holds.
  if (Number(response.headers.get('Content-Length')) > limit) {
    await response.body?.cancel();
    throw tooLarge();
  }
  const stream: ReadableStream<Uint8Array> | null = response.body;
  const reader = stream?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > limit) {
      await reader.cancel();
      throw tooLarge();
    }
    chunks.push(value);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
