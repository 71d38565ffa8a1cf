/** The lens that a call names: none, one fitted now, one from a file. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  MemorySource,
  referencePrompts,
  saveLens,
  type LensModel,
  type Translators,
} from '../engine/node.ts';
import { messageOf, NotFoundError } from '../shared/errors.ts';
import type { Progress } from './progress.ts';
import type { Terminal } from './terminal.ts';
import { writeWhole } from './write-file.ts';

/** @param chosen `raw`, `fitted` or a file. @throws {NotFoundError} when there is no such file. */
export async function openLens(
  model: LensModel,
  chosen: string,
  saveTo: string | undefined,
  { signal, note }: Terminal,
  progress: Progress,
): Promise<Translators | undefined> {
  if (chosen === 'raw') return undefined;
  if (chosen !== 'fitted') {
    const bytes = await readFile(chosen, { signal }).catch((cause: unknown) => {
      throw new NotFoundError(
        `--lens ${chosen}: not there (${messageOf(cause)}): give raw, fitted or a file`,
        {
          cause,
        },
      );
    });
    return model.openLens(new MemorySource(basename(chosen), new Uint8Array(bytes)), signal);
  }
  const lens = await model.fitLens(await referencePrompts(), {
    signal,
    onProgress: ({ stage, done, total }) => {
      const words = { states: 'positions run', solve: 'layers solved', compare: 'held-out prompts read' };
      progress.say(`${model.id}: fitting a lens: ${done} of ${total} ${words[stage]}`);
    },
  });
  if (saveTo !== undefined) {
    await writeWhole(saveTo, [saveLens(lens)]);
    progress.end();
    note(`wrote ${saveTo}\n`);
  }
  return lens;
}
