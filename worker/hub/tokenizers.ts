/**
 * Tokenizers of models on the hub: the revision is resolved to a commit, the files of that commit are kept in the
 * platform's cache, and what is parsed in the isolate's memory. All of it is named by the commit, so nothing goes stale
 * but what a branch points to.
 */
import { CATALOGUE } from '../../shared/catalogue.ts';
import { messageOf, ResidscopeError } from '../../shared/errors.ts';
import { parseJson } from '../../shared/formats/json.ts';
import { parseHubName, type HubName } from '../../shared/hub-name.ts';
import { LIMITS } from '../../shared/limits.ts';
import type { TokenizerPort } from '../../shared/tokenizer/encoding.ts';
import { Tokenizer } from '../../shared/tokenizer/tokenizer.ts';
import { ByteLru } from '../byte-lru.ts';
import { within } from '../deadline.ts';
import { errorFields, consoleLog } from '../log.ts';
import type { FileCache, Log, ModelInfo, ModelVersion, TokenizerSource } from '../ports.ts';
import { HttpProblem } from '../problem.ts';
import { HubClient, hubFailed, type Fetch, type HubAnswer } from './fetch.ts';
import { matches, type HubSettings } from './settings.ts';

/** Seconds that a branch is taken to stand where it stood. */
const FRESH = 300;
/** Seconds that the files of a commit are kept: they never change, they only cost. */
const KEEP = 30 * 24 * 3600;
/** Seconds that a refusal is remembered, so that nobody makes this server ask the hub in a loop. */
const REFUSED = 60;
/**
 * Bytes of a parsed tokenizer a byte of its tokenizer.json. GPT-2's takes 17 MB of V8's heap, which is 4.8 times the
 * file where it is indented and 12.5 times where it is not: the larger is taken.
 */
const PARSED_FACTOR = 12;
/** Bytes of a remembered commit or refusal, with its name: an estimate. */
const NOTE = 1000;
const NOTES = 2 ** 20;

const FAMILIES: Readonly<Record<string, string>> = {
  'GPT-2': 'gpt2',
  'GPT-Neo': 'gpt_neo',
  'GPT-NeoX': 'gpt_neox',
  Llama: 'llama',
  Qwen3: 'qwen3',
  'Gemma 3': 'gemma3_text',
};
/** Not on SPDX's list: referred to, as SPDX has it. */
const LICENCES: Readonly<Record<string, string>> = {
  'Llama 3.2': 'LicenseRef-Llama-3.2',
  Gemma: 'LicenseRef-Gemma',
};

export interface HubParts {
  readonly settings: HubSettings;
  readonly files: FileCache;
  readonly log?: Log;
  readonly fetch?: Fetch;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Tells that a tokenizer was parsed. */
  readonly onParse?: (version: ModelVersion) => void;
}

export class HubTokenizers implements TokenizerSource {
  readonly #settings: HubSettings;
  readonly #files: FileCache;
  readonly #log: Log;
  readonly #hub: HubClient;
  readonly #now: () => number;
  readonly #onParse: ((version: ModelVersion) => void) | undefined;
  // Finished ones only: a request must not wait for another request's reading, which ends with its caller.
  readonly #parsed: ByteLru<TokenizerPort>;
  readonly #commits = new ByteLru<{ readonly commit: string; readonly until: number }>(NOTES);
  readonly #refusals = new ByteLru<{ readonly problem: HttpProblem; readonly until: number }>(NOTES);

  constructor({ settings, files, log = consoleLog, fetch, now = Date.now, onParse }: HubParts) {
    this.#settings = settings;
    this.#files = files;
    this.#log = log;
    this.#hub = new HubClient(settings, log, fetch);
    this.#now = now;
    this.#onParse = onParse;
    this.#parsed = new ByteLru(settings.tokenizerBytes);
  }

  models(): readonly ModelInfo[] {
    const { endpoint, models } = this.#settings;
    return CATALOGUE.filter(({ id }) => id.includes('/') && matches(models, id)).map((model) => ({
      id: model.id,
      source: 'hub',
      family: FAMILIES[model.family] ?? model.family,
      license: model.licence === undefined ? 'NOASSERTION' : (LICENCES[model.licence] ?? model.licence),
      gated: model.gated === true,
      parameters: model.parameters,
      layers: model.layers,
      width: model.width,
      vocabSize: model.vocab,
      weightBytes: model.parameters * model.weightBytes,
      files: new URL(`${model.id}/resolve/main/`, endpoint).href,
    }));
  }

