/** The GGUF reader on damaged files. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FormatError, UnsupportedError } from '../../shared/errors.ts';
import { openGguf } from '../../shared/formats/gguf/open-gguf.ts';
import { Tokenizer } from '../../shared/tokenizer/tokenizer.ts';
import { CountingSource } from '../support/counting-source.ts';
import { ggufFile, tinyGguf } from '../support/gguf-bytes.ts';
import { bufferBytes, CASES, damaged } from '../support/hostile.ts';

const GOOD = ggufFile(tinyGguf());
const HEADER_BYTES = 1600;

it('ends each in a typed error, or in a model whose tensors lie inside the file', async () => {
  const seen = { refused: 0, opened: 0 };
  await fc.assert(
    fc.asyncProperty(damaged(GOOD, HEADER_BYTES), async (bytes) => {
      const source = new CountingSource('damaged.gguf', bytes);
      const taken = await bufferBytes(async () => {
        try {
          const { config, tensors, tokenizerJson, tokenizerConfig } = await openGguf(source);
          for (const { start, end } of tensors.tensors.values()) {
            expect(start).toBeLessThanOrEqual(end);
            expect(end).toBeLessThanOrEqual(bytes.length);
          }
          const made = JSON.stringify([config, tokenizerJson, tokenizerConfig]).length;
          expect(made).toBeLessThan(bytes.length * 10);
          Tokenizer.fromJson(tokenizerJson, tokenizerConfig, 'damaged.gguf');
          seen.opened++;
        } catch (error) {
          expect(error).toSatisfy((e) => e instanceof FormatError || e instanceof UnsupportedError);
          expect(String(error)).toContain('damaged.gguf');
          expect(String(error).length).toBeLessThan(1000);
          seen.refused++;
        }
      });
      expect(source.bytes).toBeLessThanOrEqual(bytes.length);
      expect(taken).toBeLessThanOrEqual(10 * bytes.length + 65_536);
    }),
    CASES,
  );
  expect(seen.refused).toBeGreaterThan(5000);
  expect(seen.opened).toBeGreaterThan(500);
});
