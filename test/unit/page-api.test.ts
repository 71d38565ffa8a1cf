/** The page's client, on the edge's real app: answers, problems, no API at all. */
import { describe, expect, it } from 'vitest';
import { Api, ApiError, NoApiError } from '../../site/controllers/api.ts';
import { Tokenizer } from '../../shared/tokenizer/tokenizer.ts';
import { createApp } from '../../worker/app.ts';
import { EMBEDDED_MODELS } from '../../worker/models.ts';
import { unknownModel } from '../../worker/unknown-model.ts';
import { fableJson } from '../support/tokenizer-kinds.ts';

const tokenizer = Tokenizer.fromJson(fableJson(), null, 'fable-4m');
const app = createApp({
  prompts: { get: () => Promise.resolve(undefined), put: () => Promise.resolve() },
  tokenizers: {
    models: () => EMBEDDED_MODELS,
    resolve: (id) => (id === 'fable-4m' ? Promise.resolve({ id, key: 'k' }) : Promise.reject(unknownModel(id, ['fable-4m']))), // prettier-ignore
    load: () => Promise.resolve(tokenizer),
  },
  log: { write: () => undefined },
});
const api = new Api('http://edge.test', async (input, init) => app.request(new Request(input, init)));

/** A server that answers anything with one thing. */
function answering(response: () => Response | Promise<Response>): Api {
  return new Api('http://edge.test/', () => Promise.resolve(response()));
}

function unpacked({ body }: Request): Promise<string> {
  if (!body) throw new Error('expected a body');
  return new Response(body.pipeThrough(new DecompressionStream('gzip'))).text();
}

describe('the edge API from the page', () => {
  it('tokenizes, and lists models', async () => {
    expect(await api.tokenize('fable-4m', 'The')).toMatchObject({ ids: [0, 286] });
    expect((await api.models()).map(({ id }) => id)).toEqual(['fable-4m']);
    expect(await api.isThere()).toBe(true);
  });

  it('gives a problem as an error with its kind and words', async () => {
    await expect(api.tokenize('gpt2', 'a')).rejects.toMatchObject({
      status: 404,
      problem: 'unknown-model',
      kind: 'not-found',
      message: expect.stringMatching(/^model: expected one of fable-4m/) as string,
    });
    await expect(api.tokenize('fable-4m', 'x'.repeat(20_000))).rejects.toMatchObject({
      status: 413,
      kind: 'input',
    });
  });

  it('tells when to try again', async () => {
    const headers = { 'Content-Type': 'application/problem+json', 'Retry-After': '12' };
    const busy = answering(() => new Response('{"type":"urn:residscope:problem:rate-limited","detail":"wait"}', { status: 429, headers })); // prettier-ignore
    const error = await busy.tokenize('m', 'a').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      retryAfter: 12,
      kind: 'network',
      problem: 'rate-limited',
      message: 'wait',
    });
  });

  it.each([
    ['a plain 404', () => new Response('Not found', { status: 404 })],
    [
      'a page for every path',
      () => new Response('<!doctype html>', { headers: { 'Content-Type': 'text/html' } }),
    ],
  ])('knows a static host by %s', async (_, response) => {
    const host = answering(response);
    await expect(host.readTrace('a'.repeat(64))).rejects.toThrow(NoApiError);
    await expect(host.storeTrace('{}')).rejects.toThrow(/served without its API/);
    await expect(host.tokenize('m', 'a')).rejects.toThrow(NoApiError);
    expect(await host.isThere()).toBe(false);
  });

  it('stores, reads and deletes traces by their calls', async () => {
    const asked: string[] = [];
    const id = 'ab'.repeat(32);
    const traces = new Api('http://edge.test', async (input, init) => {
      const request = new Request(input, init);
      const packed = request.headers.get('Content-Encoding') === 'gzip';
      const text = packed ? await unpacked(request) : await request.text();
      asked.push(`${request.method} ${request.url} ${request.headers.get('Authorization') ?? ''}${text}`);
      return request.method === 'POST' ? Response.json({ id, url: `/t/${id}`, expiresAt: '2027-01-01T00:00:00.000Z', deleteToken: 'secret' }, { status: 201 }) : new Response('{"a":1}'); // prettier-ignore
    });
    expect(await traces.storeTrace('{"a":1}')).toEqual({ id, url: `/t/${id}`, expiresAt: '2027-01-01T00:00:00.000Z', deleteToken: 'secret' }); // prettier-ignore
    expect(await traces.readTrace(id)).toBe('{"a":1}');
    await traces.deleteTrace(id, 'secret');
    expect(asked).toEqual([
      'POST http://edge.test/v1/traces {"a":1}',
      `GET http://edge.test/v1/traces/${id} `,
      `DELETE http://edge.test/v1/traces/${id} Bearer secret`,
    ]);
  });

  it('ends with its signal, and says when nobody answers', async () => {
    const silent = new Api('http://edge.test', (_, init) => new Promise((_, reject) => init?.signal?.addEventListener('abort', () => reject(new Error('aborted'))))); // prettier-ignore
    const stop = new AbortController();
    const waiting = silent.tokenize('m', 'a', stop.signal);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ kind: 'cancelled' });
    const down = new Api('http://edge.test', () => Promise.reject(new TypeError('fetch failed')));
    await expect(down.models()).rejects.toMatchObject({ kind: 'network' });
  });
});