  /** Whether this server may ask the hub for a model. */
  allows(id: string): boolean {
    const name = parseHubName(id);
    return name?.gguf === undefined && name !== undefined && matches(this.#settings.models, name.repo);
  }

  async resolve(id: string): Promise<ModelVersion> {
    const name = parseHubName(id);
    if (!name || !this.allows(id)) throw new HttpProblem('unknown-model', 404, `${id}: not served here`);
    const commit = isCommit(name.revision) ? name.revision : await this.#commitOf(name);
    return { id: name.repo, revision: commit, key: `${this.#settings.endpoint.href}${name.repo}@${commit}` };
  }

  async load(version: ModelVersion): Promise<TokenizerPort> {
    const parsed = this.#parsed.get(version.key);
    if (parsed) return parsed;
    this.#refuseAgain(version.key);
    return this.#remembering(version.key, async () => {
      const { fileBytes, tokenizerBytes } = this.#settings;
      const bytes = await this.#file(version, 'tokenizer.json', fileBytes);
      if (bytes.byteLength === 0) throw unsupported(`${version.id}: the repository has no tokenizer.json`);
      const config = await this.#file(version, 'tokenizer_config.json', LIMITS.configBytes);
      this.#onParse?.(version);
      const tokenizer = parse(version, bytes, config);
      this.#parsed.set(version.key, tokenizer, Math.min(bytes.byteLength * PARSED_FACTOR, tokenizerBytes));
      return tokenizer;
    });
  }

  async #commitOf(name: HubName): Promise<string> {
    const { repo, revision = 'main' } = name;
    const key = `${this.#settings.endpoint.href}${repo}@${revision}`;
    const known = this.#commits.get(key);
    if (known && known.until > this.#now()) return known.commit;
    const kept = await this.#forgiving(this.#files.get(`revision ${key}`));
    const commit = kept && new TextDecoder().decode(kept);
    if (isCommit(commit)) return this.#note(key, commit);
    this.#refuseAgain(key);
    try {
      const asked = await this.#remembering(key, () => this.#ask(repo, revision));
      await this.#forgiving(
        this.#files.put(`revision ${key}`, Uint8Array.from(new TextEncoder().encode(asked)), FRESH),
      );
      return this.#note(key, asked);
    } catch (error) {
      // Where a branch stood a while ago is a better answer than none.
      if (known && error instanceof HttpProblem && error.status >= 500) return this.#note(key, known.commit);
      throw error;
    }
  }

  #note(key: string, commit: string): string {
    this.#commits.set(key, { commit, until: this.#now() + FRESH * 1000 }, NOTE);
    return commit;
  }

  async #ask(repo: string, revision: string): Promise<string> {
    const path = `${repo}/resolve/${encodeURIComponent(revision)}/tokenizer.json`;
    const answer = await this.#hub.get(path, 'HEAD', 0);
    if (answer.commit !== undefined && answer.status === 200) return answer.commit;
    if (answer.status === 200) throw hubFailed(`${repo}: the hub names no commit for ${revision}`);
    throw refusal(`${repo}@${revision}`, answer);
  }

  /** A file of a commit; empty where the repository has none. */
  async #file({ id, revision = '', key }: ModelVersion, file: string, limit: number): Promise<Bytes> {
    const name = `${key}/${file}`;
    const kept = await this.#forgiving(this.#files.get(name));
    if (kept && kept.byteLength <= limit) return kept;
    const answer = await this.#hub.get(`${id}/resolve/${revision}/${file}`, 'GET', limit);
    const missing =
      answer.status === 404 && answer.code !== 'RevisionNotFound' && answer.code !== 'RepoNotFound';
    if (answer.status !== 200 && !missing) throw refusal(`${id}@${revision}`, answer);
    await this.#forgiving(this.#files.put(name, answer.bytes, KEEP));
    return answer.bytes;
  }

  /** A cache that fails or hangs is no cache. */
  async #forgiving<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      return await within(work, 'files');
    } catch (error) {
      this.#log.write('error', 'file cache', errorFields(error));
      return undefined;
    }
  }

  #refuseAgain(key: string): void {
    const refused = this.#refusals.get(key);
    if (refused && refused.until > this.#now()) throw refused.problem;
  }

  /** What the caller or the model is at fault for is the same a moment later. */
  async #remembering<T>(key: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof HttpProblem && error.status < 500) {
        this.#refusals.set(key, { problem: error, until: this.#now() + REFUSED * 1000 }, NOTE);
      }
      throw error;
    }
  }
}

type Bytes = Uint8Array<ArrayBuffer>;

function isCommit(text: string | undefined): text is string {
  return text !== undefined && /^[0-9a-f]{40}$/.test(text);
}

function parse({ id }: ModelVersion, bytes: Bytes, config: Bytes): TokenizerPort {
  try {
    const json = parseJson(`${id}: tokenizer.json`, bytes);
    return Tokenizer.fromJson(
      json,
      config.byteLength > 0 ? parseJson(`${id}: tokenizer_config.json`, config) : null,
      id,
    );
  } catch (error) {
    if (error instanceof ResidscopeError) throw unsupported(error.message);
    // The library's, about patterns and merges that it can't run.
    throw unsupported(`${id}: tokenizer.json: ${messageOf(error).slice(0, 200)}`);
  }
}

function unsupported(detail: string): HttpProblem {
  return new HttpProblem('unsupported-model', 422, detail);
}

/** What a 4xx of the hub means for the caller. */
function refusal(place: string, { status, code }: HubAnswer): HttpProblem {
  if (code === 'EntryNotFound') return unsupported(`${place}: the repository has no tokenizer.json`);
  if (status === 404 || code === 'RepoNotFound' || code === 'RevisionNotFound') {
    const what = code === 'RevisionNotFound' ? 'no such revision' : 'no such model, or a private one';
    return new HttpProblem('unknown-model', 404, `${place}: ${what} on the hub`);
  }
  if (status === 401 || status === 403) {
    return new HttpProblem(
      'gated-model',
      403,
      `${place}: the hub gives its files only to accounts that have accepted its licence, and this server has none. Open it in the page or by the command line, with your token.`,
    );
  }
  return hubFailed(`${place}: the hub answered ${status}`);
}
