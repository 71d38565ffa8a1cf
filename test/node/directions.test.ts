/**
 * The directions of real models: every prompt of prompts.txt against numpy's SVD of PyTorch's states, the figures
 * that the experiment gives, and `residscope pca`. Goldens: test/goldens/make_directions.py.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Directions, ExperimentSummary, LensModel, PromptDirections } from '../../engine/node.ts';
import { decodeTrace } from '../../shared/trace/decode.ts';
import { encodeTrace } from '../../shared/trace/encode.ts';
import { decodeGoldens, golden, type Goldens } from '../cases/golden.ts';
import { pathOf, readBytes, sharedMissing } from '../support/addresses.ts';
import { importLibrary } from '../support/library.ts';

const FABLE = pathOf('site/public/models/fable-4m');
const PROMPTS = join(FABLE, 'prompts.txt');
const GGUF = 'shared/models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf';
const TOLERANCE = 1e-4;

const lines = readFileSync(PROMPTS, 'utf8').split('\n').filter(Boolean);
let goldens: Goldens = new Map();
beforeAll(async () => {
  goldens = await decodeGoldens('directions', await readBytes('test/goldens/directions.safetensors'));
});

interface Found {
  readonly readings: PromptDirections[];
  readonly summary: ExperimentSummary;
}

async function experiment(model: LensModel, centred: boolean): Promise<Found> {
  const prompts = lines.map((line) => model.tokenizer.encode(line).ids);
  const readings: PromptDirections[] = [];
  for await (const event of model.directionsExperiment(prompts, { centred })) {
    if (event.type === 'summary') return { readings, summary: event.summary };
    expect([event.index, event.total]).toEqual([readings.length, lines.length]);
    readings.push(event.reading);
  }
  throw new Error('no summary came');
}

/** Every ratio to 1e-4, every readout the same. */
function compare(name: string, { readings }: Found, centred: boolean): void {
  const key = `${name}.${centred ? 'centred' : 'plain'}`;
  const { data, shape } = golden(goldens, `${key}.ratios`);
  const [prompts = 0, width = 0] = shape;
  expect([readings.length, readings[0]?.ratios.length]).toEqual([prompts, width]);
  let worst = 0;
  readings.forEach(({ ratios }, p) => {
    ratios.forEach((ratio, i) => (worst = Math.max(worst, Math.abs(ratio - (data[p * width + i] ?? NaN)))));
  });
  console.log(`directions: ${key}: worst ratio ${worst.toExponential(1)} of ${prompts} × ${width}`);
  expect(worst).toBeLessThanOrEqual(TOLERANCE);
  expect(readings.map((r) => r.directionId)).toEqual([...golden(goldens, `${key}.direction`).data]);
  expect(readings.map((r) => r.predictionId)).toEqual([...golden(goldens, `${name}.prediction`).data]);
}

