/** A trace kept in the repository: what another implementation can hold itself to, and what ours may never misread. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { traceId } from '../../shared/trace/canonical.ts';
import { parseTrace } from '../../shared/trace/decode.ts';

const text = readFileSync(new URL('vectors/v1.trace.json', import.meta.url), 'utf8');

it('reads as it always has', async () => {
  const trace = parseTrace(text);
  expect(await traceId(trace.source)).toBe(
    '7f2b5ebb15e81389ea44a3412b88d1ab6d6cb595e006ebe0d0467318fc6a238b',
  );
  expect(trace.model).toEqual({
    id: 'sample',
    revision: 'r1',
    weightHash: 'ab'.repeat(32),
    layers: 2,
    vocab: 16,
  });
  expect([...trace.ids]).toEqual([0, 1, 2]);
  expect(trace.bos).toBe(true);
  expect(trace.lens.k).toBe(2);
  expect(trace.lens.rows).toEqual([{ layer: -1 }, { layer: 0 }, { layer: 1 }]);
  expect([...trace.lens.topIds]).toEqual([11, 8, 15, 4, 13, 1, 8, 10, 11, 4, 8, 9, 6, 1, 12, 1, 9, 11]);
  expect(trace.lens.topLogprobs[0]).toBe(-1.2873855829238892);
  expect(trace.lens.entropy?.[8]).toBe(1.1939982175827026);
  expect(trace.lens.kl?.[8]).toBe(0);
  expect([...trace.lens.convergence]).toEqual([1, 1, 1]);
  expect(trace.lens.targets[2]?.logprobs.at(-1)).toBeNaN();
  expect(trace.source).toHaveProperty('x-note', 'unknown members are kept');
});
