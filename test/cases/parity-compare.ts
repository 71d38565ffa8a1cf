/**
 * Cases: two runs side by side. Every divergence, entropy, candidate and rank against the definitions, in doubles from
 * golden states: two prompts in aligned columns, and one prompt with its positions crosswise.
 */
import { alignTokens, type Column } from '../../shared/compare/align.ts';
import type { ComparedCells, ComparedSide, Fared } from '../../shared/compare/cells.ts';
import { NO_DEVIATION, TOLERANCE, topDeviation, worse, type Deviation } from './compare.ts';
import * as reference from './lens-reference.ts';
import type { Distribution } from './lens-reference.ts';
import { expected, type Expected } from './parity-lens.ts';
import type { Finding, ModelRun, ParityCase } from './parity-run.ts';

const K = 5;
const PER_CELL = 2;

async function comparePair(
  run: ModelRun,
  [first, second]: readonly [number, number],
  columnsOf: (a: readonly number[], b: readonly number[]) => Column[],
): Promise<Deviation & { readonly cells: number }> {
  const [a, b] = [await expected(run, first), await expected(run, second)];
  const subject = await run.subject();
  const columns = columnsOf(a.ids, b.ids);
  const vocab = a.output[0]?.logprobs.length ?? 0;
  const targets = Int32Array.from({ length: columns.length * PER_CELL }, (_, i) =>
    i % 5 === 4 ? -1 : (i * 37) % vocab,
  );
  let found = NO_DEVIATION;
  let cells = 0;
  const layers: number[] = [];
  for await (const row of subject.compare(a.ids, b.ids, { columns, k: K, targets })) {
    const layer = row.layers.a ?? NaN;
    layers.push(layer);
    if (row.layers.b !== layer) throw new Error(`expected layer ${layer} twice, got ${row.layers.b}`);
    columns.forEach((column, cell) => {
      const sides = [at(a, layer, column.a), at(b, layer, column.b)] as const;
      const own = targets.subarray(cell * PER_CELL, (cell + 1) * PER_CELL);
      const { worst, at: what } = cellDeviation(row.cells, cell, sides, own);
      found = worse(found, { worst, at: `layer ${layer}, ${column.a} beside ${column.b}: ${what}` });
      cells++;
    });
  }
  if (layers.join() !== a.layers.join())
    throw new Error(`expected rows ${a.layers.join()}, got ${layers.join()}`);
  return { ...found, cells };
}

function at({ rows }: Expected, layer: number, pos: number): Distribution | undefined {
  return rows.get(layer)?.[pos];
}

function cellDeviation(
  ours: ComparedCells,
  cell: number,
  [p, q]: readonly [Distribution | undefined, Distribution | undefined],
  targets: Int32Array,
): Deviation {
  let found = NO_DEVIATION;
  const see = (worst: number, what: string): void => {
    found = worse(found, { worst, at: what });
  };
  const side = (name: 'a' | 'b', own: Distribution | undefined, otherTop: number): void => {
    const mine = ours[name];
    see(sideDeviation(mine, cell, own), `${name}: candidates and entropy`);
    see(fareDeviation(mine.otherTop, cell, own, otherTop), `${name}: the other's top token`);
    targets.forEach((id, i) => {
      see(fareDeviation(mine.targets, cell * PER_CELL + i, own, id), `${name}: token ${id}`);
    });
  };
  side('a', p, p && q ? (ours.b.topIds[cell * K] ?? -1) : -1);
  side('b', q, p && q ? (ours.a.topIds[cell * K] ?? -1) : -1);
  const gap = (value: number | undefined, theirs: number | undefined): number =>
    theirs === undefined ? (Number.isNaN(value) ? 0 : Infinity) : Math.abs((value ?? NaN) - theirs);
  see(gap(ours.klAB[cell], p && q && reference.divergence(p, q)), 'KL of A from B');
  see(gap(ours.klBA[cell], p && q && reference.divergence(q, p)), 'KL of B from A');
  see(gap(ours.js[cell], p && q && jensenShannon(p, q)), 'Jensen–Shannon');
  return found;
}

function sideDeviation(side: ComparedSide, cell: number, own: Distribution | undefined): number {
  const ids = side.topIds.subarray(cell * K, (cell + 1) * K);
  const logprobs = side.topLogprobs.subarray(cell * K, (cell + 1) * K);
  const entropy = side.entropy[cell] ?? NaN;
  if (!own) return ids.every((id) => id === -1) && Number.isNaN(entropy) ? 0 : Infinity;
  return Math.max(
    topDeviation({ ids, logprobs }, reference.topOf(own, K)).worst,
    Math.abs(entropy - own.entropy),
  );
}

function fareDeviation(
  { logprobs, ranks }: Fared,
  i: number,
  own: Distribution | undefined,
  id: number,
): number {
  const [logprob, rank] = [logprobs[i] ?? NaN, ranks[i] ?? NaN];
  if (!own || id < 0) return Number.isNaN(logprob) && rank === -1 ? 0 : Infinity;
  if (!reference.isRank(own, id, rank)) return Infinity;
  return Math.abs(logprob - (own.logprobs[id] as number));
}

/** (KL(p ‖ m) + KL(q ‖ m)) / 2, m the mean of both. */
function jensenShannon(p: Distribution, q: Distribution): number {
  const mean = {
    ...p,
    logprobs: p.logprobs.map((l, i) => Math.log((Math.exp(l) + Math.exp(q.logprobs[i] as number)) / 2)),
  };
  return (reference.divergence(p, mean) + reference.divergence(q, mean)) / 2;
}

const twoPrompts: ParityCase = {
  name: 'compare: two runs side by side, by definition',
  async run(run): Promise<Finding> {
    const prompts = await run.prompts();
    const [first = NaN, last = NaN] = [prompts[0], prompts.at(-1)];
    const aligned = await comparePair(run, [first, last], alignTokens);
    const crosswise = await comparePair(run, [first, first], (ids) =>
      ids.map((_, pos) => ({ a: pos, b: ids.length - 1 - pos })),
    );
    const { worst, at: where } = worse(aligned, crosswise);
    const cells = aligned.cells + crosswise.cells;
    return { worst, bound: TOLERANCE.nats, detail: `${cells} cells, worst at ${where || 'none'}` };
  },
};

export const compareCases: readonly ParityCase[] = [twoPrompts];
