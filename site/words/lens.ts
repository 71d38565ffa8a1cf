/** What the table says, in words made from its numbers: the answer, the easiest and hardest prediction, the input. */
import { nats, probability } from '../controllers/numbers.ts';
import type { RunView } from '../controllers/view-state.ts';

/** Plain words, or a token's text to be set apart. */
export type Segment = string | { readonly token: string };

interface Column {
  readonly pos: number;
  /** First layer from which the answer stays. */
  readonly settled: number;
  readonly probability: number;
  /** Of the output, nats. */
  readonly entropy: number;
}

/** One list of segments a sentence; nothing before the run has ended. */
export function sentences(run: RunView): readonly (readonly Segment[])[] {
  const { late } = run;
  const top = run.rows.at(-1);
  const final = late?.final.at(-1);
  if (!late || !top || !final || run.rows.length !== run.model.spec.nLayers + 1) return [];
  const columns = run.ids.map((_, pos): Column => ({
    pos,
    settled: late.convergence[pos] ?? 0,
    probability: Math.exp(final.logprobs[pos] ?? Number.NaN),
    entropy: top.entropy[pos] ?? Number.NaN,
  }));
  const answer = columns.at(-1);
  if (!answer) return [];
  // What follows `bos` is how texts begin, not a reading of this one.
  const others = columns.slice(run.ids[0] === run.model.bosId ? 1 : 0, -1);
  const easiest = best(others, (a, b) => a.settled - b.settled || a.entropy - b.entropy);
  const hardest = best(others, (a, b) => b.entropy - a.entropy);
  const said = [answerSentence(run, answer)];
  if (easiest && hardest && easiest !== hardest) said.push(easeSentence(run, easiest, hardest));
  const input = inputSentence(run);
  if (input) said.push(input);
  return said;
}

function best(columns: readonly Column[], order: (a: Column, b: Column) => number): Column | undefined {
  return [...columns].sort(order)[0];
}

function answerSentence(run: RunView, column: Column): Segment[] {
  const p = probability(column.probability);
  return [
    'After ',
    read(run, column),
    ' the model says ',
    predicted(run, column),
    ` (probability ${p}), ${settling(run, column)}.`,
  ];
}

function easeSentence(run: RunView, easiest: Column, hardest: Column): Segment[] {
  return [
    'Easiest of the others: after ',
    read(run, easiest),
    ', ',
    predicted(run, easiest),
    ` ${settling(run, easiest)} (probability ${probability(easiest.probability)}). Hardest: after `,
    read(run, hardest),
    `, where even the output stays open (entropy ${nats(hardest.entropy)} nats, best guess `,
    predicted(run, hardest),
    ` with probability ${probability(hardest.probability)}).`,
  ];
}

function settling(run: RunView, { settled }: Column): string {
  const last = run.model.spec.nLayers - 1;
  if (settled < 0) return 'there from the embedding on';
  return settled === last ? 'settled only in the last layer' : `settled from layer ${settled} on`;
}

function inputSentence(run: RunView): Segment[] | undefined {
  const [embedding, first] = [run.rows[0], run.rows[1]];
  // A trace may have been made without.
  if (!embedding || !first || embedding.input.ids[0] === -1 || first.input.ids[0] === -1) return undefined;
  const own = (ranks: Int32Array): number => ranks.reduce((n, rank) => n + (rank === 0 ? 1 : 0), 0);
  const before = own(embedding.input.ranks);
  const after = own(first.input.ranks);
  const places = `${before} of ${run.ids.length}`;
  const then =
    after === before
      ? `, and as often after the first block.`
      : `; after the first block, at ${after === 0 ? 'none' : after}.`;
  return [`The embedding row reads back its own input token at ${places} positions${then}`];
}

function read(run: RunView, { pos }: Column): Segment {
  return { token: run.pieces[pos] ?? '' };
}

function predicted(run: RunView, { pos }: Column): Segment {
  return { token: run.texts.get(run.late?.finalIds[pos] ?? -1) ?? '' };
}
