/** The command line as a real process: what it prints, writes and refuses. Needs `npm run build:lib`. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseTrace } from '../../shared/trace/decode.ts';
import { fromLogitlens } from '../../shared/trace/logitlenskit.ts';
import type { TraceData } from '../../shared/trace/data.ts';
import { absoluteDeviation, TOLERANCE, vectorDeviation, within } from '../cases/compare.ts';
import { decodeGoldens, golden } from '../cases/golden.ts';
import { pathOf, readBytes, sharedMissing } from '../support/addresses.ts';

const CLI = pathOf('dist/lib/cli.js');
const MODEL = pathOf('site/public/models/fable-4m');
const EIFFEL = 'The Eiffel Tower is in the city of';
let folder = '';

beforeAll(() => {
  if (!existsSync(CLI)) throw new Error('dist/lib/cli.js is not there: npm run build:lib');
  folder = mkdtempSync(join(tmpdir(), 'residscope-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface CallOptions {
  readonly env?: Record<string, string>;
  /** What standard input holds; without it, nothing. */
  readonly input?: string | Buffer;
  /** Called with the running process. */
  readonly during?: (child: ChildProcess) => void;
}

function call(args: readonly string[], { env = {}, input, during }: CallOptions = {}): Promise<Result> {
  const plain = { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined };
  const child = spawn(process.execPath, [CLI, ...args], { env: { ...plain, ...env }, cwd: folder });
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (out[name] += text));
  }
  child.stdin.on('error', () => undefined);
  if (during === undefined) child.stdin.end(input ?? '');
  else during(child);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, ...out }));
  });
}

/** One line on standard error, nothing on standard output. */
function expectFailure(result: Result, status: number, message: RegExp): void {
  expect(result.stderr.replace(/^.*: (?:opening|weights|layer|running|tensor).*\n/gm, '')).toMatch(
    /^residscope: [^\n]+\n$/,
  );
  expect(result.stderr).toMatch(message);
  expect(result.stdout).toBe('');
  expect(result.status).toBe(status);
}

describe('help', () => {
  it.each([
    [['--help'], /usage: residscope COMMAND MODEL TEXT/],
    [['tokenize', '--help'], /usage: residscope tokenize/],
    [['lens', '-h'], /--logitlens FILE/],
    [['activations', '--help'], /--hooks GLOB/],
    [['--version'], /^\d+\.\d+\.\d+\n$/],
  ])('%j', async (args, text) => {
    const result = await call(args);
    expect(result).toMatchObject({ status: 0, stderr: '' });
    expect(result.stdout).toMatch(text);
  });
});

describe('a call that is wrong in itself ends with 2', () => {
  it.each<[string[], RegExp]>([
    [[], /expected a command: tokenize, lens, activations/],
    [['toString'], /got "toString"/],
    [['lens', 'fable-4m', ''], /the text is empty/],
    [['lens', 'fable-4m', '--ids', '1,\ud800'], /--ids: expected whole numbers/],
    [['lens', 'fable-4m', 'a', '--nope'], /--nope/],
    [['activations', 'fable-4m', 'a', '--out', 'x.safetensors'], /expected --hooks/],
    [['activations', 'fable-4m', 'a', '--hooks', ','], /--hooks: expected globs/],
  ])('%j', async (args, message) => {
    expectFailure(await call(args), 2, message);
  });
});

describe('what only the model can judge ends with 1', () => {
  it.each<[string, string[], RegExp]>([
    [
      'a folder that is not there',
      ['lens', './nowhere/model', 'a'],
      /model "\.\/nowhere\/model": .*fable-4m/,
    ],
    ['an id outside the vocabulary', ['lens', 'fable-4m', '--ids', '1,4096'], /4096 is outside .* 0 to 4095/],
    ['more tokens than the context', ['lens', 'fable-4m', ' moon'.repeat(300)], /context of 256: shorten/],
    [
      'a hook that is not there',
      ['activations', 'fable-4m', 'a', '--hooks', 'blocks.*.x', '--out', 'x'],
      /selects nothing/,
    ],
    [
      'a folder to write into that is not there',
      ['lens', 'fable-4m', 'a', '--svg', 'no/x.svg'],
      /--svg no\/x\.svg: there is no folder/,
    ],
  ])('%s', async (_name, args, message) => {
    expectFailure(await call(args), 1, message);
  });

  it('standard input without a text', async () => {
    expectFailure(await call(['lens', 'fable-4m', '-']), 1, /the text is empty/);
  });

  it('a folder without a model, of an unknown family, with weights cut off', async () => {
    const model = join(folder, 'broken');
    mkdirSync(model);
    expectFailure(await call(['lens', model, 'a']), 1, /config\.json/);
    cpSync(MODEL, model, { recursive: true });
    const config = JSON.parse(readFileSync(join(model, 'config.json'), 'utf8')) as object;
    writeFileSync(join(model, 'config.json'), JSON.stringify({ ...config, model_type: 'mamba9' }));
    expectFailure(await call(['lens', model, 'a']), 1, /mamba9/);
    cpSync(join(MODEL, 'config.json'), join(model, 'config.json'));
    truncateSync(join(model, 'model.safetensors'), 5_000_000);
    expectFailure(await call(['lens', model, 'a']), 1, /cut off/);
  });
});

