/** Neurons by name, and what the views say of them in words and numbers. */
import type { NeuronKey, NeuronName, NeuronPage, NeuronWrite } from '../../engine/neurons-api.ts';
import { decimals } from './numbers.ts';

/** `3.120`; undefined for what is no neuron of the model. */
export function readNeuron(
  text: string | undefined,
  { nLayers, dMlp }: { readonly nLayers: number; readonly dMlp: number },
): NeuronName | undefined {
  const [, first, second] = /^\s*(\d{1,4})\.(\d{1,6})\s*$/.exec(text ?? '') ?? [];
  const [layer, neuron] = [Number(first), Number(second)];
  return layer < nLayers && neuron < dMlp ? { layer, neuron } : undefined;
}

/** `3.120` */
export function neuronCode({ layer, neuron }: NeuronName): string {
  return `${layer}.${neuron}`;
}

export function sameNeuron(a: NeuronName | undefined, b: NeuronName | undefined): boolean {
  return a?.layer === b?.layer && a?.neuron === b?.neuron;
}

export const WRITE_ORDERS = ['length', 'moves'] as const;
export type WriteOrder = (typeof WRITE_ORDERS)[number];

/** Of the listed writes, the largest first. */
export function orderedWrites(writes: readonly NeuronWrite[], by: WriteOrder): readonly NeuronWrite[] {
  return [...writes].sort((a, b) => Math.abs(b[by]) - Math.abs(a[by]));
}

export const KEY_WORDS: Readonly<Record<NeuronKey['part'], string>> = {
  in: 'its key',
  gate: 'its gate',
  up: 'what the gate lets through',
};

/** From here on a cosine is called one way or the other. */
const MARKED = 0.4;

/** How value and key lie to each other. */
export function deletionSaid({ cosine, gateCosine }: NeuronPage): string {
  const number = decimals(cosine);
  const gate = gateCosine === undefined ? '' : ` (with the gate’s weights: ${decimals(gateCosine)})`;
  if (gateCosine !== undefined) {
    return `The cosine of its value and of what the gate lets through is ${number}${gate}: whether it takes away what it reads also depends on the gate’s sign.`;
  }
  if (cosine <= -MARKED)
    return `Its value points against its key (cosine ${number}): it takes away part of what turns it on.`;
  if (cosine >= MARKED)
    return `Its value points along its key (cosine ${number}): it makes more of what turns it on.`;
  return `Its value lies across its key (cosine ${number}): it writes something else than it reads.`;
}

/** What a share by layer does on its way up: its means over the lower and the upper half of the layers. */
export function trendSaid(shares: ArrayLike<number>, chance: ArrayLike<number>): string {
  const mean = (list: readonly number[]): number => {
    const known = list.filter((x) => !Number.isNaN(x));
    return known.reduce((a, b) => a + b, 0) / known.length;
  };
  const all = Array.from(shares);
  const half = Math.ceil(all.length / 2);
  const [low, high] = [mean(all.slice(0, half)), mean(all.slice(half))];
  const percent = (x: number): string => `${(100 * x).toFixed(1)}%`;
  const numbers = `${percent(low)} in the lower half of the layers, ${percent(high)} in the upper half, ${percent(mean(Array.from(chance)))} by chance`;
  const words =
    high > 1.25 * low
      ? 'The share grows with depth'
      : low > 1.25 * high
        ? 'The share shrinks with depth'
        : 'The share neither grows nor shrinks with depth';
  return `${words}: ${numbers}.`;
}
