/**
 * Rotary scaling as a `rope_scaling` of Hugging Face's config. GGUF writes Llama 3's not as its four parameters but
 * as what they make of each frequency: the divisors in the tensor `rope_freqs.weight`.
 */
import { FormatError, UnsupportedError } from '../../errors.ts';
import type { JsonObject } from '../json.ts';
import type { Metadata } from './metadata.ts';

/** Every Llama 3 has these; only the factor differs (8 in 3.1, 32 in 3.2). */
const LOW = 1;
const HIGH = 4;
/** Tokens of the context before it was stretched, the usual ones first. */
const CONTEXTS = [8192, ...Array.from({ length: 17 }, (_, i) => 16 << i)];
/** Relative: the converter computes in f32, and small blends lose two digits. */
const TOLERANCE = 2e-5;

/** What llama3 scaling divides each frequency by. */
function llama3Divisors(theta: number, headDim: number, factor: number, context: number): number[] {
  return Array.from({ length: headDim / 2 }, (_, i) => {
    const wavelength = 2 * Math.PI * theta ** ((2 * i) / headDim);
    if (wavelength < context / HIGH) return 1;
    if (wavelength > context / LOW) return factor;
    const smooth = (context / wavelength - LOW) / (HIGH - LOW);
    return 1 / ((1 - smooth) / factor + smooth);
  });
}

/**
 * The `rope_scaling` that gives these divisors.
 *
 * @param divisors f32[headDim / 2], `rope_freqs.weight`.
 * @throws {UnsupportedError} when no llama3 scaling does.
 */
export function llama3Scaling(
  metadata: Metadata,
  divisors: Float32Array,
  theta: number,
  headDim: number,
): JsonObject | null {
  const place = `${metadata.place}: rope_freqs.weight`;
  if (divisors.length !== headDim / 2) {
    throw new FormatError(`${place}: expected ${headDim / 2} numbers, got ${divisors.length}`);
  }
  if (divisors.every((d) => d === 1)) return null;
  const factor = divisors.reduce((most, d) => Math.max(most, d), 1);
  const context = CONTEXTS.find((tokens) =>
    llama3Divisors(theta, headDim, factor, tokens).every(
      (ours, i) => Math.abs(ours - (divisors[i] as number)) <= TOLERANCE * ours,
    ),
  );
  if (context === undefined) {
    throw new UnsupportedError(
      `${place}: these are not the frequencies of a llama3 rope scaling, and no other is done here: use the model's safetensors`,
    );
  }
  return {
    rope_type: 'llama3',
    factor,
    low_freq_factor: LOW,
    high_freq_factor: HIGH,
    original_max_position_embeddings: context,
  };
}

/** The `rope_scaling` that the keys name; null: none. Whether it is done is for the spec to say. */
export function keyedScaling(metadata: Metadata): JsonObject | null {
  const key = (name: string): string => metadata.own(`rope.${name}`);
  const attnFactor = metadata.number(key('scaling.attn_factor'), 1);
  if (attnFactor !== 1) {
    throw new UnsupportedError(
      `${metadata.place}: ${key('scaling.attn_factor')} ${attnFactor} is not done here: use another model`,
    );
  }
  const legacy = metadata.number(key('scale_linear'), 1);
  const type = metadata.text(key('scaling.type'), legacy === 1 ? 'none' : 'linear');
  const factor = metadata.number(key('scaling.factor'), legacy);
  if (type === 'none' || (type === 'linear' && (factor === 0 || factor === 1))) return null;
  return { rope_type: type, factor };
}
