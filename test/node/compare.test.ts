/** Two prompts and two models side by side on real models: what each says of cells, and what is refused. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ComparedRow, LensModel } from '../../engine/node.ts';
import { distribution, divergence, isTop } from '../cases/lens-reference.ts';
import { pathOf } from '../support/addresses.ts';
import { importLibrary } from '../support/library.ts';
import { tinyFolder } from '../support/tiny-model.ts';

const FABLE = pathOf('site/public/models/fable-4m');
const FRANCE = 'The capital of France is';

let folder = '';
let model: LensModel;
/** fable-4m without its last two blocks: another model of the same vocabulary. */
let shorter: LensModel;

beforeAll(async () => {
  const { LensModel } = await importLibrary();
  folder = await mkdtemp(join(tmpdir(), 'residscope-compare-'));
  await cp(FABLE, join(folder, 'shorter'), { recursive: true });
  const config = join(folder, 'shorter', 'config.json');
  const given = JSON.parse(await readFile(config, 'utf8')) as object;
  await writeFile(config, JSON.stringify({ ...given, n_layer: 6 }));
  [model, shorter] = [await LensModel.load(FABLE), await LensModel.load(join(folder, 'shorter'))];
});
afterAll(async () => {
  await model.dispose();
  await shorter.dispose();
  await rm(folder, { recursive: true });
});

async function all(rows: AsyncIterable<ComparedRow>): Promise<ComparedRow[]> {
  const found: ComparedRow[] = [];
  for await (const row of rows) found.push(row);
  return found;
}

describe('compare', () => {
  it('two prompts: the answers part where the country was read', async () => {
    const [a, b] = [FRANCE, 'The capital of Japan is'].map((text) => model.tokenizer.encode(text).ids);
    const rows = await all(model.compare(a ?? [], b ?? []));
    expect(rows.map(({ layers }) => layers.a)).toEqual([-1, 0, 1, 2, 3, 4, 5, 6, 7]);
    const last = rows.at(-1)?.cells;
    const end = (a?.length ?? 0) - 1;
    const token = (id: number | undefined): string => model.tokenizer.text(id ?? -1);
    expect(token(last?.a.topIds[end * 10])).toBe(' Paris');
    expect(token(last?.b.topIds[end * 10])).toBe(' Tokyo');
    expect(last?.b.otherTop.ranks[end]).toBeGreaterThan(0);
    expect(last?.klAB[end]).toBeGreaterThan(1);
    // Up to the country both prompts are the same tokens, and so are all their numbers.
    for (const { cells } of rows) {
      for (const same of [0, 1, 2]) {
        expect(cells.klAB[same]).toBeLessThan(1e-9);
        expect(cells.b.otherTop.ranks[same]).toBe(0);
      }
    }
  });

  it('two models of other depth: rows by their share of it, outputs against plain passes', async () => {
    const { ids } = model.tokenizer.encode(FRANCE);
    const rows = await all(model.compare(ids, ids, { other: shorter }));
    expect(rows.map(({ layers }) => layers.a)).toEqual([-1, 0, 1, 2, 3, 4, 5, 6, 7]);
    expect(rows.map(({ layers }) => layers.b)).toEqual([-1, 0, 1, 1, 2, 3, 4, 4, 5]);
    const [mine, theirs] = [await model.plainForward(ids), await shorter.plainForward(ids)];
    const { dVocab } = model.spec;
    const last = rows.at(-1)?.cells;
    ids.forEach((_, pos) => {
      const [p, q] = [mine, theirs].map((logits) =>
        distribution(logits.subarray(pos * dVocab, (pos + 1) * dVocab)),
      );
      if (!p || !q || !last) throw new Error('no output');
      expect(last.klAB[pos]).toBeCloseTo(divergence(p, q), 3);
      expect(last.klBA[pos]).toBeCloseTo(divergence(q, p), 3);
      expect(isTop(p, last.a.topIds[pos * 10] ?? -1)).toBe(true);
      expect(isTop(q, last.b.topIds[pos * 10] ?? -1)).toBe(true);
    });
    // Blocks 0 to 5 are the same weights: by number, nothing differs but what is missing.
    const { pairLayers } = await import('../../shared/compare/align.ts');
    const same = await all(
      model.compare(ids, ids, { other: shorter, rows: pairLayers({ a: 8, b: 6 }, 'index') }),
    );
    for (const { layers, cells } of same) {
      if (layers.b === undefined) expect([...cells.klAB].every(Number.isNaN)).toBe(true);
      else expect(Math.max(...cells.js)).toBeLessThan(1e-9);
    }
    expect(same.at(-1)?.layers).toEqual({ a: 7, b: undefined });
    expect(same.at(-1)?.cells.a.topIds[0]).toBe(last?.a.topIds[0]);
  });

  it('refuses what would be no number, and says why', async () => {
    const { LensModel } = await importLibrary();
    await tinyFolder(join(folder, 'tiny'));
    const tiny = await LensModel.load(join(folder, 'tiny'));
    const { ids } = model.tokenizer.encode(FRANCE);
    await expect(all(model.compare(ids, [1, 2], { other: tiny }))).rejects.toThrow(
      /compare: .*fable-4m and .*tiny have other vocabularies: one has 4,096 tokens and the other 20\. A divergence is of one vocabulary/,
    );
    await tiny.dispose();
    await expect(all(model.compare(ids, ids, { k: 0 }))).rejects.toThrow(
      'compare: k: expected a whole number from 1 to 4096, got 0',
    );
    await expect(all(model.compare(ids, ids, { targets: Int32Array.of(1) }))).rejects.toThrow(
      `compare: targets: expected [${ids.length}, *], got 1 ids`,
    );
    await expect(all(model.compare(ids, ids, { columns: [{ a: 0, b: 99 }] }))).rejects.toThrow(
      'compare: position 99 is outside the prompt',
    );
    await expect(all(model.compare(ids, ids, { rows: [{ a: 8, b: 0 }] }))).rejects.toThrow(
      'compare: layer 8 is not there: expected −1 to 7',
    );
    const stopped = AbortSignal.abort();
    await expect(all(model.compare(ids, ids, { signal: stopped }))).rejects.toMatchObject({
      kind: 'cancelled',
    });
  });
});
