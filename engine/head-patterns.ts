/** Scores of attention patterns over repeated random tokens, a layer of a batch at a time; and the loss by position. */
import { throwIfCancelled } from '../shared/errors.ts';
import { inductionScores, type RepeatedTokens } from '../shared/heads/repeated.ts';
import { PATTERN_SCORES, type PatternScores } from '../shared/heads/reading.ts';
import { blockHookName } from '../shared/hooks.ts';
import type { Intervention } from '../shared/interventions.ts';
import { headScores } from '../shared/lens/attention.ts';
import type { HookTensor, Spread } from './api.ts';
import { nextTask, Running, type Workplace } from './average-readings.ts';
import { planHooks, runBlocks } from './run.ts';
import { toReadout } from './readout.ts';

/** Positions of one run. */
const BATCH_ROWS = 1024;

export interface PatternReadings {
  readonly patterns: PatternScores;
  readonly loss: { readonly first: readonly Spread[]; readonly second: readonly Spread[] };
}

interface PatternOptions {
  readonly interventions: readonly Intervention[];
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (done: number, total: number) => void;
}

export async function readPatterns(
  place: Workplace,
  drawn: RepeatedTokens,
  { interventions, signal, onProgress }: PatternOptions,
): Promise<PatternReadings> {
  const { machine, spec, weights } = place;
  const { nLayers, nHeads } = spec;
  const { sequences, length: n, start } = drawn;
  const tokens = start + 2 * n;
  const cells = nLayers * nHeads;
  const sums = Object.fromEntries(
    PATTERN_SCORES.map((name) => [name, Array.from({ length: cells }, () => new Running())]),
  );
  const losses = Array.from({ length: 2 * n }, () => new Running());
  const step = Math.max(1, Math.floor(BATCH_ROWS / tokens));
  const total = Math.ceil(sequences.length / step) * nLayers;
  let done = 0;
  const plan = planHooks(spec, ['blocks.*.attn.hook_pattern']);

  const addLayer = async (
    layer: number,
    hook: HookTensor,
    batch: readonly (readonly number[])[],
  ): Promise<void> => {
    const all = await hook.data(); // [b, h, t, s]
    for (const [b, ids] of batch.entries()) {
      const size = nHeads * tokens * tokens;
      const pattern = all.subarray(b * size, (b + 1) * size);
      const scores = {
        ...headScores(pattern, ids, { heads: nHeads, tokens }),
        induction: inductionScores(pattern, nHeads, drawn),
      };
      for (const name of PATTERN_SCORES) {
        scores[name].forEach((value, h) => sums[name]?.[layer * nHeads + h]?.add(value));
      }
      await nextTask();
    }
  };

  for (let from = 0; from < sequences.length; from += step) {
    const batch = sequences.slice(from, from + step);
    const ids = Int32Array.from(batch.flat());
    const state = await machine.forward.begin(
      { batch: batch.length, pos: tokens, ids, interventions },
      signal,
    );
    for await (const row of runBlocks(machine, spec, weights, state, { plan, checks: false, signal })) {
      if (!('resid' in row) || row.layer < 0) continue;
      throwIfCancelled(signal);
      await addLayer(
        row.layer,
        row.hooks.get(blockHookName(row.layer, 'attn.hook_pattern')) as HookTensor,
        batch,
      );
      onProgress(++done, total);
      if (row.layer < nLayers - 1) continue;
      const normalized = await machine.readout.normalize(row.resid.tensor, signal);
      // What stands next in each row; nothing behind its last.
      const targets = ids.map((_, i) => ((i + 1) % tokens === 0 ? -1 : (ids[i + 1] as number)));
      const request = { k: 1, targets, perRow: 1 };
      const { targetLogprobs } = toReadout(
        await machine.readout.read(normalized, request, signal),
        ids.length,
        1,
        1,
      );
      for (let b = 0; b < batch.length; b++) {
        for (let j = 0; j < 2 * n; j++) {
          const at = start + j - 1; // the position that foretells it
          if (at >= 0) losses[j]?.add(-(targetLogprobs[b * tokens + at] as number));
        }
      }
    }
  }
  const spreads = losses.map((running) => running.spread);
  const table = (name: string): { mean: Float32Array; deviation: Float32Array } => ({
    mean: Float32Array.from(sums[name] ?? [], ({ spread }) => spread.mean),
    deviation: Float32Array.from(sums[name] ?? [], ({ spread }) => spread.deviation),
  });
  return {
    patterns: {
      previous: table('previous'),
      present: table('present'),
      first: table('first'),
      duplicate: table('duplicate'),
      induction: table('induction'),
    },
    loss: { first: spreads.slice(0, n), second: spreads.slice(n) },
  };
}
