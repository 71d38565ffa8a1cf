/** Small helpers of the HTTP cases: requests to one server, and what every problem must look like. */
import { expect } from 'vitest';
import { complaints } from './openapi-check.ts';

/** Gives the server's address once it runs. */
export type Base = () => string;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed when it is JSON. */
  readonly json: unknown;
}

/** Asks, and holds the answer against the server's own description. */
export async function request(base: Base, path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(base() + path, { redirect: 'manual', ...init });
  const text = await response.text();
  const json: unknown =
    /json/.test(response.headers.get('Content-Type') ?? '') && text ? JSON.parse(text) : undefined;
  const answer = { status: response.status, headers: response.headers, text, json };
  const method = init.method ?? 'GET';
  expect(await complaints(base(), method, path, answer), `${method} ${path.slice(0, 200)}`).toEqual([]);
  return answer;
}

/** POST with a JSON body; a string is sent as it is. */
export function post(
  base: Base,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return request(base, path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

/** The API's CORS and safety headers, on answers of every kind. */
export function expectOpen({ headers }: Answer): void {
  expect(headers.get('Access-Control-Allow-Origin')).toBe('*');
  expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
  expect(headers.get('Cross-Origin-Resource-Policy')).toBe('cross-origin');
  expect(headers.get('Referrer-Policy')).toBe('no-referrer');
}

/** Problem details of a status and kind, with a text that says what to do. */
export function expectProblem(answer: Answer, status: number, kind: string, detail: RegExp): void {
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status });
  expect(answer.headers.get('Content-Type')).toBe('application/problem+json');
  expect(answer.headers.get('Cache-Control')).toBe('no-store');
  expect(answer.json).toMatchObject({ type: `urn:residscope:problem:${kind}`, status });
  expect(answer.json).toHaveProperty('title', expect.stringMatching(/./));
  expect(answer.json).toHaveProperty('detail', expect.stringMatching(detail));
}