describe('tokenize', () => {
  it('prints ids, tokens and offsets, with and without bos', async () => {
    const { stdout, status } = await call(['tokenize', 'fable-4m', EIFFEL]);
    expect(status).toBe(0);
    const result = JSON.parse(stdout) as { ids: number[]; tokens: string[]; offsets: number[][] };
    expect(Object.keys(result)).toEqual(['ids', 'tokens', 'offsets']);
    expect(result.ids).toEqual([0, 286, 1855, 1212, 288, 301, 260, 471, 292]);
    expect(result.tokens.at(-1)).toBe('Ġof');
    expect(result.offsets.slice(0, 3)).toEqual([
      [0, 0],
      [0, 3],
      [3, 10],
    ]);
    const bare = await call(['tokenize', 'fable-4m', EIFFEL, '--no-bos', '--json']);
    expect((JSON.parse(bare.stdout) as typeof result).ids).toEqual(result.ids.slice(1));
  });

  it('takes ids, NUL and anything that UTF-8 holds or does not', async () => {
    const back = await call(['tokenize', 'fable-4m', '--ids', '0,286,1855']);
    expect(JSON.parse(back.stdout)).toMatchObject({
      text: '<|endoftext|>The Eiffel',
      offsets: [
        [0, 13],
        [13, 16],
        [16, 23],
      ],
    });
    const nul = await call(['tokenize', 'fable-4m', '-'], { input: 'a\0b' });
    expect(nul.status).toBe(0);
    const broken = await call(['tokenize', 'fable-4m', '-'], {
      input: Buffer.from([0x61, 0xff, 0xed, 0xa0, 0x80]),
    });
    expect(broken.status).toBe(0);
    expect((await call(['tokenize', 'fable-4m', ''])).stdout).toContain('"ids":[0]');
  });
});

