/**
 * Rotary frequencies from a config, in both spellings: `rope_theta` with `rope_scaling`, and the newer
 * `rope_parameters`.
 *
 * @see Hugging Face transformers, `modeling_rope_utils`: default and llama3.
 */
import { FormatError, UnsupportedError } from '../errors.ts';
import { Fields, isObject, type JsonObject } from '../formats/json.ts';
import type { Rotary } from './model-spec.ts';

/** What a config says of rotary positions for one kind of layer. */
export interface RopeConfig {
  /** For messages. */
  readonly place: string;
  readonly theta: number;
  /** Share of each head that turns. */
  readonly share: number;
  /** The scaling's own fields; undefined: none. */
  readonly scaling?: Fields;
}

export interface RopeDefaults {
  readonly theta: number;
  readonly share?: number;
  /** Older spellings of base and share. */
  readonly thetaKeys?: readonly string[];
  readonly shareKeys?: readonly string[];
  /** Inside `rope_parameters`, the entry of this kind of layer (Gemma 3). */
  readonly kind?: string;
}

/** Fields of a nested object, or undefined where it is absent or null. */
function nested(place: string, config: JsonObject, key: string): JsonObject | undefined {
  const value = config[key];
  if (value === undefined || value === null) return undefined;
  if (isObject(value)) return value;
  throw new FormatError(`${place}: ${key}: expected an object, got ${JSON.stringify(value)}`);
}

/** @throws {UnsupportedError} for a scaling other than llama3's. */
export function readRope(place: string, config: JsonObject, defaults: RopeDefaults): RopeConfig {
  const { kind } = defaults;
  const parameters = nested(place, config, 'rope_parameters');
  const own = parameters && kind !== undefined ? (nested(place, parameters, kind) ?? parameters) : parameters;
  const legacy = nested(place, config, 'rope_scaling');
  const outer = new Fields(place, config);
  const inner = new Fields(`${place}: rope_parameters`, own ?? {});
  const theta = inner.number(
    ['rope_theta'],
    outer.number(defaults.thetaKeys ?? ['rope_theta'], defaults.theta),
  );
  const share = inner.number(
    ['partial_rotary_factor'],
    outer.number([...(defaults.shareKeys ?? []), 'partial_rotary_factor'], defaults.share ?? 1),
  );
  if (!(theta >= 1 && theta <= 1e12) || !(share > 0 && share <= 1)) {
    throw new FormatError(`${place}: rotary base ${theta} or share ${share} is out of range`);
  }
  const scaling = own ?? legacy;
  const type = scaling
    ? new Fields(`${place}: rope scaling`, scaling).text(['rope_type', 'type'], 'default')
    : 'default';
  if (type === 'default') return { place, theta, share };
  if (type !== 'llama3') {
    throw new UnsupportedError(
      `${place}: rope scaling "${type}" is not done here; it does default and llama3`,
    );
  }
  return { place, theta, share, scaling: new Fields(`${place}: rope scaling`, scaling ?? {}) };
}

/** Frequencies as f32, as transformers computes them. */
export function rotaryOf({ place, theta, share, scaling }: RopeConfig, dHead: number): Rotary {
  const dims = Math.floor(dHead * share);
  if (dims < 2 || dims % 2 !== 0) {
    throw new UnsupportedError(
      `${place}: rotary positions turn pairs: ${dims} of ${dHead} dimensions make none`,
    );
  }
  const plain = Array.from({ length: dims / 2 }, (_, i) => Math.fround(1 / theta ** ((2 * i) / dims)));
  return { dims, frequencies: scaling ? llama3(plain, scaling) : plain };
}

/**
 * Llama 3: low frequencies are divided by the factor, high ones kept, those between blended. All four fields are
 * required: a default of NaN is refused.
 */
function llama3(frequencies: readonly number[], scaling: Fields): number[] {
  const required = (key: string): number => scaling.between([key], 1e-6, 1e9, NaN);
  const factor = required('factor');
  const low = required('low_freq_factor');
  const high = required('high_freq_factor');
  const context = required('original_max_position_embeddings');
  if (high <= low) {
    throw new FormatError(`${scaling.place}: high_freq_factor ${high} must be above low_freq_factor ${low}`);
  }
  return frequencies.map((f) => {
    const wavelength = (2 * Math.PI) / f;
    if (wavelength < context / high) return f;
    if (wavelength > context / low) return f / factor;
    const smooth = (context / wavelength - low) / (high - low);
    return ((1 - smooth) * f) / factor + smooth * f;
  });
}
