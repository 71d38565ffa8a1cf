/**
 * Models on the Hugging Face hub, or another server with its addresses: `owner/name`, `owner/name@revision`,
 * `owner/name/FILE.gguf`. A revision is resolved to a commit once, so that all files are of one version.
 *
 * A token goes to the hub's own origin only: requests carry it in a header, which fetch drops when the hub redirects
 * to another origin (its storage). It is never stored, and no message holds it.
 *
 * @see https://huggingface.co/docs/hub/api
 * @see https://fetch.spec.whatwg.org/#http-redirect-fetch (the header is removed on a redirect to another origin)
 */
import { AccessError, InputError, NetworkError, NotFoundError } from '../shared/errors.ts';
import { DEFAULT_HUB, parseHubName, type HubName } from '../shared/hub-name.ts';
import { isObject, parseJson } from '../shared/formats/json.ts';
import { drain, drop, MissingFileError, request, RETRY, type RetryPolicy } from './http-request.ts';
import { openHttp, type HttpAccess, type RemoteFiles } from './http-source.ts';

export { DEFAULT_HUB, parseHubName, type HubName };

/** Bytes of the hub's answer about a model: repositories with thousands of files have about a megabyte. */
const INFO_BYTES = 8 * 1024 * 1024;

/** @throws {InputError} for an address that is no hub's. */
export function hubAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    !url ||
    !/^https?:$/.test(url.protocol) ||
    url.username !== '' ||
    url.search !== '' ||
    url.hash !== ''
  ) {
    throw new InputError(`HF_ENDPOINT: expected an address as https://huggingface.co, got "${text}"`);
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

/** Remembers which commit a revision stood for. */
export interface RevisionMemory {
  /** A commit to go on with, and whether it is recent enough not to ask again. */
  recall(
    origin: string,
    repo: string,
    revision: string,
  ): Promise<{ commit: string; fresh: boolean } | undefined>;
  note(origin: string, repo: string, revision: string, commit: string): Promise<void>;
}

export interface HubOptions {
  readonly hub: URL;
  readonly token?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly retry?: Partial<RetryPolicy>;
  readonly memory?: RevisionMemory | undefined;
  readonly cache?: HttpAccess['cache'];
}

const COMMIT = /^[0-9a-f]{40}$/;

/** The header for a token. @throws {InputError} which doesn't say the token. */
function bearer(token: string | undefined): { authorization: string } | undefined {
  if (token === undefined || token === '') return undefined;
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new InputError('token: expected letters and digits as in hf_…, got something else: copy it again');
  }
  return { authorization: `Bearer ${token}` };
}

/** The hub's ways to say no, with the way out. */
function refusals(repo: string, hub: URL, hasToken: boolean): NonNullable<HttpAccess['refusal']> {
  const page = new URL(repo, hub).href;
  return (response) => {
    const code = response.headers.get('x-error-code');
    if (code === 'RevisionNotFound') return new NotFoundError(`${repo}: no such revision on ${hub.host}`);
    if (code === 'RepoNotFound' && !hasToken) {
      return new NotFoundError(
        `${repo}: no such model on ${hub.host}, or a private one: check the name; for a private one give an access token`,
      );
    }
    if (code === 'RepoNotFound') {
      return new NotFoundError(
        `${repo}: no such model on ${hub.host} that this token may see: check the name`,
      );
    }
    if (response.status !== 401 && response.status !== 403) return undefined;
    const out = hasToken
      ? 'the token that was given is not enough: check it, and that its account has accepted the licence'
      : 'accept its licence there, then give an access token of that account';
    return new AccessError(
      `${repo}: ${hub.host} asks who you are (HTTP ${response.status}): the model is gated or private: see ${page}: ${out}`,
    );
  };
}

interface ModelAnswer {
  readonly commit: string | undefined;
  readonly files: readonly string[] | undefined;
}

