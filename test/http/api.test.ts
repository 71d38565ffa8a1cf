/** The API as workerd serves it: real `wrangler dev`, real Cache API and KV on this machine. */
import { afterAll, beforeAll, describe } from 'vitest';
import { errorCases, fuzzCases } from '../cases/http-errors.ts';
import { apiCases } from '../cases/http.ts';
import { type Server, startServer } from '../support/wrangler.ts';

let server: Server | undefined;
const base = (): string => server?.url ?? '';

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

describe('calls', () => apiCases(base));
describe('errors', () => errorCases(base));
describe('fuzz', () => fuzzCases(base, 20_261_123, 600));
