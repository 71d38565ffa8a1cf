/** The trace of what the table shows: the opened one as it is, or a finished run written as one. */
import { InputError } from '../../shared/errors.ts';
import type { TraceData } from '../../shared/trace/data.ts';
import { decodeTrace } from '../../shared/trace/decode.ts';
import { encodeTrace } from '../../shared/trace/encode.ts';
import type { ModelIdentity } from '../engine/protocol.ts';
import { lineReadings, linesOf } from './lines.ts';
import { LOCAL, type RunView } from './view-state.ts';

/** A run that has come to its end. */
export function isFinished(run: RunView | undefined): run is RunView {
  return run !== undefined && (run.trace !== undefined || run.timings !== undefined);
}

/** A path's values at the layers' own rows: a run with rows after attention has one of those between any two. */
export function ofWholeRows(values: ArrayLike<number>, rows: number): number[] {
  const all = Array.from(values);
  return all.length === 2 * rows - 1 ? all.filter((_, i) => i % 2 === 0) : all;
}

/**
 * Encoded and read back, so that what is drawn and written is what any reader of the trace sees.
 *
 * @param identity of the model's weights, when it is known by now.
 * @param interventions what was changed in the run.
 * @throws {InputError} before the run's end.
 */
export function traceOfRun(
  run: RunView,
  identity: ModelIdentity | undefined,
  interventions: TraceData['interventions'] = [],
): TraceData {
  if (run.trace) return run.trace.data;
  if (!run.late || !run.timings)
    throw new InputError('The run has not come to its end: wait for it, or run again.');
  const { ids, pieces, model, late, checks = [], timings, texts } = run;
  const lines = linesOf(run).flatMap((line) => lineReadings(run, line) ?? []);
  return decodeTrace(
    encodeTrace({
      model: {
        id: model.id.startsWith(LOCAL) ? model.id.slice(LOCAL.length) : model.id,
        ...(identity?.revision === undefined ? {} : { revision: identity.revision }),
        ...(identity ? { weightHash: identity.weightHash } : {}),
        layers: model.spec.nLayers,
        vocab: model.spec.dVocab,
      },
      ids,
      bos: model.bosId !== undefined && ids[0] === model.bosId,
      tokenizer: { text: (id) => texts.get(id) ?? '', pieces: () => [...pieces] },
      readings: lines.map(({ readings }) => readings),
      late: {
        ...late,
        kl: lines.flatMap(({ kl }) => kl ?? []),
        final: lines.flatMap(({ final }) => final ?? []),
      },
      lens: run.lens,
      checks,
      interventions,
      device: model.device,
      timings: { ...timings },
    }),
  );
}