/** Asks the hub which commit a revision is. @returns nothing where the server has no such API. */
async function askCommit(
  { repo }: HubName,
  revision: string,
  { hub, signal }: HubOptions,
  access: HttpAccess,
): Promise<ModelAnswer> {
  const url = new URL(`api/models/${repo}/revision/${encodeURIComponent(revision)}`, hub);
  const ask = { name: repo, url, retry: { ...RETRY, ...access.retry }, signal, refusal: access.refusal };
  const missing: ModelAnswer = { commit: undefined, files: undefined };
  try {
    const answer = await request({ ...ask, ...(access.headers && { headers: access.headers }) });
    if (
      answer.response.status !== 200 ||
      answer.response.headers.get('content-type')?.startsWith('text/html')
    ) {
      drop(answer);
      return missing;
    }
    const decoder = new TextDecoder();
    let text = '';
    const broken = await drain(answer, ask, (piece) => {
      if (text.length > INFO_BYTES) throw new NetworkError(`${repo}: the hub's answer has no end`);
      text += decoder.decode(piece, { stream: true });
    });
    if (broken !== undefined)
      throw new NetworkError(`${repo}: the hub's answer broke off (${broken}): try again`);
    return readInfo(repo, text + decoder.decode());
  } catch (error) {
    // A plain file server has no API; that the model is missing shows with its first file.
    if (error instanceof MissingFileError) return missing;
    throw error;
  }
}

function readInfo(repo: string, text: string): ModelAnswer {
  const info = parseJson(`${repo}: the hub's answer`, new TextEncoder().encode(text));
  if (!isObject(info)) return { commit: undefined, files: undefined };
  const { sha, siblings } = info;
  const names = Array.isArray(siblings)
    ? siblings.map((entry: unknown) => (isObject(entry) ? entry['rfilename'] : undefined))
    : undefined;
  return {
    commit: typeof sha === 'string' && COMMIT.test(sha) ? sha : undefined,
    files: names?.filter((name): name is string => typeof name === 'string'),
  };
}

/**
 * A model's files on the hub.
 *
 * @throws {AccessError} for a gated or private model, with the way in. @throws {NotFoundError}, {@link NetworkError}.
 */
export async function hubFiles(name: HubName, options: HubOptions): Promise<RemoteFiles> {
  const { hub, token, retry, memory } = options;
  const { repo, gguf } = name;
  const headers = bearer(token);
  const access: HttpAccess = {
    ...(headers && { headers }),
    ...(retry && { retry }),
    cache: options.cache,
    refusal: refusals(repo, hub, headers !== undefined),
  };
  const asked = name.revision ?? 'main';
  let info: ModelAnswer | undefined = COMMIT.test(asked) ? { commit: asked, files: undefined } : undefined;
  if (!info) {
    const known = await memory?.recall(hub.href, repo, asked);
    if (known?.fresh) info = { commit: known.commit, files: undefined };
    else {
      try {
        info = await askCommit(name, asked, options, access);
      } catch (error) {
        // Out of reach: the commit that it last stood for will do.
        if (!known || !(error instanceof NetworkError) || error instanceof AccessError) throw error;
        info = { commit: known.commit, files: undefined };
      }
    }
    if (info.commit !== undefined && info.commit !== known?.commit) {
      await memory?.note(hub.href, repo, asked, info.commit);
    }
  }
  const revision = info.commit ?? asked;
  const folder = new URL(`${repo}/resolve/${encodeURIComponent(revision)}/`, hub);
  let files = info.files;
  return {
    id: repo,
    revision,
    origin: hub.href,
    pinned: info.commit !== undefined,
    ...(gguf !== undefined && { gguf }),
    list: async (signal) =>
      (files ??= (await askCommit(name, revision, { ...options, signal }, access)).files ?? []),
    open: (file, signal) =>
      openHttp(`${repo}/${file}`, new URL(encodeURIComponent(file), folder), access, signal),
  };
}
