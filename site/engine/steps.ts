/**
 * The last run going on by a token: the new column alone is run, on the keys and values of all that stands before it.
 * Loaded with the first step.
 */
import type { LensReadout, StreamEvent } from '../../engine/api.ts';
import type { PastState } from '../../engine/forward.ts';
import { InputError } from '../../shared/errors.ts';
import type { LateReadings, LayerReadings, SelfCheck, TargetReadings } from '../../shared/lens/readings.ts';
import { draw, drawable, randomAt } from '../../shared/sampling.ts';
import type { HostedModel } from './host.ts';
import type { BackAsk, GrownText, StepAnswer, StepAsk } from './protocol.ts';
import { RunStates } from './run-states.ts';

/** The last run, as far as it is there to stand on. */
export interface Held {
  readonly ids: readonly number[];
  readonly k: number;
  readonly states: RunStates;
  /** Of all tokens but those of a step that is yet to come. */
  readonly past: PastState;
}

/** Adds one token. What was held stays good until what comes in its place is whole: the caller disposes of it. */
export async function step(
  model: HostedModel,
  held: Held,
  ask: StepAsk,
  signal: AbortSignal,
): Promise<{ readonly held: Held; readonly answer: StepAnswer }> {
  const { states, past, k } = held;
  const before = held.ids.length;
  if (ask.length !== before) {
    throw new InputError(
      `engine: step: expected a run of ${before} tokens, got one of ${ask.length}: run the prompt again`,
    );
  }
  if (before >= model.spec.nCtx) {
    throw new InputError(
      `The prompt has reached this model’s context of ${model.spec.nCtx} tokens: it cannot go on. Take tokens back, or run a shorter prompt.`,
    );
  }
  const chosen = await choose(model, held, ask, signal);
  const column = new RunStates(states.mid, states.lens);
  const rows: LayerReadings[] = [];
  let late: LateReadings | undefined;
  let checks: readonly SelfCheck[] = [];
  let grown: PastState | undefined;
  try {
    const events: AsyncIterable<StreamEvent> = model.stream([chosen.id], {
      lens: { k, mid: states.mid, translators: states.lens },
      hooks: column.hooks,
      past,
      keepPast: true,
      signal,
    });
    for await (const event of events) {
      if (event.type === 'block') await column.add(event.layer, event.hooks);
      else if (event.type === 'readings') rows.push(event.readings);
      else if (event.type === 'late') late = event.late;
      else if (event.type === 'checks') checks = event.checks;
      else if (event.type === 'done') grown = event.past;
    }
    if (!late || !grown) throw new InputError('engine: step: the run ended early: run the prompt again');
    const next = await nextReadings(model, states, before - 1, chosen.id, signal);
    const ids = [...held.ids, chosen.id];
    const answer = {
      ...chosen,
      rows,
      late,
      checks,
      next,
      texts: textsOf(model, rows, chosen.id),
      end: isEnd(model, chosen.id),
      ...grownText(model, ids, ask.bos),
    };
    const result = { held: { ids, k, states: states.joined(column), past: grown }, answer };
    grown = undefined;
    return result;
  } finally {
    grown?.dispose();
  }
}

/** Takes the last tokens back: keys and values are cut, nothing is run. */
export async function back(
  model: HostedModel,
  held: Held,
  ask: BackAsk,
): Promise<{ readonly held: Held; readonly answer: GrownText }> {
  const ids = held.ids.slice(0, ask.length);
  const past = await model.cutPast(held.past, ask.length);
  return {
    held: { ...held, ids, past, states: held.states.first(ask.length, model.spec.dModel) },
    answer: grownText(model, ids, ask.bos),
  };
}

/** The token that comes next, and how likely the model itself finds it. */
async function choose(
  model: HostedModel,
  { states, ids }: Held,
  { choice }: StepAsk,
  signal: AbortSignal,
): Promise<Pick<StepAnswer, 'id' | 'logprob' | 'rank'>> {
  const { nLayers, dModel, dVocab } = model.spec;
  const pos = ids.length - 1;
  const output = states.column(pos, nLayers + 1, dModel).subarray(nLayers * dModel);
  let id: number;
  if (choice.how === 'given') {
    id = choice.id;
    if (!Number.isInteger(id) || id < 0 || id >= dVocab) {
      throw new InputError(`engine: step: token ${id} is outside the vocabulary [0, ${dVocab})`);
    }
  } else if (choice.how === 'top') {
    id = (await model.lens(output, { k: 1, signal })).topIds[0] ?? -1;
  } else {
    const logits = await model.logits(output, signal);
    id = draw(drawable(logits, choice.sampling), randomAt(choice.seed, pos)).id;
  }
  const read = await model.lens(output, { k: 1, targets: Int32Array.of(id), signal });
  return { id, logprob: read.targetLogprobs[0] ?? Number.NaN, rank: read.targetRanks[0] ?? -1 };
}

/**
 * What the rows of a column said of the token that came next, which was not known when they were read: in the order
 * of the run's rows, of one position.
 */
async function nextReadings(
  model: HostedModel,
  states: RunStates,
  pos: number,
  id: number,
  signal: AbortSignal,
): Promise<readonly TargetReadings[]> {
  const { nLayers, dModel } = model.spec;
  const count = states.mid ? 2 * nLayers + 1 : nLayers + 1;
  const column = new Float32Array(count * dModel);
  for (let row = 0; row < count; row++) {
    column.set(states.row(row).subarray(pos * dModel, (pos + 1) * dModel), row * dModel);
  }
  const { targetLogprobs, targetRanks }: LensReadout = await model.lens(column, {
    k: 1,
    targets: new Int32Array(count).fill(id),
    translators: states.lens,
    layers: Int32Array.from({ length: count }, (_, row) => row - 1), // a translated run has no rows after attention
    signal,
  });
  return Array.from({ length: count }, (_, row) => ({
    ids: Int32Array.of(id),
    logprobs: targetLogprobs.slice(row, row + 1),
    ranks: targetRanks.slice(row, row + 1),
  }));
}

function textsOf(
  { tokenizer }: HostedModel,
  rows: readonly LayerReadings[],
  id: number,
): StepAnswer['texts'] {
  const ids = new Set([id, ...rows.flatMap(({ topIds }) => [...topIds])]);
  return [...ids].map((one) => [one, tokenizer.text(one)] as const);
}

/** Whether a text ends with this token: the model's own, or one of the usual names. */
function isEnd({ tokenizer, chatTemplate }: HostedModel, id: number): boolean {
  if (!tokenizer.specialIds.has(id)) return false;
  const name = tokenizer.tokenString(id);
  return name === chatTemplate?.eosToken || ENDS.includes(name);
}
const ENDS: readonly string[] = [
  '<|endoftext|>',
  '</s>',
  '<eos>',
  '<|eot_id|>',
  '<|end_of_text|>',
  '<|im_end|>',
  '<end_of_turn>',
];

/** The tokens as texts; as a prompt, where the tokenizer reads it back as these very ids. */
function grownText({ tokenizer }: HostedModel, ids: readonly number[], bos: 'auto' | boolean): GrownText {
  const pieces = tokenizer.pieces(ids);
  const added = ids[0] !== undefined && ids[0] === tokenizer.encode('', { bos }).ids[0];
  const text = tokenizer.decode(added ? ids.slice(1) : ids);
  const again = tokenizer.encode(text, { bos });
  const same = again.ids.length === ids.length && again.ids.every((id, i) => id === ids[i]);
  return { ids, pieces, prompt: same ? { text, tokens: again.tokens, offsets: again.offsets } : undefined };
}
