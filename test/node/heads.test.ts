/**
 * Scores of heads: a model made by hand that has an exact induction circuit and a head that deletes, and
 * `residscope heads`. Real models: heads-goldens.test.ts.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HeadsReading, LensModel } from '../../engine/node.ts';
import { pathOf } from '../support/addresses.ts';
import { inductionFolder, MADE } from '../support/induction-model.ts';
import { importLibrary, type Library } from '../support/library.ts';

let library: Library;
beforeAll(async () => {
  library = await importLibrary();
});

describe('a model made by hand', () => {
  let folder = '';
  let model: LensModel;
  let reading: HeadsReading;
  const at = ({ layer, head }: { readonly layer: number; readonly head: number }): number => layer * 2 + head;
  const mean = (list: readonly { readonly mean: number }[]): number =>
    list.reduce((sum, each) => sum + each.mean, 0) / list.length;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'residscope-heads-'));
    await inductionFolder(folder);
    model = await library.LensModel.load(folder);
    reading = await model.heads({ draws: 4, seed: 7 });
  });
  afterAll(async () => {
    await model.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is recognized: the pair, its scores and labels', () => {
    const { patterns, copying, composition, labels, pair, sentence } = reading;
    expect(patterns.previous.mean[at(MADE.previous)]).toBeGreaterThan(0.95);
    expect(patterns.induction.mean[at(MADE.induction)]).toBeGreaterThan(0.95);
    expect(patterns.present.mean[at(MADE.deleting)]).toBeGreaterThan(0.95);
    expect(pair).toMatchObject({ previous: MADE.previous, induction: MADE.induction });
    expect(sentence).toMatch(
      /^Head 0\.0 attends to the previous token .* head 1\.0 .*K-composition 0\.\d+ above/,
    );
    expect(copying[at(MADE.induction)]).toBeCloseTo(1, 3);
    expect(copying[at(MADE.deleting)]).toBeCloseTo(-1, 3);
    // The first writes where nothing is read out; the idle one writes nothing.
    expect(copying[at(MADE.previous)]).toBeNaN();
    expect(copying[at(MADE.idle)]).toBeNaN();
    expect(labels[at(MADE.previous)]).toEqual(['previous token']);
    expect(labels[at(MADE.induction)]).toContain('induction');
    expect(labels[at(MADE.deleting)]?.[0]).toBe('deleting');
    // What 0.0 writes is all that 1.0's keys read, and nothing that its queries or values do.
    const edge = at(MADE.previous) * 4 + at(MADE.induction);
    const { q, k, v, baseline } = composition ?? expect.fail('no composition');
    expect((k?.[edge] ?? NaN) + baseline).toBeGreaterThan(0.1);
    expect((q?.[edge] ?? NaN) + baseline).toBeLessThan(1e-3);
    expect((v[edge] ?? NaN) + baseline).toBeLessThan(1e-3);
    expect(k?.[at(MADE.idle) * 4 + at(MADE.induction)]).toBeNaN();
  });

  it('learns in context: the second copy is foretold', () => {
    // The second copy's first token follows no earlier copy of what stands before it.
    expect(mean(reading.loss.second.slice(1))).toBeLessThan(0.1);
    expect(mean(reading.loss.first)).toBeGreaterThan(3);
  });

  it('breaks when either head is ablated', async () => {
    for (const name of ['previous', 'induction'] as const) {
      const { layer, head } = MADE[name];
      const broken = await model.heads({
        draws: 2,
        seed: 7,
        composition: false,
        interventions: [{ hook: `blocks.${layer}.attn.hook_z`, units: [head] }],
      });
      expect(mean(broken.loss.second.slice(1)), name).toBeGreaterThan(3);
      const score = broken.patterns.induction.mean[at(MADE.induction)];
      if (name === 'previous') {
        expect(score).toBeLessThan(0.2);
        expect(broken.pair).toBeUndefined();
        expect(broken.sentence).toMatch(/^No induction pair: /);
      } else expect(score).toBeGreaterThan(0.95); // it still looks; it no longer writes
      expect(broken.composition).toBeUndefined();
    }
  });

  it('what the deleting head takes away comes back when it is ablated', async () => {
    const ids = [0, 5, 9, 30];
    const own = async (interventions: { hook: string; units: number[] }[]): Promise<number[]> => {
      const cache = await model.runWithCache(ids, { hooks: ['logits'], interventions });
      const logits = (await cache.get('logits')?.data()) ?? new Float32Array();
      return ids.map((id, pos) => logits[pos * 40 + id] ?? NaN);
    };
    const plain = await own([]);
    const back = await own([{ hook: 'blocks.1.attn.hook_z', units: [MADE.deleting.head] }]);
    plain.forEach((logit, pos) => expect((back[pos] ?? NaN) - logit).toBeGreaterThan(1));
  });

  it('the same seed gives the same scores, another one other tokens', async () => {
    const again = await model.heads({ draws: 4, seed: 7, composition: false });
    expect(again.sequences).toEqual(reading.sequences);
    expect(again.patterns.induction.mean).toEqual(reading.patterns.induction.mean);
    const other = await model.heads({ draws: 4, seed: 8, composition: false });
    expect(other.sequences).not.toEqual(reading.sequences);
    for (const ids of other.sequences) {
      const half = (ids.length - 1) / 2;
      expect(ids.slice(1, half + 1)).toEqual(ids.slice(half + 1));
      expect(new Set(ids.slice(1)).size).toBe(half);
      expect(ids[0]).toBe(model.tokenizer.bosId);
    }
  });

  it('tells of progress, stops when told, and refuses what it can’t do', async () => {
    const told: string[] = [];
    await model.heads({
      draws: 1,
      onProgress: ({ stage, done, total }) => told.push(`${stage} ${done}/${total}`),
    });
    expect(told).toEqual(['patterns 1/2', 'patterns 2/2', 'circuits 0/2', 'circuits 1/2', 'circuits 2/2']);
    for (const stage of ['patterns', 'circuits']) {
      const controller = new AbortController();
      const run = model.heads({
        signal: controller.signal,
        onProgress: (progress) => {
          if (progress.stage === stage) controller.abort();
        },
      });
      await expect(run).rejects.toThrow('cancelled');
    }
    await expect(model.heads({ draws: 0 })).rejects.toThrow(
      'draws: expected a whole number from 1 to 1000, got 0',
    );
    await expect(model.heads({ length: 61 })).rejects.toThrow('length: expected a whole number from 2 to 60');
    await expect(model.headWeights(2)).rejects.toThrow('heads: layer 2: expected 0 to 1');
  });

  function call(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
    return new Promise((resolve) => {
      execFile(process.execPath, [pathOf('dist/lib/cli.js'), 'heads', ...args], (error, stdout, stderr) => {
        resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
      });
    });
  }

  it('residscope heads prints a table, sorted where asked', async () => {
    const { status, stdout } = await call(folder, '--draws', '2', '--sort', 'deleting');
    expect(status).toBe(0);
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(/2 layers of 2 heads · 2 draws of 29 random tokens, repeated \(seed 0\)$/);
    expect(lines[3]).toMatch(/^1\.1 .*−1\.00 {2}deleting, present token$/);
    expect(stdout).toMatch(/\nHead 0\.0 attends to the previous token/);
    expect(stdout).toMatch(/\n {2}K {2}0\.0 → 1\.0 0\.\d{3}/);
  });

  it('prints JSON with every pair, and refuses wrong calls', async () => {
    const { status, stdout } = await call(folder, '--draws', '2', '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      model: { layers: 2, heads: 2, weightHash: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
      draws: 2,
      pair: { previous: MADE.previous, induction: MADE.induction },
      composition: { columns: ['from', 'to', 'q', 'k', 'v'], pairs: { length: 4 } },
    });
    for (const [args, text] of [
      [[folder, '--sort', 'size'], '--sort: expected previous, present, first'],
      [[folder, '--ids', '1'], 'heads draws its own tokens'],
      [[folder, '--draws', '0'], '--draws: expected a whole number from 1 to 1000'],
    ] as const) {
      const wrong = await call(...args);
      expect([wrong.status, wrong.stdout]).toEqual([2, '']);
      expect(wrong.stderr).toContain(text);
    }
  });
});
