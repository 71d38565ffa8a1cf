/** Lenses as files: safetensors, as `shared/lens/FORMAT.md` says. */
import { FormatError, ShapeError } from '../shared/errors.ts';
import type { ByteSource } from '../shared/formats/byte-source.ts';
import { isFloat, toFloat32 } from '../shared/formats/dtype.ts';
import { isObject } from '../shared/formats/json.ts';
import { planSafetensors, tensorBytes } from '../shared/formats/safetensors-write.ts';
import { openSafetensors } from '../shared/formats/safetensors.ts';
import type { FitReport, Translator, Translators } from '../shared/lens/translators.ts';
import { sha256 } from '../shared/sha256.ts';
import type { ModelSpec } from '../shared/spec/model-spec.ts';

const FORMAT = 'residscope.lens/1';

/** SHA-256 of every weight and bias, f32 little-endian, in order. */
export async function hashTranslators(layers: readonly Translator[]): Promise<string> {
  const all = new Float32Array(layers.reduce((n, { weight, bias }) => n + weight.length + bias.length, 0));
  let at = 0;
  for (const { weight, bias } of layers) {
    all.set(weight, at);
    all.set(bias, at + weight.length);
    at += weight.length + bias.length;
  }
  return sha256(new Uint8Array(all.buffer));
}

/** A lens as the bytes of a safetensors file. */
export function saveLens({ kind, dModel, layers, weightHash, report }: Translators): Uint8Array<ArrayBuffer> {
  const planned = planSafetensors(
    layers.flatMap(({ weight, bias }, i) => [
      { name: `translators.${i}.weight`, dtype: 'F32' as const, shape: [dModel, dModel], data: weight },
      { name: `translators.${i}.bias`, dtype: 'F32' as const, shape: [dModel], data: bias },
    ]),
    {
      format: FORMAT,
      kind,
      ...(weightHash !== undefined && { weight_hash: weightHash }),
      ...(report && { report: JSON.stringify(report) }),
    },
  );
  const parts = [planned.header, ...planned.tensors.map((tensor) => tensorBytes(tensor, tensor.data))];
  const bytes = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * Reads a lens and holds it against the model.
 *
 * @param weightHash of the model, where it is known: a fitted lens of other weights is refused.
 * @throws {FormatError} for a file that is no such lens, {@link ShapeError} for one of another model:
 * `lens.safetensors: translators.0.weight: expected [192, 192], got [768, 768]: it was made for another model`
 */
export async function readLens(
  source: ByteSource,
  { dModel, nLayers }: Pick<ModelSpec, 'dModel' | 'nLayers'>,
  weightHash?: string,
  signal?: AbortSignal,
): Promise<Translators> {
  const { place, tensors, metadata } = await openSafetensors(source, signal);
  const { format, kind } = metadata;
  if (format !== FORMAT || (kind !== 'fitted' && kind !== 'tuned')) {
    throw new FormatError(
      `${place}: expected a lens (format ${FORMAT}, kind fitted or tuned), got ${JSON.stringify(format ?? 'none')} and ${JSON.stringify(kind ?? 'none')}. scripts/convert_tuned_lens.py converts a tuned lens.`,
    );
  }
  const count = [...tensors.keys()].filter((name) => /^translators\.\d+\.weight$/.test(name)).length;
  if (count !== nLayers) {
    throw new ShapeError(
      `${place}: expected ${nLayers} translators, got ${count}: it was made for another model`,
    );
  }
  const read = async (name: string, shape: readonly number[]): Promise<Float32Array> => {
    const info = tensors.get(name);
    const got = info ? `[${info.shape.join(', ')}] of ${info.dtype}` : 'nothing';
    if (!info || !isFloat(info.dtype) || String(info.shape) !== String(shape)) {
      throw new ShapeError(
        `${place}: ${name}: expected [${shape.join(', ')}], got ${got}: it was made for another model`,
      );
    }
    const values = toFloat32(await source.read(info.start, info.end, signal), info.dtype);
    if (!values.every(Number.isFinite)) throw new FormatError(`${place}: ${name}: holds no finite numbers`);
    return values;
  };
  const madeFor = metadata['weight_hash'];
  if (madeFor !== undefined && weightHash !== undefined && madeFor !== weightHash) {
    throw new FormatError(
      `${place}: this lens was fitted on other weights (${madeFor.slice(0, 12)}…, not ${weightHash.slice(0, 12)}…): fit one on this model`,
    );
  }
  const layers: Translator[] = [];
  for (let i = 0; i < nLayers; i++) {
    const weight = await read(`translators.${i}.weight`, [dModel, dModel]);
    layers.push({ weight, bias: await read(`translators.${i}.bias`, [dModel]) });
  }
  const report = metadata['report'] === undefined ? undefined : readReport(metadata['report'], nLayers);
  return {
    kind,
    hash: await hashTranslators(layers),
    dModel,
    layers,
    ...(madeFor !== undefined && { weightHash: madeFor }),
    ...(report && { report }),
  };
}

/** The report, or nothing where it isn't one: no number of the lens depends on it. */
function readReport(json: string, nLayers: number): FitReport | undefined {
  try {
    const value: unknown = JSON.parse(json);
    if (!isObject(value) || !isObject(value['heldOut'])) return undefined;
    const { positions, heldPositions, lambdas, heldOut } = value;
    const rows = ['klRaw', 'kl', 'agreementRaw', 'agreement'] as const;
    const whole = [positions, heldPositions, heldOut['prompts'], heldOut['positions']].every(isNumber);
    const lists = rows.every((row) => isNumbers(heldOut[row], nLayers + 1));
    if (!whole || !lists || !isNumbers(lambdas, nLayers)) return undefined;
    return value as unknown as FitReport;
  } catch {
    return undefined;
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isNumbers(value: unknown, length: number): value is readonly number[] {
  return Array.isArray(value) && value.length === length && value.every(isNumber);
}
