/** The same ids on another device, in a thread of its own, and where the two runs differ most. */
import type { DeviceName } from '../../engine/api.ts';
import { InputError } from '../../shared/errors.ts';
import type { LateReadings, LayerReadings } from '../../shared/lens/readings.ts';
import { startEngine } from '../engine/start.ts';
import { TOP_K } from './runs.ts';
import type { RunView, ViewState } from './view-state.ts';

/** The largest |Δ| of one reading, and its cell. */
export interface Difference {
  readonly reading: string;
  readonly value: number;
  /** −1 is the embedding row. */
  readonly layer: number;
  readonly pos: number;
}

export interface CrossCheck {
  readonly device: DeviceName;
  readonly detail: string;
  /** In nats: log p of the tokens that both list, entropy, KL to the output. */
  readonly differences: readonly Difference[];
  /** Cells whose top token differs; ranks of the output, input and next tokens that differ. */
  readonly topsThatDiffer: number;
  readonly ranksThatDiffer: number;
  readonly cells: number;
}

interface Table {
  readonly rows: readonly LayerReadings[];
  readonly late: LateReadings;
}

/** Two tables of the same ids, cell by cell. A NaN on one side is the largest difference of all. */
export function compareTables(a: Table, b: Table): Omit<CrossCheck, 'device' | 'detail'> {
  if (a.rows.length !== b.rows.length)
    throw new InputError(`cross-check: expected ${a.rows.length} rows, got ${b.rows.length}`);
  const worst = new Map<string, Difference>();
  const see = (reading: string, gap: number, layer: number, pos: number): void => {
    const value = Number.isNaN(gap) ? Infinity : Math.abs(gap);
    const before = worst.get(reading);
    if (!before || value > before.value) worst.set(reading, { reading, value, layer, pos });
  };
  let topsThatDiffer = 0;
  let ranksThatDiffer = 0;
  let cells = 0;
  a.rows.forEach((mine, r) => {
    const theirs = b.rows[r];
    if (!theirs) return;
    const { layer, k } = mine;
    const [myFinal, theirFinal] = [a.late.final[r], b.late.final[r]];
    for (let pos = 0; pos < mine.entropy.length; pos++) {
      cells++;
      const logprobs = new Map<number, number>();
      for (let i = pos * k; i < (pos + 1) * k; i++)
        logprobs.set(theirs.topIds[i] ?? -1, theirs.topLogprobs[i] ?? NaN);
      for (let i = pos * k; i < (pos + 1) * k; i++) {
        const other = logprobs.get(mine.topIds[i] ?? -1);
        if (other !== undefined) see('log p', (mine.topLogprobs[i] ?? NaN) - other, layer, pos);
      }
      see('entropy', (mine.entropy[pos] ?? NaN) - (theirs.entropy[pos] ?? NaN), layer, pos);
      see('KL', (a.late.kl[r]?.[pos] ?? NaN) - (b.late.kl[r]?.[pos] ?? NaN), layer, pos);
      if (mine.topIds[pos * k] !== theirs.topIds[pos * k]) topsThatDiffer++;
      for (const [one, other] of [
        [mine.input, theirs.input],
        [mine.next, theirs.next],
        [myFinal, theirFinal],
      ]) {
        if (one?.ranks[pos] !== other?.ranks[pos]) ranksThatDiffer++;
      }
    }
  });
  return { differences: [...worst.values()], topsThatDiffer, ranksThatDiffer, cells };
}

/**
 * Loads the run's model once more, on `device`, runs the same ids, and compares. The page's own engine keeps its run.
 *
 * @throws {InputError} when the run is unfinished, from a trace, or not on the raw lens.
 */
export async function crossCheck(
  run: RunView,
  { model, files }: Pick<ViewState, 'model' | 'files'>,
  {
    device,
    token,
    signal,
    onRow,
  }: {
    readonly device: DeviceName;
    readonly token?: string | undefined;
    readonly signal: AbortSignal;
    readonly onRow: (done: number, total: number) => void;
  },
): Promise<CrossCheck> {
  if (run.trace || run.lens || !run.late)
    throw new InputError('Only a finished run on the raw lens can be checked on another device.');
  const engine = startEngine();
  try {
    const info = await engine.load(model, { device, files, token, signal });
    const rows: LayerReadings[] = [];
    let late: LateReadings | undefined;
    const total = run.rows.length;
    for await (const event of engine.run(run.ids, { k: TOP_K, signal })) {
      if (event.type === 'readings') onRow(rows.push(event.readings), total);
      else if (event.type === 'late') late = event.late;
    }
    if (!late) throw new InputError('The other run has no end.');
    const { name, detail } = info.device;
    return { device: name, detail, ...compareTables({ rows: run.rows, late: run.late }, { rows, late }) };
  } finally {
    engine.dispose();
  }
}
