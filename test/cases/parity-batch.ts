/**
 * Cases: the ways to run other than one prompt at once. Batches with padding and prompts that go on from a past must
 * give what one run of each prompt gives.
 */
import { type Deviation, NO_DEVIATION, TOLERANCE, worse } from './compare.ts';
import { cut, golden, type Goldens } from './golden.ts';
import { compareHook } from './parity-hooks.ts';
import { type Finding, type ModelRun, type ParityCase, readAll } from './parity-run.ts';

/** Positions [from, to) of a prompt's own run, against row `row` of a batch whose rows may be longer. */
interface Span {
  readonly row: number;
  readonly from: number;
  readonly to: number;
}

/** Compares what is real of a batched run with the prompt's own run. */
function compareSpan(batch: Goldens, own: Goldens, { row, from, to }: Span): Deviation {
  let found = NO_DEVIATION;
  for (const [name, { shape, data }] of batch) {
    const size = shape.slice(1).reduce((a, b) => a * b, 1);
    const single = { shape: shape.slice(1), data: data.subarray(row * size, (row + 1) * size) };
    const ours = cut(name, single, 0, to - from, to);
    const one = golden(own, name);
    const theirs = cut(name, { shape: one.shape.slice(1), data: one.data }, from, to, to);
    const { worst, at } = compareHook(name, ours.data, theirs);
    found = worse(found, { worst, at: `${name}, positions ${from} to ${to}, ${at}` });
  }
  return found;
}

function finding(found: Deviation, compared: number): Finding {
  if (compared === 0) throw new Error('nothing compared');
  return { worst: found.worst, bound: TOLERANCE.vector, detail: `${compared} runs, worst at ${found.at}` };
}

const paddedBatch: ParityCase = {
  name: 'batch: shorter prompts padded on the right',
  async run(run) {
    const prompts = await run.prompts();
    const ids = await Promise.all(prompts.map((p) => run.ids(p)));
    const batch = await readAll(await (await run.subject()).runWithCache(ids));
    let found = NO_DEVIATION;
    for (const [row, prompt] of prompts.entries()) {
      const own = await run.cache(prompt);
      if (own.size !== batch.size) throw new Error(`expected ${own.size} hooks, got ${batch.size}`);
      const span = { row, from: 0, to: ids[row]?.length ?? 0 };
      found = worse(found, compareSpan(batch, own, span));
    }
    return finding(found, prompts.length);
  },
};

const HOOKS = ['blocks.*', 'logits'];

/** Runs prompts in pieces, each on the past of the one before, and compares each piece. */
async function runInPieces(
  run: ModelRun,
  prompts: readonly number[],
  cuts: readonly number[],
): Promise<Finding> {
  const subject = await run.subject();
  const ids = await Promise.all(prompts.map((p) => run.ids(p)));
  let found = NO_DEVIATION;
  let compared = 0;
  let past: { dispose(): void } | undefined;
  let from = 0;
  try {
    for (const to of [...cuts, Math.min(...ids.map((row) => row.length))]) {
      const piece = ids.map((row) => row.slice(from, to));
      const before = past;
      const result = await subject.runWithPast(piece, { hooks: HOOKS, ...(before && { past: before }) });
      past = result.past;
      before?.dispose();
      const batch = await readAll(result.cache);
      for (const [row, prompt] of prompts.entries()) {
        found = worse(found, compareSpan(batch, await run.cache(prompt), { row, from, to }));
        compared++;
      }
      from = to;
    }
  } finally {
    past?.dispose();
  }
  return finding(found, compared);
}

const oneByOne: ParityCase = {
  name: 'past: a prompt in pieces',
  run: (run) => runInPieces(run, [1], [1, 2, 7]),
};

const batchOnPast: ParityCase = {
  name: 'past: a batch in pieces',
  run: (run) => runInPieces(run, [0, 2], [3, 4]),
};

/** Two prompts whose first pieces differ in length: the second piece stands on padding. */
const pastWithPadding: ParityCase = {
  name: 'past: padding inside it',
  async run(run) {
    const subject = await run.subject();
    const [prompts, lengths] = [[0, 1] as const, [3, 6] as const];
    const ids = await Promise.all(prompts.map((p) => run.ids(p)));
    const first = await subject.runWithPast(
      ids.map((row, i) => row.slice(0, lengths[i])),
      { hooks: ['logits'] },
    );
    // Attention's srcs count the padding in, so that its shapes are not the single run's.
    const hooks = ['blocks.*.hook_resid_post', 'blocks.*.attn.hook_z', 'logits'];
    const second = await subject.runWithPast(
      ids.map((row, i) => row.slice(lengths[i], (lengths[i] ?? 0) + 2)),
      { hooks, past: first.past },
    );
    first.past.dispose();
    second.past.dispose();
    const batch = await readAll(second.cache);
    let found = NO_DEVIATION;
    for (const [row, prompt] of prompts.entries()) {
      const from = lengths[row] ?? 0;
      found = worse(found, compareSpan(batch, await run.cache(prompt), { row, from, to: from + 2 }));
    }
    return finding(found, prompts.length);
  },
};

export const batchCases: readonly ParityCase[] = [paddedBatch, oneByOne, batchOnPast, pastWithPadding];
