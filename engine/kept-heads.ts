/** Heads' scores that stay on the device, by the weights and the settings that they were read with. */
import type { HeadsReading } from './heads-api.ts';
import { isObject } from '../shared/formats/json.ts';
import { PATTERN_SCORES } from '../shared/heads/reading.ts';
import { decodeTable, encodeTable } from '../shared/trace/table.ts';
import { KEY_BASE, keptStorage, type KeptStorage } from './kept-storage.ts';

const CACHE = 'residscope-heads-1';

/** The shape that a kept reading must have to be the model's. */
export interface HeadsShape {
  readonly layers: number;
  readonly heads: number;
}

/** @param settings what the reading was asked with: another way is another number. */
export function headsKey(weightHash: string, settings: string): string {
  return `${KEY_BASE}heads/${weightHash}/${encodeURIComponent(settings)}`;
}

/** @returns undefined for none, or one that is damaged or of another shape. */
export async function keptHeads(
  key: string,
  shape: HeadsShape,
  storage: KeptStorage | undefined = keptStorage(),
): Promise<HeadsReading | undefined> {
  try {
    const response = await (await storage?.open(CACHE))?.match(key);
    return response && fitting(unpack(await response.text()), shape);
  } catch {
    return undefined;
  }
}

/** Where the device keeps nothing, or is full, the next visit reads again. */
export async function keepHeads(
  key: string,
  reading: HeadsReading,
  storage: KeptStorage | undefined = keptStorage(),
): Promise<void> {
  try {
    await (await storage?.open(CACHE))?.put(key, new Response(pack(reading)));
  } catch {
    // As said above.
  }
}

/** JSON; arrays of numbers as tables, and what is no number by name. */
function pack(reading: HeadsReading): string {
  return JSON.stringify(reading, (_name, value: unknown) => {
    if (value instanceof Float32Array) return encodeTable('f32', [value.length], value);
    return typeof value === 'number' && Number.isNaN(value) ? { nan: true } : value;
  });
}

function unpack(text: string): unknown {
  return JSON.parse(text, (_name, value: unknown) => {
    if (!isObject(value)) return value;
    if (value['nan'] === true) return Number.NaN;
    const { dtype, shape } = value;
    return dtype === 'f32' && Array.isArray(shape) ? decodeTable(value, 'kept heads', 'f32', shape) : value;
  });
}

/** Only this module writes under the key, so that the tables' sizes are what can differ. */
function fitting(value: unknown, { layers, heads }: HeadsShape): HeadsReading | undefined {
  const reading = value as HeadsReading;
  const cells = layers * heads;
  const whole =
    reading.layers === layers &&
    reading.heads === heads &&
    reading.copying.length === cells &&
    reading.labels.length === cells &&
    PATTERN_SCORES.every((name) => {
      const { mean, deviation } = reading.patterns[name];
      return mean.length === cells && deviation.length === cells;
    }) &&
    (reading.composition?.v.length ?? cells * cells) === cells * cells;
  return whole ? reading : undefined;
}
