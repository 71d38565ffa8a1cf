/**
 * The parity suite through every way in which files come: a folder (the other runs), a hub with ranges and redirects,
 * one that ignores ranges, one that drops connections half-way. One that lies about lengths ends in a typed error.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PARITY_MODELS, runParity } from '../cases/parity.ts';
import { onDevice } from '../cases/parity-run.ts';
import { pathOf, readBytes, sharedMissing } from '../support/addresses.ts';
import { startHub, type HubServer } from '../support/hub-server.ts';
import { importLibrary, type Library } from '../support/library.ts';

/** One file, shards cast to bf16, a gated MLP with a window: what loading could get wrong. */
const MODELS = PARITY_MODELS.filter(({ name }) => /^(gpt2|qwen3|mistral)/.test(name));

describe.skipIf(sharedMissing)(`parity through servers${sharedMissing ? ` (${sharedMissing})` : ''}`, () => {
  let library: Library;
  let server: HubServer;
  const before = process.env['HF_ENDPOINT'];
  const id = (folder: string): string => `test/${folder.split('/').at(-1) ?? ''}`;

  beforeAll(async () => {
    library = await importLibrary();
    server = await startHub(Object.fromEntries(MODELS.map(({ folder }) => [id(folder), pathOf(folder)])));
    process.env['HF_ENDPOINT'] = server.hub.href;
  });
  afterEach(() => {
    Object.assign(server.behaviour, { noRanges: false, lie: 0, breaks: { count: 0, after: 0.5 } });
    server.requests.length = 0;
  });
  afterAll(async () => {
    if (before === undefined) delete process.env['HF_ENDPOINT'];
    else process.env['HF_ENDPOINT'] = before;
    await server.close();
  });

  it.each<[string, (server: HubServer) => void, (server: HubServer) => boolean]>([
    ['a hub with ranges', () => undefined, ({ requests }) => requests.some((r) => r.range !== undefined)],
    ['one that ignores ranges', ({ behaviour }) => (behaviour.noRanges = true), () => true],
    [
      'one that drops connections half-way',
      ({ behaviour }) => (behaviour.breaks = { count: 6, after: 0.5 }),
      ({ behaviour }) => behaviour.breaks.count === 0, // every break was met
    ],
  ])('%s', async (_, change, held) => {
    change(server);
    const load = (folder: string, options: object) =>
      onDevice('wasm', library.LensModel.load(id(folder), { device: 'wasm', ...options }));
    const results = await runParity({ load, readBytes }, MODELS);
    expect(results.filter((r) => !r.passed)).toEqual([]);
    expect(results.length).toBeGreaterThan(60);
    expect(held(server)).toBe(true);
  });

  it('one that lies about lengths', async () => {
    for (const lie of [1_000_000, -100]) {
      server.behaviour.lie = lie;
      const run = async (): Promise<void> => {
        const model = await library.LensModel.load(id('shared/goldens/gpt2'), { device: 'wasm' });
        await model.runWithCache([1, 2, 3], { hooks: ['logits'] });
      };
      await expect(run()).rejects.toBeInstanceOf(library.ResidscopeError);
    }
  });
});
