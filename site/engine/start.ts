/** The engine of the page: a client with the worker that Vite builds as a file of its own. */
import { EngineClient, type Engine } from './client.ts';

export function startEngine(): Engine {
  return new EngineClient(
    () => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'residscope-engine' }),
  );
}
