/**
 * Constants that a checkpoint doesn't store, in the precision of a model that was cast as a whole: after
 * `model.to(bfloat16)` transformers holds rotary frequencies and Gemma's embedding scale in bf16 too. Wanted only
 * to hold numbers against such a run; f32 is what `from_pretrained` gives in any dtype.
 */
import type { ModelSpec } from './model-spec.ts';

export type ConstantPrecision = 'f32' | 'f16' | 'bf16';

/** To nearest, ties to even. */
function toBf16(value: number): number {
  const bits = new Uint32Array(new Float32Array([value]).buffer);
  const [word = 0] = bits;
  bits[0] = (word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000;
  return new Float32Array(bits.buffer)[0] ?? NaN;
}

/** The nearest of the two half floats around a value; exact, if not fast: it sees a few dozen numbers. */
function toF16(value: number): number {
  if (value === 0 || Math.abs(value) > 65504) return value;
  const exponent = Math.max(-14, Math.floor(Math.log2(Math.abs(value))));
  const step = 2 ** (exponent - 10);
  const steps = value / step;
  const floor = Math.floor(steps);
  const rest = steps - floor;
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0);
  return (up ? floor + 1 : floor) * step;
}

export function withConstants(spec: ModelSpec, precision: ConstantPrecision): ModelSpec {
  if (precision === 'f32') return spec;
  const round = precision === 'bf16' ? toBf16 : toF16;
  return {
    ...spec,
    embedScale: round(spec.embedScale),
    rotaries: spec.rotaries.map(({ dims, frequencies }) => ({ dims, frequencies: frequencies.map(round) })),
  };
}