describe('lens', () => {
  it('shows Paris winning in the last layers', async () => {
    const { stdout, stderr, status } = await call(['lens', 'fable-4m', EIFFEL]);
    expect(status).toBe(0);
    expect(stdout).not.toContain('\u001b');
    for (const layer of [7, 6, 5]) expect(stdout).toMatch(new RegExp(`^ +${layer} .*·Paris \\d+$`, 'm'));
    expect(stdout).toMatch(/^ +emb .*·of \d+$/m);
    expect(stdout).toMatch(
      /After “·of” the answer is “·Paris” from layer \d on, of layers 0 to 7 \(p 0\.9\d\d/,
    );
    expect(stdout).toContain('checks pass');
    expect(stderr).not.toContain('residscope:');
  });

  it('shows the repeated list converge to fish, in colour when told', async () => {
    const text = 'stone river moon fish stone river moon';
    const { stdout } = await call(['lens', 'fable-4m', text], { env: { FORCE_COLOR: '3', COLUMNS: '60' } });
    expect(stdout).toContain('\u001b[48;2;');
    expect(stdout).toMatch(/After “·moon” the answer is “·fish” from layer \d on/);
    expect(stdout.match(/^layer /gm)?.length).toBeGreaterThan(1);
  });

  it('prints a valid trace and writes picture, page and logitlenskit file', async () => {
    const files = { svg: 'x.svg', html: 'x.html', logitlens: 'x.json' };
    const options = Object.entries(files).flatMap(([name, file]) => [`--${name}`, file]);
    const { stdout, stderr, status } = await call([
      'lens',
      'fable-4m',
      EIFFEL,
      '--json',
      '--top-k',
      '4',
      ...options,
    ]);
    expect(status).toBe(0);
    expect(stderr).toContain('wrote x.svg\n');
    const trace = parseTrace(stdout);
    expect(trace.model).toMatchObject({ id: 'fable-4m', layers: 8, vocab: 4096 });
    expect(trace.model.weightHash).toMatch(/^[0-9a-f]{64}$/);
    expect(trace.bos).toBe(true);
    expect(trace.lens.k).toBe(4);
    expect(trace.lens.rows).toHaveLength(9);
    expect(trace.checks.map((check) => check.status)).toEqual(['pass', 'pass', 'pass']);
    const final = trace.lens.targets.find((target) => target.name === 'final');
    expect(trace.texts.get(final?.ids.at(-1) ?? -1)).toBe(' Paris');
    expect(final?.ranks.at(-1)).toBe(0);

    expect(readFileSync(join(folder, 'x.svg'), 'utf8')).toMatch(/^<svg [\s\S]*·Paris[\s\S]*<\/svg>\n$/);
    expect(readFileSync(join(folder, 'x.html'), 'utf8')).toMatch(/^<!doctype html>[\s\S]*·Paris/);
    expectSameTop(trace, JSON.parse(readFileSync(join(folder, 'x.json'), 'utf8')));
  });

  /** The file's probabilities come from a second reading of the states: they agree with the first. */
  function expectSameTop(trace: TraceData, file: unknown): void {
    const { tracked, topk } = file as { tracked: Record<string, number[]>[]; topk: string[][][] };
    const { k, topIds, topLogprobs, rows } = trace.lens;
    rows.forEach((_, r) => {
      trace.ids.forEach((_id, pos) => {
        const at = (r * trace.ids.length + pos) * k;
        const text = trace.texts.get(topIds[at] ?? -1) ?? '';
        expect(topk[r]?.[pos]?.[0]).toBe(text);
        expect(tracked[pos]?.[text]?.[r]).toBeCloseTo(Math.exp(topLogprobs[at] ?? 0), 4);
      });
    });
    expect(fromLogitlens(file).lens.rows).toHaveLength(rows.length);
  }

  it('names a folder by its last part, and runs ids as they are', async () => {
    const { stdout } = await call(['lens', MODEL, '--ids', '286,1855', '--json']);
    const trace = parseTrace(stdout);
    expect(trace.model.id).toBe('fable-4m');
    expect([...trace.ids]).toEqual([286, 1855]);
    expect(trace.bos).toBe(false);
  });

  it('ends without a word when nobody reads on', async () => {
    const args = ['lens', 'fable-4m', ' moon'.repeat(200), '--json', '--top-k', '100'];
    const result = await call(args, {
      during: (child) => {
        child.stdin?.end();
        child.stdout?.once('data', () => child.stdout?.destroy());
      },
    });
    expect(result.status).toBe(0);
    expect(result.stderr).not.toMatch(/EPIPE|residscope:/);
  });

  it('is cancelled by SIGINT', async () => {
    const result = await call(['lens', 'fable-4m', '-'], {
      // More than a pipe holds: once it is taken, the process reads and listens.
      during: (child) => {
        child.stdin?.write('x'.repeat(2 ** 20), () => child.kill('SIGINT'));
      },
    });
    expectFailure(result, 1, /cancelled/);
  });
});

describe('activations', () => {
  it('are the goldens, hook by hook', async ({ skip }) => {
    skip(sharedMissing !== undefined, sharedMissing);
    const goldens = await decodeGoldens(
      'golden',
      await readBytes('shared/models/fable-4m/golden.safetensors'),
    );
    const { stdout, status } = await call([
      'activations',
      'fable-4m',
      EIFFEL,
      '--hooks',
      '*',
      '--out',
      'x.safetensors',
      '--json',
    ]);
    expect(status).toBe(0);
    const listed = JSON.parse(stdout) as { tensors: { name: string; shape: number[] }[] };
    const ours = await decodeGoldens('x.safetensors', bytesOf(join(folder, 'x.safetensors')));
    expect(listed.tensors.map((t) => t.name).sort()).toEqual([...ours.keys()].sort());
    expect([...golden(ours, 'ids').data]).toEqual([...golden(goldens, '0.ids').data]);
    const names = [...goldens.keys()].filter((key) => /^0\.(?:blocks|ln_final|logits)/.test(key));
    expect(names.length).toBeGreaterThan(8 * 7);
    for (const name of names) {
      const [mine, theirs] = [golden(ours, name.slice(2)), golden(goldens, name)];
      expect(mine.shape, name).toEqual(theirs.shape);
      const pattern = name.endsWith('hook_pattern');
      const deviation = pattern
        ? absoluteDeviation(mine.data, theirs.data)
        : vectorDeviation(
            mine.data,
            theirs.data,
            theirs.shape.slice(1).reduce((a, b) => a * b, 1),
          );
      expect(
        within(deviation, pattern ? TOLERANCE.attention : TOLERANCE.vector),
        `${name}: ${deviation.worst}`,
      ).toBe(true);
    }
  });

  it('writes what was asked for, ids and logits, and lists it', async () => {
    const args = [
      'activations',
      'fable-4m',
      '--ids',
      '0,286',
      '--hooks',
      'blocks.*.hook_resid_post,hook_embed',
    ];
    const { stdout } = await call([...args, '--out', 'y.safetensors']);
    const lines = stdout.trim().split('\n');
    expect(lines).toHaveLength(8 + 3);
    expect(lines[0]).toBe('ids I64 [2]');
    expect(lines).toContain('blocks.7.hook_resid_post F32 [2, 192]');
    expect(lines.at(-1)).toBe('logits F32 [2, 4096]');
    expect([...golden(await decodeGoldens('y', bytesOf(join(folder, 'y.safetensors'))), 'ids').data]).toEqual(
      [0, 286],
    );
  });

  function bytesOf(file: string): Uint8Array<ArrayBuffer> {
    return new Uint8Array(readFileSync(file));
  }
});