describe('fable-4m', () => {
  let model: LensModel;
  beforeAll(async () => {
    model = await (await importLibrary()).LensModel.load(FABLE);
  });
  afterAll(() => model.dispose());

  it('171 prompts against numpy, centred: 0.58 and 59%', async () => {
    const found = await experiment(model, true);
    compare('fable-4m', found, true);
    expect(found.summary.ratio.value).toBeCloseTo(0.58, 2);
    expect(found.summary.matchRate.value).toBeCloseTo(0.59, 2);
    expect(found.summary.ratio.low).toBeLessThan(found.summary.ratio.value);
    expect(found.summary.ratio.high).toBeGreaterThan(found.summary.ratio.value);
  });

  it('171 prompts against numpy, not centred', async () => {
    compare('fable-4m', await experiment(model, false), false);
  });

  it('one prediction: path, signs and readout', async () => {
    for (const p of [0, 60, 170]) {
      const { ids } = model.tokenizer.encode(lines[p] ?? '');
      const found = await model.directions(ids, { components: 2, k: 5 });
      const { data, shape } = golden(goldens, 'fable-4m.centred.path');
      const [, rows = 0] = shape;
      const theirs = data.subarray(p * rows * 2, (p + 1) * rows * 2);
      const scale = theirs.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      const worst = Math.max(...theirs.map((x, i) => Math.abs(x - (found.path[i] ?? NaN)) / scale));
      expect(worst).toBeLessThanOrEqual(TOLERANCE);
      expect(found.states).toHaveLength(rows);
      expect(found.topIds[0]).toBe(golden(goldens, 'fable-4m.centred.direction').data[p]);
      expect(found.prediction.id).toBe(golden(goldens, 'fable-4m.prediction').data[p]);
      expect(found.match).toBe(found.topIds[0] === found.prediction.id);
      expect(found.topLogprobs).toHaveLength(10);
    }
  });

  it('mid-block states, all positions, another position; lengths and angles fit the hooks', async () => {
    const { ids } = model.tokenizer.encode('The capital of France is');
    const n = model.spec.nLayers;
    const mid = await model.directions(ids, { mid: true });
    expect(mid.mid).toBe(true);
    expect(mid.states).toHaveLength(2 * n + 1);
    expect(mid.states.slice(0, 3)).toEqual([
      { layer: -1, mid: false, pos: ids.length - 1 },
      { layer: 0, mid: true, pos: ids.length - 1 },
      { layer: 0, mid: false, pos: ids.length - 1 },
    ]);
    const all = await model.directions(ids, { allPositions: true, components: 3, pos: 2 });
    expect(all.states).toHaveLength(ids.length * (n + 1));
    expect(all.match).toBeUndefined();
    expect(all.path).toHaveLength(all.states.length * 3);
    const third = await model.directions(ids.slice(0, 3));
    const there = await model.directions(ids, { pos: 2 });
    expect(there.prediction.id).toBe(third.prediction.id);
    expect(all.prediction.id).toBe(third.prediction.id);
    there.ratios.forEach((ratio, i) => expect(ratio).toBeCloseTo(third.ratios[i] ?? NaN, 5));
    expect(there.geometry.cosines).toHaveLength((n + 1) ** 2);

    const { dModel: d } = model.spec;
    const cache = await model.runWithCache(ids, { hooks: ['blocks.3.*', 'blocks.4.hook_resid_pre'] });
    const at = async (name: string): Promise<Float32Array> =>
      (await cache.get(name)?.data())?.subarray(2 * d, 3 * d) ?? new Float32Array();
    const length = (v: Float32Array): number => Math.hypot(...v);
    expect(there.geometry.attn[3]).toBeCloseTo(length(await at('blocks.3.hook_attn_out')), 4);
    expect(there.geometry.mlp[3]).toBeCloseTo(length(await at('blocks.3.hook_mlp_out')), 4);
    expect(there.geometry.stream[4]).toBeCloseTo(length(await at('blocks.4.hook_resid_pre')), 4);
    const [a, b] = [await at('blocks.3.hook_resid_pre'), await at('blocks.3.hook_resid_post')];
    const product = a.reduce((sum, x, i) => sum + x * (b[i] ?? NaN), 0);
    expect(there.geometry.cosines[3 * (n + 1) + 4]).toBeCloseTo(product / length(a) / length(b), 5);
  });

  it('goes into a trace and comes out again', async () => {
    const { ids } = model.tokenizer.encode('The capital of France is');
    const found: Directions = await model.directions(ids);
    const readings = [];
    for await (const event of model.stream(ids)) if (event.type === 'readings') readings.push(event.readings);
    const trace = decodeTrace(
      encodeTrace({
        model: { id: 'fable-4m', layers: model.spec.nLayers, vocab: model.spec.dVocab },
        ids,
        bos: true,
        tokenizer: model.tokenizer,
        readings,
        directions: found,
      }),
    );
    expect(trace.pca?.positions).toEqual([ids.length - 1]);
    expect(trace.pca?.ratios).toEqual(Float32Array.from(found.ratios.subarray(0, found.count)));
    expect(trace.pca?.path).toEqual(Float32Array.from(found.path));
    expect(trace.pca?.topIds).toEqual(found.topIds);
  });

  it('refuses what it can’t read, and stops when told', async () => {
    const { ids } = model.tokenizer.encode('One two');
    await expect(model.directions(ids, { pos: 7 })).rejects.toThrow(
      'directions: position 7 is outside the prompt: expected 0 to 2, or −1 for the last',
    );
    await expect(model.directions([])).rejects.toThrow('the prompt is empty');
    const drain = async (prompts: number[][], signal?: AbortSignal): Promise<number> => {
      let seen = 0;
      for await (const event of model.directionsExperiment(prompts, { signal })) {
        if (event.type === 'prompt') seen++;
      }
      return seen;
    };
    await expect(drain([[1, 2], []])).rejects.toThrow('directions: prompt 2 is empty');
    await expect(drain([new Array<number>(300).fill(1)])).rejects.toThrow(
      "prompt 1 has 300 tokens, more than this model's context of 256",
    );
    await expect(drain([])).rejects.toThrow('expected at least one prompt');
    const controller = new AbortController();
    let seen = 0;
    const cancelled = (async () => {
      const { signal } = controller;
      for await (const event of model.directionsExperiment([[1, 2], [3, 4], [5]], { signal })) {
        if (event.type === 'prompt' && ++seen === 2) controller.abort();
      }
    })();
    await expect(cancelled).rejects.toThrow('cancelled');
    expect(seen).toBe(2);
    await expect(model.directions([1])).resolves.toMatchObject({ pos: 0, count: 6 });
  });
});

