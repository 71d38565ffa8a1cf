/** Ablation and attribution in the engine's thread: the prompt with units taken out beside itself, a logit taken apart. */
import { ablationInterventions, type MeanActivations } from '../../shared/ablation.ts';
import { InputError } from '../../shared/errors.ts';
import type { Intervention } from '../../shared/interventions.ts';
import type { LateReadings, LayerReadings } from '../../shared/lens/readings.ts';
import type { HostedModel } from './host.ts';
import { referencePrompts } from './lenses.ts';
import { RunStates } from './run-states.ts';
import type { AblatedRow, Studies } from './study-protocol.ts';
import type { Desk } from './studies.ts';
import { Parcel } from './transfer.ts';
import type { TokenTexts } from './protocol.ts';

/** Reference prompts that means are taken over: every mean of every layer is within a few percent by then. */
const MEAN_PROMPTS = 128;
/** Candidates a cell, as in the lens table. */
const TOP_K = 10;

/** A run's rows with the states that they were read from. */
interface WholeRun {
  readonly readings: readonly LayerReadings[];
  readonly late: LateReadings;
  readonly states: RunStates;
}

/** The plain run of the prompt that was asked about last, a model. */
const plainRuns = new WeakMap<HostedModel, { readonly key: string; readonly run: WholeRun }>();

export const ablate: Desk<'ablate'> = async (model, { ids, ablation }, { signal, tell }) => {
  const means = ablation.how === 'mean' ? await meansOf(model, signal, tell) : undefined;
  const interventions = ablationInterventions(
    { ...model.spec, family: model.spec.family },
    ablation,
    { tokens: ids.length },
    means,
  );
  const key = ids.join();
  let plain = plainRuns.get(model);
  if (plain?.key !== key) {
    plain = { key, run: await wholeRun(model, ids, [], signal) };
    plainRuns.set(model, plain);
  }
  const changed = await wholeRun(model, ids, interventions, signal);
  const { finalIds } = plain.run.late;
  const rows: AblatedRow[] = [];
  for (const [r, row] of plain.run.readings.entries()) {
    const before = topOf(row);
    const targets = Int32Array.from(
      { length: 2 * ids.length },
      (_, i) => (i % 2 === 0 ? before[i >> 1] : finalIds[i >> 1]) ?? -1,
    );
    const read = async (run: WholeRun): Promise<Float32Array> =>
      (await model.lens(run.states.row(r), { k: 1, targets, signal })).targetLogprobs;
    rows.push({
      layer: row.layer,
      before,
      after: topOf(changed.readings[r] ?? row),
      logprobsBefore: Float32Array.from(await read(plain.run)),
      logprobsAfter: Float32Array.from(await read(changed)),
    });
  }
  const shown = new Set(
    [...plain.run.readings, ...changed.readings].flatMap(({ topIds }) => [...topIds]).concat([...finalIds]),
  );
  for (const id of changed.late.finalIds) shown.add(id);
  // What crosses is copied: an array may be a view into a far larger buffer.
  const parcel = new Parcel();
  return {
    rows,
    readings: changed.readings.map((row) => parcel.readings(row)),
    late: parcel.late(changed.late),
    texts: textsOf(model, shown),
  };
};

export const attribute: Desk<'attribution'> = async (model, { ids, pos, target, against }, { signal }) => {
  const attribution = await model.attribution(ids, {
    pos,
    ...(target === undefined ? {} : { target }),
    ...(against === undefined ? {} : { against }),
    signal,
  });
  const shown = new Set([attribution.target, ...(typeof against === 'number' ? [against] : [])]);
  return { attribution, texts: textsOf(model, shown) };
};

async function meansOf(
  model: HostedModel,
  signal: AbortSignal,
  tell: (step: Studies['ablate']['step']) => void,
): Promise<MeanActivations> {
  const prompts = (await referencePrompts(signal)).slice(0, MEAN_PROMPTS);
  return model.meanActivations(prompts, { signal, onProgress: tell });
}

async function wholeRun(
  model: HostedModel,
  ids: readonly number[],
  interventions: readonly Intervention[],
  signal: AbortSignal,
): Promise<WholeRun> {
  const readings: LayerReadings[] = [];
  const states = new RunStates();
  let late: LateReadings | undefined;
  const asked = { lens: { k: TOP_K }, hooks: states.hooks, interventions, checks: false, signal };
  for await (const event of model.stream(ids, asked)) {
    if (event.type === 'readings') readings.push(event.readings);
    else if (event.type === 'late') late = event.late;
    else if (event.type === 'block') await states.add(event.layer, event.hooks);
  }
  if (!late) throw new InputError('engine: ablation: the run did not come to its end: run again');
  return { readings, late, states };
}

function topOf({ topIds, k }: LayerReadings): Int32Array {
  return Int32Array.from({ length: topIds.length / k }, (_, pos) => topIds[pos * k] ?? -1);
}

export function textsOf({ tokenizer }: HostedModel, ids: Iterable<number>): TokenTexts {
  return [...new Set(ids)].filter((id) => id >= 0).map((id) => [id, tokenizer.text(id)] as const);
}
