/** A small run with real distributions, made from a seed: what the trace and picture tests work on. */
import type { LateReadings, LayerReadings, SelfCheck, TargetReadings } from '../../shared/lens/readings.ts';
import { decodeTrace } from '../../shared/trace/decode.ts';
import type { TraceInput } from '../../shared/trace/encode.ts';
import { encodeTrace } from '../../shared/trace/encode.ts';

/** mulberry32: 0 ≤ x < 1, the same on every machine. */
export function seeded(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Token texts that a picture must survive. */
export const TEXTS = [
  '<|endoftext|>',
  ' the',
  ' ',
  '\n',
  '\t',
  '',
  '<script>alert(1)</script>',
  '"&\'',
  '\u202eabc',
  '\u0000',
  '👩‍👩‍👧',
  '文',
  ' Paris',
  '__proto__',
  ' a very long token that no column holds whole',
  '\ufffd',
];

export interface SampleOptions {
  readonly seed?: number;
  readonly layers?: number;
  readonly positions?: number;
  readonly k?: number;
}

/** A run over ids 0 … positions − 1 of a vocabulary of {@link TEXTS}. */
export function sampleRun({ seed = 1, layers = 3, positions = 4, k = 3 }: SampleOptions = {}): TraceInput {
  const random = seeded(seed);
  const vocab = TEXTS.length;
  const ids = Array.from({ length: positions }, (_, i) => i % vocab);
  // [row][pos] a distribution, as log-probabilities
  const rows = Array.from({ length: layers + 1 }, () =>
    ids.map(() => {
      const logits = Array.from({ length: vocab }, () => 8 * random());
      const z = Math.log(logits.reduce((sum, x) => sum + Math.exp(x), 0));
      return logits.map((x) => Math.fround(x - z));
    }),
  );
  const order = (logp: readonly number[]) =>
    logp.map((_, id) => id).sort((a, b) => (logp[b] ?? 0) - (logp[a] ?? 0) || a - b);
  const target = (row: readonly (readonly number[])[], wanted: readonly number[]): TargetReadings => ({
    ids: Int32Array.from(wanted),
    logprobs: Float32Array.from(wanted, (id, pos) => row[pos]?.[id] ?? Number.NaN),
    ranks: Int32Array.from(wanted, (id, pos) => order(row[pos] ?? []).indexOf(id)),
  });
  const next = ids.map((_, pos) => ids[pos + 1] ?? -1);
  const readings: LayerReadings[] = rows.map((row, r) => ({
    layer: r - 1,
    k,
    topIds: Int32Array.from(row.flatMap((logp) => order(logp).slice(0, k))),
    topLogprobs: Float32Array.from(
      row.flatMap((logp) =>
        order(logp)
          .slice(0, k)
          .map((id) => logp[id] ?? 0),
      ),
    ),
    entropy: Float32Array.from(row, (logp) => -logp.reduce((sum, x) => sum + Math.exp(x) * x, 0)),
    input: target(row, ids),
    next: target(row, next),
  }));
  const output = rows.at(-1) ?? [];
  const finalIds = output.map((logp) => order(logp)[0] ?? 0);
  const late: LateReadings = {
    finalIds: Int32Array.from(finalIds),
    final: rows.map((row) => target(row, finalIds)),
    kl: rows.map((row) =>
      Float32Array.from(row, (logp, pos) =>
        Math.max(
          0,
          (output[pos] ?? []).reduce((sum, x, id) => sum + Math.exp(x) * (x - (logp[id] ?? 0)), 0),
        ),
      ),
    ),
    convergence: Int32Array.from(finalIds, (id, pos) => {
      let r = readings.length;
      while (r > 0 && readings[r - 1]?.topIds[pos * k] === id) r--;
      return r - 1;
    }),
  };
  const checks: SelfCheck[] = [
    { name: 'output', status: 'pass', value: 1e-6, bound: 1e-4, note: 'Last row against a plain forward.' },
    { name: 'attention', status: 'skipped', value: Number.NaN, bound: Number.NaN, note: 'Not asked for.' },
  ];
  return {
    model: { id: 'sample', revision: 'r1', weightHash: 'ab'.repeat(32), layers, vocab },
    ids,
    bos: true,
    tokenizer: { text: (id) => TEXTS[id] ?? '', pieces: (all) => all.map((id) => TEXTS[id] ?? '') },
    readings,
    late,
    checks,
    device: { name: 'wasm', detail: '2 threads', reason: 'asked for' },
    timings: { done: 12.5 },
  };
}

/** The same, encoded and read back. */
export function sampleTrace(options?: SampleOptions) {
  return decodeTrace(encodeTrace(sampleRun(options)));
}
