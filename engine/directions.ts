/**
 * Directions of one prediction: the principal components of the states that it passes, each read out as tokens; and
 * the experiment that does so over a set of prompts. Loaded where it is asked for.
 */
import { InputError, NumericsError, throwIfCancelled } from '../shared/errors.ts';
import { summarize } from '../shared/lens/experiment.ts';
import { cosines, norms } from '../shared/lens/likeness.ts';
import { principalComponents } from '../shared/lens/principal.ts';
import { positionOf } from '../shared/prompt-position.ts';
import type { LensOptions, LensReadout } from './api.ts';
import type {
  Directions,
  DirectionsOptions,
  ExperimentEvent,
  ExperimentOptions,
  Geometry,
  StateLabel,
} from './directions-api.ts';
import { collectStates, type ResidualStates, type RunsHooks } from './residual-states.ts';

/** What is asked of a model here. */
export interface ReadsDirections extends RunsHooks {
  lens(states: Float32Array, options?: LensOptions): Promise<LensReadout>;
}

const DEFAULTS = { mid: false, allPositions: false, centred: true, components: 6, k: 10 } as const;

/** See {@link Model.directions}. */
export async function readDirections(
  model: ReadsDirections,
  ids: readonly number[],
  options: DirectionsOptions = {},
): Promise<Directions> {
  positionOf(options.pos, ids.length, 'directions');
  const { mid, signal } = { ...DEFAULTS, ...options };
  const states = await collectStates(model, ids, { mid, writes: true, signal });
  return directionsOf(model, states, options);
}

/** The same on states that were kept: `mid` is theirs. */
export async function directionsOf(
  model: ReadsDirections,
  states: ResidualStates,
  options: DirectionsOptions = {},
): Promise<Directions> {
  const pos = positionOf(options.pos, states.tokens, 'directions');
  const found = await takeApart(model, states, pos, options);
  return { ...found, geometry: geometryOf(model.spec, states, pos) };
}

/** See {@link Model.directionsExperiment}. */
export async function* experiment(
  model: ReadsDirections,
  prompts: readonly (readonly number[])[],
  options: ExperimentOptions = {},
): AsyncGenerator<ExperimentEvent, void> {
  const { mid, centred, signal } = { ...DEFAULTS, ...options };
  const { nCtx } = model.spec;
  prompts.forEach((ids, i) => {
    if (ids.length === 0) throw new InputError(`directions: prompt ${i + 1} is empty`);
    if (ids.length > nCtx) {
      throw new InputError(
        `directions: prompt ${i + 1} has ${ids.length} tokens, more than this model's context of ${nCtx}: shorten it`,
      );
    }
  });
  const readings = [];
  for (const [index, ids] of prompts.entries()) {
    throwIfCancelled(signal);
    const states = await collectStates(model, ids, { mid, writes: false, signal });
    const found = await takeApart(model, states, ids.length - 1, {
      centred,
      components: 1,
      k: 1,
      signal,
    });
    const reading = {
      tokens: ids.length,
      ratio: found.ratios[0] as number,
      ratios: [...found.ratios],
      predictionId: found.prediction.id,
      directionId: found.topIds[0] as number,
      match: found.match === true,
    };
    readings.push(reading);
    yield { type: 'prompt', index, total: prompts.length, reading };
  }
  yield { type: 'summary', summary: summarize(readings, options.seed) };
}

async function takeApart(
  model: ReadsDirections,
  states: ResidualStates,
  pos: number,
  options: DirectionsOptions,
): Promise<Omit<Directions, 'geometry'>> {
  const { allPositions, centred, components, k, signal } = { ...DEFAULTS, ...options };
  const { dModel } = model.spec;
  const { rows } = states;
  const positions = allPositions ? Array.from({ length: states.tokens }, (_, t) => t) : [pos];
  const labels: StateLabel[] = positions.flatMap((at) => rows.map((row) => ({ ...row, pos: at })));
  const matrix = new Float32Array(labels.length * dModel);
  labels.forEach((_, i) => {
    matrix.set(states.at(i % rows.length, positions[Math.floor(i / rows.length)] as number), i * dModel);
  });
  const last = states.at(rows.length - 1, pos);
  const found = principalComponents(matrix, { dModel, centred, components, towards: last });
  const length = norms(last, dModel)[0] as number;
  if (length === 0) {
    throw new NumericsError('directions: the last state is zero: the final norm reads nothing from it');
  }
  // Directions at the last state's length, and that state itself, which is the prediction.
  const read = new Float32Array((found.count + 1) * dModel);
  found.directions.forEach((v, i) => (read[i] = v * length));
  read.set(last, found.count * dModel);
  const readout = await model.lens(read, { k, ...(signal && { signal }) });
  const cut = found.count * k;
  const id = readout.topIds[cut] as number;
  return {
    pos,
    positions,
    mid: rows.some((row) => row.mid),
    centred,
    states: labels,
    ratios: found.ratios,
    count: found.count,
    components: Float32Array.from(found.directions),
    path: found.path,
    k,
    topIds: readout.topIds.slice(0, cut),
    topLogprobs: readout.topLogprobs.slice(0, cut),
    prediction: { id, logprob: readout.topLogprobs[cut] as number },
    match: allPositions ? undefined : readout.topIds[0] === id,
  };
}

function geometryOf({ dModel, nLayers }: RunsHooks['spec'], states: ResidualStates, pos: number): Geometry {
  const whole = states.rows.flatMap((row, i) => (row.mid ? [] : [i]));
  const stream = new Float32Array(whole.length * dModel);
  whole.forEach((row, i) => stream.set(states.at(row, pos), i * dModel));
  const writes = (which: 'attn' | 'mlp'): Float64Array =>
    Float64Array.from({ length: nLayers }, (_, layer) => {
      const write = states.write(layer, which, pos);
      return write ? (norms(write, dModel)[0] as number) : NaN;
    });
  return {
    cosines: cosines(stream, dModel),
    stream: norms(stream, dModel),
    attn: writes('attn'),
    mlp: writes('mlp'),
  };
}
