/** Prompts of several lengths as one input. */
import { InputError } from '../shared/errors.ts';
import type { ForwardInput } from './forward.ts';

/** A batch as one rectangle, padded on the right with id 0 under a padding mask. */
export function rectangle(batch: readonly (readonly number[])[]): ForwardInput {
  const pos = Math.max(...batch.map((row) => row.length));
  const ids = new Int32Array(batch.length * pos);
  const real = new Uint8Array(batch.length * pos);
  batch.forEach((row, b) => {
    if (row.length === 0) throw new InputError('run: the prompt is empty: type something, or switch bos on');
    row.forEach((id, t) => {
      if (!Number.isInteger(id)) throw new InputError(`run: ids: expected whole numbers, got ${String(id)}`);
      ids[b * pos + t] = id;
      real[b * pos + t] = 1;
    });
  });
  return { batch: batch.length, pos, ids, real };
}
