/**
 * Attention of real models, layer by layer: patterns against the goldens' own, value-weighted ones against numpy's
 * (test/goldens/make_attention.py). On wasm; test/browser/attention.test.ts has WebGPU.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { LayerAttention, LensModel } from '../../engine/node.ts';
import { valueWeighted } from '../../shared/lens/attention.ts';
import { decodeGoldens, golden, type Goldens } from '../cases/golden.ts';
import { pathOf, readBytes, sharedMissing } from '../support/addresses.ts';
import { importLibrary } from '../support/library.ts';

/** Of a weight from 0 to 1, and of the largest of its layer. */
const TOLERANCE = { pattern: 1e-5, weighted: 1e-5 } as const;
/** With groups of heads, a window, head norms and a norm on what attention writes among them. */
const MODELS = [
  'gpt2',
  'gpt_neo',
  'gpt_neox',
  'llama',
  'mistral',
  'qwen3',
  'gemma3_text',
  'fable-4m',
] as const;

describe.skipIf(sharedMissing)(`attention${sharedMissing ? `: ${sharedMissing}` : ''}`, () => {
  let weighted: Goldens = new Map();
  beforeAll(async () => {
    weighted = await decodeGoldens('attention', await readBytes('test/goldens/attention.safetensors'));
  });

  const open = async (name: string): Promise<LensModel> => {
    const folder = name === 'fable-4m' ? 'shared/models/fable-4m' : `shared/goldens/${name}`;
    return (await importLibrary()).LensModel.load(pathOf(folder), { device: 'wasm' });
  };

  async function check(name: string, model: LensModel): Promise<void> {
    const folder = name === 'fable-4m' ? 'shared/models/fable-4m' : `shared/goldens/${name}`;
    const own = await decodeGoldens(name, await readBytes(`test/goldens/${name}-hooks.safetensors`));
    const shared = await decodeGoldens(name, await readBytes(`${folder}/golden.safetensors`));
    const hooks = new Map([...shared, ...own]);
    const ids = [...golden(weighted, `${name}.ids`).data];
    let [layers, worstPattern, worstWeighted] = [0, 0, 0];
    for await (const reading of model.attention(ids)) {
      expect(reading.layer).toBe(layers++);
      const { pattern, lengths, layer } = reading;
      const theirs = golden(hooks, `0.blocks.${layer}.attn.hook_pattern`).data;
      expect(pattern).toHaveLength(theirs.length);
      pattern.forEach((x, i) => {
        worstPattern = Math.max(worstPattern, Math.abs(x - (theirs[i] ?? NaN)));
      });
      const ours = valueWeighted(pattern, lengths, reading);
      const { data } = golden(weighted, `${name}.${layer}.weighted`);
      const most = data.reduce((max, x) => Math.max(max, x), 0);
      ours.forEach((x, i) => {
        worstWeighted = Math.max(worstWeighted, Math.abs(x - (data[i] ?? NaN)) / most);
      });
    }
    expect(layers).toBe(model.spec.nLayers);
    console.log(
      `attention: ${name} on ${model.device.name}: pattern ${worstPattern.toExponential(1)}, weighted ${worstWeighted.toExponential(1)}`,
    );
    expect(worstPattern).toBeLessThanOrEqual(TOLERANCE.pattern);
    expect(worstWeighted).toBeLessThanOrEqual(TOLERANCE.weighted);
  }

  it.each(MODELS)('%s on wasm', async (name) => {
    const model = await open(name);
    await check(name, model);
    await model.dispose();
  });

  it('some layers only, windows and norms named, scores those of the pattern; refuses what is not there', async () => {
    const model = await open('gemma3_text');
    const ids = [...golden(weighted, 'gemma3_text.ids').data];
    const read = async (layers: number[], signal?: AbortSignal): Promise<LayerAttention[]> => {
      const found = [];
      for await (const reading of model.attention(ids, { layers, signal })) found.push(reading);
      return found;
    };
    const found = await read([1, 3]);
    expect(found.map(({ layer }) => layer)).toEqual([1, 3]);
    expect(found.map(({ window }) => window)).toEqual([1, 3].map((l) => model.spec.layers[l]?.window));
    expect(found.every(({ postNorm }) => postNorm)).toBe(true);
    const [{ pattern, scores, tokens }] = found as [LayerAttention];
    let sum = 0;
    for (let i = 2; i < tokens; i++) sum += pattern[(tokens + i) * tokens + i - 1] ?? NaN;
    expect(scores.previous[1]).toBeCloseTo(sum / (tokens - 2), 5);
    await expect(read([4])).rejects.toThrow('attention: layer 4: expected layers from 0 to 3');
    await expect(read([2, 2])).rejects.toThrow('attention: layer 2: expected layers from 0 to 3, each once');
    expect(await read([])).toEqual([]);
    await expect(read([0], AbortSignal.abort())).rejects.toThrow('cancelled');
    await model.dispose();
  });
});
