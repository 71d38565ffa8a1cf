/** Scores of heads of every family against TransformerLens and whole matrices in torch: test/goldens/make_heads.py. */
import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { HeadsReading } from '../../engine/node.ts';
import { decodeGoldens, golden, type Goldens } from '../cases/golden.ts';
import { pathOf, readBytes } from '../support/addresses.ts';
import { importLibrary, type Library } from '../support/library.ts';
import { GGUF } from '../support/smollm2.ts';
import { worst } from '../support/worst.ts';

const TOLERANCE = 1e-3;
const TINY = [
  'gpt2',
  'gpt_neo',
  'gpt_neox',
  'gpt_neox_sequential',
  'llama',
  'mistral',
  'qwen2',
  'qwen3',
  'gemma3_text',
];
const SCORES = ['previous', 'present', 'first', 'duplicate', 'induction'] as const;

let library: Library;
let goldens: Goldens = new Map();
beforeAll(async () => {
  library = await importLibrary();
});

/** The largest difference; numbers that one has and the other lacks count as infinite. */

function compare(name: string, reading: HeadsReading): void {
  const { heads, layers, sequences, composition } = reading;
  const theirs = (key: string): Float32Array => golden(goldens, `${name}.${key}`).data;
  expect(sequences.flat()).toEqual([...theirs('ids')]);
  const gaps: Record<string, number> = {};
  for (const score of SCORES) gaps[score] = worst(reading.patterns[score].mean, theirs(score), 0);
  gaps['copying'] = worst(reading.copying, theirs('copying'), 0);
  const loss = [...reading.loss.first, ...reading.loss.second].map(({ mean }) => mean);
  gaps['loss'] = worst(loss, theirs('loss'), 0);
  const cells = layers * heads;
  for (const key of goldens.keys()) {
    const match = new RegExp(`^${name}\\.composition\\.(\\d+)\\.(\\d+)$`).exec(key);
    if (!match || !composition) continue;
    const [one, two] = [Number(match[1]), Number(match[2])];
    (['q', 'k', 'v'] as const).forEach((kind, i) => {
      const table = composition[kind];
      if (!table) return;
      const ours = Array.from({ length: heads * heads }, (_, at) => {
        const [a, b] = [Math.floor(at / heads), at % heads];
        return (table[(one * heads + a) * cells + two * heads + b] as number) + composition.baseline;
      });
      const part = golden(goldens, key).data.subarray(i * heads * heads, (i + 1) * heads * heads);
      gaps[kind] = Math.max(gaps[kind] ?? 0, worst(ours, part, 0));
    });
  }
  console.log(
    `heads: ${name}: ${Object.entries(gaps)
      .map(([key, gap]) => `${key} ${gap.toExponential(1)}`)
      .join(', ')}`,
  );
  for (const [key, gap] of Object.entries(gaps))
    expect(gap, `${name}: ${key}`).toBeLessThanOrEqual(TOLERANCE);
  expect(Object.keys(gaps)).toContain('v');
}

const shared = pathOf('../shared/goldens');
const missing = existsSync(shared) ? '' : ': ../shared is not beside the checkout';

describe.skipIf(missing)(`against TransformerLens${missing}`, () => {
  beforeAll(async () => {
    goldens = await decodeGoldens('heads', await readBytes('test/goldens/heads.safetensors'));
  });
  it.each([...TINY, 'fable-4m', 'smollm2'])('%s', async (name) => {
    const source =
      name === 'fable-4m' ? name : name === 'smollm2' ? pathOf(`../${GGUF}`) : `${shared}/${name}`;
    const model = await library.LensModel.load(source);
    try {
      const reading = await model.heads({ draws: 3 });
      compare(name, reading);
      const normed = name === 'qwen3' || name === 'gemma3_text';
      expect(reading.composition?.k === undefined).toBe(normed);
      expect(reading.notes.join(' ')).toMatch(
        normed ? /Q- and K-composition are undefined/ : /^(?!.*are undefined)/,
      );
    } finally {
      await model.dispose();
    }
  });
});
