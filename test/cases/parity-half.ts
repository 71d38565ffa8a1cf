/** How far products in f16 move a model from its f32 goldens: every hook that they hold, and the lens. */
import { absoluteDeviation, F16_TOLERANCE } from './compare.ts';
import { golden } from './golden.ts';
import { compareHook } from './parity-hooks.ts';
import type { ModelRun } from './parity-run.ts';

export const LENS = 'log p of the goldens’ top ten';

/** The stated tolerance of a kind of hook, or of {@link LENS}. */
export function halfBound(kind: string): number {
  if (kind === LENS) return F16_TOLERANCE.logprob;
  return kind.endsWith('hook_pattern') ? F16_TOLERANCE.attention : F16_TOLERANCE.vector;
}

/** The largest deviation of each kind, over a model's goldens. Opens and disposes of the model. NaN stays. */
export async function halfDeviations(run: ModelRun): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  const add = (kind: string, worst: number): void => {
    if (!(worst <= (found.get(kind) ?? -1))) found.set(kind, worst);
  };
  try {
    const goldens = await run.goldens();
    for (const [key, theirs] of goldens) {
      const [, prompt = '', name = ''] = /^(\d+)\.(.+)$/.exec(key) ?? [];
      const lens = /^lens\.(-?\d+)\.top_ids$/.exec(name);
      const cache = await run.cache(Number(prompt));
      if (lens) {
        const states = golden(cache, `blocks.${lens[1] ?? ''}.hook_resid_post`).data;
        const targets = Int32Array.from(theirs.data);
        const { targetLogprobs } = await (await run.subject()).lens(states, { k: 1, targets });
        const logprobs = golden(goldens, key.replace('top_ids', 'top_logprobs')).data;
        add(LENS, absoluteDeviation(targetLogprobs, logprobs).worst);
        continue;
      }
      const ours = cache.get(name);
      if (!ours) continue; // ids; the readings of the lens
      const data = ours.data.slice(-theirs.data.length); // SmolLM2's logits are of the last position
      add(name.replace(/^blocks\.\d+\./, 'blocks.*.'), compareHook(name, data, theirs).worst);
    }
  } finally {
    await run.dispose();
  }
  return found;
}
