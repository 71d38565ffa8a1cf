/** One prompt run and told of while it goes: see {@link Model.stream}. */
import { InputError } from '../shared/errors.ts';
import type { StreamEvent, StreamOptions } from './api.ts';
import type { Workplace } from './average-readings.ts';
import { BlockChecks } from './checks.ts';
import type { PastState } from './forward.ts';
import { LensStream } from './lens-stream.ts';
import { outputHooks } from './output-hooks.ts';
import { checkK, DEFAULT_K, fitting } from './read-states.ts';
import { rectangle } from './rectangle.ts';
import { StageClock } from './stage-clock.ts';
import { isRow, keeping, needsOutput, planHooks, runBlocks, withProgress } from './run.ts';

export async function* streamRun(
  place: Workplace,
  ids: readonly number[],
  options: StreamOptions,
): AsyncGenerator<StreamEvent, void> {
  const { machine, spec, weights } = place;
  const {
    lens = {},
    hooks = [],
    checks = true,
    interventions = [],
    past,
    keepPast = false,
    signal,
  } = options;
  const started = performance.now();
  const elapsed = (): number => performance.now() - started;
  const clock = new StageClock();
  let firstReadings = NaN;
  let lastReadings = NaN;
  const input = { ...rectangle([ids]), interventions, ...(past && { past }) };
  const k = lens === false ? 0 : checkK(lens.k ?? DEFAULT_K, spec.dVocab);
  const mid = lens !== false && lens.mid === true;
  if (mid && !spec.blockHooks.includes('hook_resid_mid')) {
    throw new InputError(
      `lens: mid: the blocks of ${spec.family} are parallel: attention and MLP read the same state, so there is none between them. Leave mid out`,
    );
  }
  const translators = lens === false ? undefined : fitting(spec, lens.translators);
  if (mid && translators) {
    throw new InputError(
      `lens: mid: a ${translators.kind} lens translates the states between blocks, not those inside: leave mid out`,
    );
  }
  const plan = planHooks(spec, hooks);
  const state = yield* withProgress(weights, machine.forward.begin(input, signal));
  clock.to('blocks');
  const reader =
    lens === false
      ? undefined
      : new LensStream(machine, spec, input.ids, { k, mid, lens: translators, signal });
  const blockChecks = new BlockChecks();
  let kept: PastState | undefined;
  try {
    let last: Float32Array | undefined;
    const blocks = runBlocks(machine, spec, weights, state, {
      plan,
      checks,
      mid,
      signal,
      keepPast,
    });
    for await (const row of keeping(blocks, (present) => (kept = present))) {
      if (!isRow(row)) {
        yield row;
        continue;
      }
      if (row.checks) blockChecks.add(row.checks);
      clock.to('reader');
      yield { type: 'block', layer: row.layer, hooks: row.hooks };
      if (reader) {
        if (row.mid) {
          clock.to('lens');
          const readings = yield* withProgress(weights, reader.row(row.layer, row.mid.tensor, true));
          clock.to('reader');
          yield { type: 'readings', readings };
        }
        clock.to('lens');
        const readings = yield* withProgress(weights, reader.row(row.layer, row.resid.tensor));
        lastReadings = elapsed();
        if (Number.isNaN(firstReadings)) firstReadings = lastReadings;
        clock.to('reader');
        yield { type: 'readings', readings };
      } else if (row.layer === spec.nLayers - 1 && needsOutput(plan)) {
        last = (await machine.readout.normalize(row.resid.tensor, signal)).data;
      }
      clock.to('blocks');
    }
    const output = reader?.lastNormalized?.data ?? last;
    if (output && needsOutput(plan)) {
      const outer = await outputHooks(place, plan, [1, input.pos], output, signal);
      yield { type: 'block', layer: spec.nLayers, hooks: outer };
    }
    if (reader) {
      clock.to('compare');
      const late = await reader.late();
      clock.to('reader');
      yield { type: 'late', late };
    }
    clock.to('checks');
    if (checks) {
      const held = machine.precision ?? machine.plain;
      const output = reader?.last ? [await held.check(state, reader.last, signal)] : [];
      clock.to('reader');
      yield { type: 'checks', checks: [...output, ...blockChecks.results()] };
    }
    const timings = { firstReadings, lastReadings, done: elapsed() };
    const given = kept;
    kept = undefined;
    yield { type: 'done', timings, stages: clock.read(), ...(given && { past: given }) };
  } finally {
    reader?.release();
    kept?.dispose();
  }
}