describe.skipIf(sharedMissing)(`SmolLM2${sharedMissing ? `: ${sharedMissing}` : ''}`, () => {
  let model: LensModel;
  beforeAll(async () => {
    model = await (await importLibrary()).LensModel.load(pathOf(GGUF));
  });
  afterAll(() => model.dispose());

  it.each([
    ['centred', 0.723, 0.468],
    ['not centred', 0.698, 0.439],
  ])('171 prompts against numpy, %s: %f and %f', { timeout: 600_000 }, async (name, ratio, rate) => {
    const found = await experiment(model, name === 'centred');
    compare('smollm2', found, name === 'centred');
    expect(found.summary.ratio.value).toBeCloseTo(ratio, 3);
    expect(found.summary.matchRate.value).toBeCloseTo(rate, 3);
  });
});

describe('residscope pca', () => {
  let folder = '';
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'residscope-pca-'))));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function call(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
    return new Promise((resolve) => {
      execFile(process.execPath, [pathOf('dist/lib/cli.js'), 'pca', ...args], (error, stdout, stderr) => {
        resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
      });
    });
  }

  function file(name: string, text: string | Uint8Array): string {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  }

  it('prints the figures beside the seed’s', async () => {
    const { status, stdout } = await call(FABLE, '--prompts', PROMPTS);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^171 prompts · centred · states x−1 … x7 at the last position\n/);
    expect(stdout).toMatch(/variance along PC1, mean +0\.57\d +0\.5\d\d to 0\.5\d\d +0\.88\n/);
    expect(stdout).toMatch(/PC1 reads as the prediction +59\.1% \(101 of 171\) +51\.6% to 66\.2% +77%\n/);
  });

  it('prints JSON and writes CSV that hold every prompt', async () => {
    const prompts = file('three.txt', 'The capital of France is\r\n\r\nOne, two\n  \nHot and cold\n');
    const csv = join(folder, 'out.csv');
    const { status, stdout, stderr } = await call(
      FABLE,
      ...['--prompts', prompts, '--json', '--csv', csv, '--no-centre', '--mid', '--seed', '3', '--no-bos'],
    );
    expect(stderr).toContain(`wrote ${csv}`);
    expect(status).toBe(0);
    const record = JSON.parse(stdout) as Record<string, unknown>;
    expect(record).toMatchObject({
      model: { id: 'fable-4m', layers: 8, weightHash: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
      options: { mid: true, centred: false, seed: 3, bos: false },
      summary: { prompts: 3 },
      prompts: [
        { prompt: 'The capital of France is', tokens: 5, prediction: ' Paris' },
        { prompt: 'One, two' },
        { prompt: 'Hot and cold' },
      ],
      seedFigures: { ratio: 0.88, matchRate: 0.77 },
    });
    const [head, first, ...rest] = readFileSync(csv, 'utf8').split('\r\n');
    expect(head).toMatch(/^prompt,tokens,pc1_ratio/);
    expect(first).toMatch(/^"The capital of France is",5,0\.\d+,0\.\d+,0\.\d+,\d+," Paris",/);
    expect(rest).toHaveLength(3);
  });

  it('refuses wrong calls with 2, and files that are no prompts with 1', async () => {
    const wrong = [
      [[FABLE], 'expected --prompts FILE, one prompt a line'],
      [[FABLE, 'a text', '--prompts', PROMPTS], 'expected MODEL alone, got "a text" after it'],
      [[FABLE, '--ids', '1', '--prompts', PROMPTS], '--prompts FILE, not --ids'],
      [[FABLE, '--prompts', PROMPTS, '--seed', 'x'], '--seed: expected a whole number'],
      [['--prompts', PROMPTS], 'expected MODEL'],
    ] as const;
    for (const [args, text] of wrong) {
      const { status, stderr } = await call(...args);
      expect(stderr).toContain(text);
      expect(status).toBe(2);
    }
    const bad = [
      [join(folder, 'none.txt'), 'none.txt: not read'],
      [file('empty.txt', '\n \n'), 'expected one prompt a line, got an empty file'],
      [file('latin.txt', Uint8Array.of(0xe9, 0x0a)), 'expected UTF-8 text'],
      [file('long.txt', `One\n${'word '.repeat(400)}\n`), 'line 2: '],
      [file('huge.txt', `One\n\n${'x'.repeat(17_000)}\n`), 'line 3: expected at most 16384 bytes, got 17000'],
    ] as const;
    for (const [path, text] of bad) {
      const { status, stdout, stderr } = await call(FABLE, '--prompts', path);
      expect(stderr).toContain(text);
      expect([status, stdout]).toEqual([1, '']);
    }
  });
});
