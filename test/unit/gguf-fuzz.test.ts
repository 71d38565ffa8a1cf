/** The GGUF reader on mutations of a good file. */
import { expect, it } from 'vitest';
import { FormatError, UnsupportedError } from '../../shared/errors.ts';
import { openGguf } from '../../shared/formats/gguf/open-gguf.ts';
import { Tokenizer } from '../../shared/tokenizer/tokenizer.ts';
import { CountingSource, ggufFile, tinyGguf } from '../support/gguf-bytes.ts';
import { seeded, type Random } from '../support/random.ts';

const NUMBERS = [0n, 1n, 2n, 7n, 255n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];

/** Bytes changed, numbers overwritten, stretches cut out, doubled or moved, the end cut off; most often in the header. */
function mutated(whole: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  let bytes = whole.slice();
  for (let changes = random.below(3); changes >= 0; changes--) {
    const at = random.below(random.next() < 0.8 ? Math.min(1600, bytes.length) : bytes.length);
    const kind = random.below(8);
    const length = Math.min(1 + random.below(24), bytes.length - at);
    if (kind < 3) bytes[at] = random.below(256);
    else if (kind < 5 && at + 8 <= bytes.length) {
      const view = new DataView(bytes.buffer);
      if (kind === 3) view.setBigUint64(at, random.pick(NUMBERS), true);
      else view.setUint32(at, Number(random.pick(NUMBERS) % 2n ** 32n), true);
    } else if (kind === 5) bytes = spliced(bytes, at, length, new Uint8Array(0));
    else if (kind === 6) bytes = spliced(bytes, at, 0, bytes.slice(at, at + length));
    else if (random.next() < 0.3) bytes = bytes.slice(0, at);
    else bytes.copyWithin(at, random.below(bytes.length), at + length);
    if (bytes.length === 0) break;
  }
  return bytes;
}

function spliced(
  bytes: Uint8Array<ArrayBuffer>,
  at: number,
  gone: number,
  put: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes.length - gone + put.length);
  out.set(bytes.subarray(0, at));
  out.set(put, at);
  out.set(bytes.subarray(at + gone), at + put.length);
  return out;
}

it('ends each of 12,000 mutations in a typed error or in a file whose tensors lie inside it', async () => {
  const whole = ggufFile(tinyGguf());
  const random = seeded(20261123);
  const seen = { refused: 0, opened: 0 };
  for (let n = 0; n < 12_000; n++) {
    const bytes = mutated(whole, random);
    const source = new CountingSource(bytes);
    try {
      const { config, tensors, tokenizerJson, tokenizerConfig } = await openGguf(source);
      for (const { start, end } of tensors.tensors.values()) {
        expect(start).toBeLessThanOrEqual(end);
        expect(end).toBeLessThanOrEqual(bytes.length);
      }
      expect(JSON.stringify([config, tokenizerJson, tokenizerConfig]).length).toBeLessThan(bytes.length * 10);
      Tokenizer.fromJson(tokenizerJson, tokenizerConfig, 'mutated');
      seen.opened++;
    } catch (error) {
      expect(error, `case ${n}`).toSatisfy((e) => e instanceof FormatError || e instanceof UnsupportedError);
      expect(String(error)).toMatch(/test\.gguf|mutated/);
      expect(String(error).length).toBeLessThan(1000);
      seen.refused++;
    }
    expect(source.bytes).toBeLessThanOrEqual(bytes.length);
  }
  expect(seen.refused).toBeGreaterThan(6000);
  expect(seen.opened).toBeGreaterThan(1000);
});
