/** Where the command line takes models from: the hub, an address, a folder of that name. Needs `npm run build:lib`. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pathOf, sharedMissing } from '../support/addresses.ts';
import { COMMIT, startHub, type HubServer } from '../support/hub-server.ts';

const MODEL = pathOf('site/public/models/fable-4m');
const EIFFEL = 'The Eiffel Tower is in the city of';
let server: HubServer;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'residscope-sources-'));
  const shards = sharedMissing === undefined ? { 'owner/shards': pathOf('shared/goldens/qwen3') } : {};
  server = await startHub({ 'owner/fable': MODEL, ...shards });
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server.close();
});

function call(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const variables = { ...process.env, NO_COLOR: '1', HF_ENDPOINT: server.hub.href, HF_TOKEN: '', ...env };
    const options = { cwd: folder, env: variables };
    execFile(process.execPath, [pathOf('dist/lib/cli.js'), ...args], options, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

describe('models of the command line', () => {
  it('come from the hub, at the commit that the trace names', async () => {
    const { out, code } = await call(['lens', 'owner/fable', EIFFEL, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ model: { id: 'owner/fable', revision: COMMIT } });
    // One download of the weights: neither the plain forward nor the hash fetches them again.
    const sent = server.requests.filter((r) => r.origin === 'storage').reduce((n, r) => n + r.sent, 0);
    expect(sent).toBeLessThan(1.05 * 8_798_272);
  });

  it('come from an address, broken connections or not', async () => {
    server.behaviour.breaks.count = 3;
    const { out, err, code } = await call(['lens', `${server.hub.href}owner/fable/resolve/main/`, EIFFEL]);
    expect([code, err]).toEqual([0, expect.not.stringContaining('residscope:')]);
    expect(out).toContain('·Paris');
  });

  it('come in shards', async ({ skip }) => {
    skip(sharedMissing !== undefined, sharedMissing);
    const { code, err } = await call(['lens', 'owner/shards', '--ids', '1,2,3']);
    expect([code, err]).toEqual([0, expect.not.stringContaining('residscope:')]);
  });

  it('a folder of that name wins', async () => {
    mkdirSync(join(folder, 'owner'));
    cpSync(MODEL, join(folder, 'owner', 'fable'), { recursive: true });
    server.requests.length = 0;
    expect((await call(['tokenize', 'owner/fable', 'a'])).code).toBe(0);
    expect(server.requests).toEqual([]);
    rmSync(join(folder, 'owner'), { recursive: true });
  });

  it('ask for a token where they are gated, and take it from the environment', async () => {
    server.behaviour.gated.set('owner/fable', 'hf_right');
    const closed = await call(['tokenize', 'owner/fable', 'a']);
    expect([closed.code, closed.out]).toEqual([1, '']);
    expect(closed.err).toMatch(/gated or private: see .*accept its licence/);
    const wrong = await call(['tokenize', 'owner/fable', 'a'], { HF_TOKEN: 'hf_wrong' });
    expect(wrong.err).toContain('the token that was given is not enough');
    expect(wrong.err).not.toContain('hf_wrong');
    expect((await call(['tokenize', 'owner/fable', 'a'], { HF_TOKEN: 'hf_right\n' })).code).toBe(0);
    server.behaviour.gated.clear();
  });

  it('that are nowhere end in one line', async () => {
    const { code, err } = await call(['lens', 'owner/none', 'a']);
    expect([code, err.trim().split('\n').length]).toEqual([1, 1]);
    expect(err).toContain('owner/none: no such model on localhost');
  });
});
