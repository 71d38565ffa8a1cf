/** Where the models that benches run lie, by name. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathOf } from '../test/support/addresses.ts';
import { writeRandomGpt2 } from './random-model.ts';

const SMOLLM2 = 'shared/models/smollm2-135m-instruct';
const GGUF = `${SMOLLM2}/SmolLM2-135M-Instruct.Q4_1.gguf`;

export interface BenchModel {
  /** What `LensModel.load` takes. */
  readonly source: string;
  /** Holds config.json and the tokenizer, for Python's models of the same shape. */
  readonly folder: string;
  readonly gguf: boolean;
  remove(): Promise<void>;
}

/**
 * @param name `fable-4m`; `smollm2`, whose GGUF lies beside the checkout; `gpt2-small`, random weights of its shape.
 * @throws {Error} for another name, or when the GGUF is not here.
 */
export async function openBenchModel(name: string): Promise<BenchModel> {
  const remove = (): Promise<void> => Promise.resolve();
  if (name === 'fable-4m') {
    return { source: name, folder: pathOf('site/public/models/fable-4m'), gguf: false, remove };
  }
  if (name === 'gpt2-small') {
    const folder = await writeRandomGpt2();
    return {
      source: folder,
      folder,
      gguf: false,
      remove: () => rm(folder, { recursive: true, force: true }),
    };
  }
  if (name !== 'smollm2') throw new Error(`--models: expected fable-4m, smollm2 or gpt2-small, got ${name}`);
  if (!existsSync(pathOf(GGUF))) throw new Error(`${GGUF}: not here: the model lies beside the checkout`);
  return { source: pathOf(GGUF), folder: dirname(pathOf(GGUF)), gguf: true, remove };
}

/** Its config.json. */
export function configOf({ folder }: BenchModel): string {
  return join(folder, 'config.json');
}
