/** Every platform the edge runs on, each started as a real process: a case of HTTP runs on all of them. */
import { afterAll, beforeAll } from 'vitest';
import type { Base } from '../cases/http-client.ts';
import { startDeno } from './deno-server.ts';
import type { Server, ServerOptions } from './server-process.ts';
import { startServer } from './wrangler.ts';

export type Start = (options?: ServerOptions) => Promise<Server>;

/** For `describe.each`. */
export const PLATFORMS: readonly (readonly [name: string, start: Start])[] = [
  ['workerd', startServer],
  ['Deno', startDeno],
];

export interface Serving {
  readonly base: Base;
  /** @throws before the first test. */
  readonly server: () => Server;
}

/** A server for the tests of one `describe`, started before and stopped after them. */
export function serving(start: Start, options: ServerOptions = {}): Serving {
  let running: Server | undefined;
  const server = (): Server => {
    if (!running) throw new Error('the server is not started yet');
    return running;
  };
  beforeAll(async () => {
    running = await start(options);
  });
  afterAll(() => running?.stop());
  return { server, base: () => server().url };
}
