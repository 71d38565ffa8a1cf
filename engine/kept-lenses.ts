/** Fitted lenses that stay on the device, by the weights and the prompts that they were fitted on. */
import { MemorySource } from '../shared/formats/byte-source.ts';
import type { Translators } from '../shared/lens/translators.ts';
import { sha256 } from '../shared/sha256.ts';
import { KEY_BASE, keptStorage, type KeptStorage } from './kept-storage.ts';
import { saveLens } from './lens-file.ts';

const CACHE = 'residscope-lenses-1';

/** Weights, prompts and settings in one key: another of any of them is another lens. */
export async function lensKey(
  weightHash: string,
  prompts: readonly string[],
  settings: string,
): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify([settings, prompts]));
  return `${KEY_BASE}lens/${weightHash}/${await sha256(text)}`;
}

/** @param open reads the file and holds it against the model. @returns undefined for none, or one that is damaged. */
export async function keptLens(
  key: string,
  open: (source: MemorySource) => Promise<Translators>,
  storage: KeptStorage | undefined = keptStorage(),
): Promise<Translators | undefined> {
  try {
    const response = await (await storage?.open(CACHE))?.match(key);
    return (
      response && (await open(new MemorySource('kept lens', new Uint8Array(await response.arrayBuffer()))))
    );
  } catch {
    return undefined;
  }
}

/** Where the device keeps nothing, or is full, the next visit fits again. */
export async function keepLens(
  key: string,
  lens: Translators,
  storage: KeptStorage | undefined = keptStorage(),
): Promise<void> {
  try {
    await (await storage?.open(CACHE))?.put(key, new Response(saveLens(lens)));
  } catch {
    // As said above.
  }
}
