/**
 * Opens a GGUF file as if it were a folder from Hugging Face: config, tokenizer and tensors under the names, shapes and
 * row order that the model's own class has there. What llama.cpp's converter changes is undone or declared:
 *
 * - llama: rows of q and k lie in pairs for its rotary kernel. `TensorInfo.pairedHeads` says so, and reading undoes it.
 * - gemma3: the 1 of (1 + w) is in the norm weights. The config says `residscope_norm_offset: 0`.
 * - gpt2: matrices are transposed, [out, in] where Hugging Face has [in, out]. Their shapes show it.
 *
 * @see https://github.com/ggml-org/llama.cpp, `convert_hf_to_gguf.py`
 */
import { FormatError, UnsupportedError } from '../../errors.ts';
import type { ByteSource } from '../byte-source.ts';
import { toFloat32 } from '../dtype.ts';
import type { JsonObject } from '../json.ts';
import { checkOverlap, type TensorInfo, type TensorSet } from '../tensors.ts';
import { attentionOf, huggingFaceConfig } from './config.ts';
import { readGgufHeader, shown } from './header.ts';
import { Metadata } from './metadata.ts';
import { GGUF_ARCHITECTURES, huggingFaceName, isGgufArchitecture, type GgufArchitecture } from './names.ts';
import { dataPlace, locate } from './tensors.ts';
import { huggingFaceTokenizer } from './tokenizer.ts';

export interface OpenedGguf {
  /** As `config.json`, for a spec. */
  readonly config: JsonObject;
  /** As `tokenizer.json` and `tokenizer_config.json`, the latter with the chat template. */
  readonly tokenizerJson: JsonObject;
  readonly tokenizerConfig: JsonObject;
  readonly tensors: TensorSet;
}

const ROPE_DIVISORS = 'rope_freqs.weight';

function readArchitecture(metadata: Metadata): GgufArchitecture {
  const { place, architecture } = metadata;
  if (isGgufArchitecture(architecture)) {
    if (metadata.size('split.count', 0, 0) <= 1) return architecture;
    throw new UnsupportedError(
      `${place}: this is one part of a model in several files: join them with llama.cpp's "llama-gguf-split --merge"`,
    );
  }
  throw new UnsupportedError(
    `${place}: GGUF models of the architecture ${JSON.stringify(shown(architecture))} don't open; these do: ${GGUF_ARCHITECTURES.join(', ')}`,
  );
}

/** Heads of the tensors whose rows llama.cpp pairs. */
function pairedHeads(
  architecture: GgufArchitecture,
  name: string,
  { heads, kvHeads }: { heads: number; kvHeads: number },
): number | undefined {
  if (architecture !== 'llama') return undefined;
  if (/\.attn_q\.(weight|bias)$/.test(name)) return heads;
  return /\.attn_k\.(weight|bias)$/.test(name) ? kvHeads : undefined;
}

/** Tensors under Hugging Face's names. */
function renamed(
  architecture: GgufArchitecture,
  metadata: Metadata,
  located: ReadonlyMap<string, TensorInfo>,
  blocks: number,
): Map<string, TensorInfo> {
  const { place } = metadata;
  const attention = attentionOf(metadata);
  const tensors = new Map<string, TensorInfo>();
  for (const info of located.values()) {
    if (info.name === ROPE_DIVISORS && architecture === 'llama') continue;
    const name = huggingFaceName(architecture, info.name, blocks);
    if (name === undefined) {
      throw new UnsupportedError(
        `${place}: ${shown(info.name)}: no tensor of a ${architecture} model of ${blocks} blocks: run without it, the numbers would be wrong`,
      );
    }
    const paired = pairedHeads(architecture, info.name, attention);
    const rows = info.shape[0] ?? 0;
    if (paired !== undefined && rows % (2 * paired) !== 0) {
      throw new FormatError(
        `${place}: ${info.name}: expected rows in ${paired} heads of an even size, got ${rows}`,
      );
    }
    tensors.set(name, { ...info, name, ...(paired !== undefined && { pairedHeads: paired }) });
  }
  return tensors;
}

/** f32[head_dim / 2], or undefined where the file has none. */
async function readDivisors(
  located: ReadonlyMap<string, TensorInfo>,
  place: string,
  signal: AbortSignal | undefined,
): Promise<Float32Array | undefined> {
  const info = located.get(ROPE_DIVISORS);
  if (!info) return undefined;
  if (info.dtype !== 'F32' || info.shape.length !== 1 || (info.shape[0] ?? 0) > 65_536) {
    throw new FormatError(
      `${place}: ${ROPE_DIVISORS}: expected F32 [head_dim / 2], got ${info.dtype} [${info.shape.join(', ')}]`,
    );
  }
  return toFloat32(await info.source.read(info.start, info.end, signal), 'F32');
}

/**
 * Reads and checks the header; no weights are read.
 *
 * @param source versions 2 and 3, little-endian, one file.
 * @throws {FormatError} `model.gguf: blk.0.attn_q.weight: …` when anything in the header does not hold.
 * @throws {UnsupportedError} naming the architecture, number type, tensor, key or tokenizer that isn't done here.
 */
export async function openGguf(source: ByteSource, signal?: AbortSignal): Promise<OpenedGguf> {
  const header = await readGgufHeader(source, signal);
  const place = source.name;
  const metadata = new Metadata(place, header.metadata);
  const architecture = readArchitecture(metadata);
  const data = dataPlace(header.bytes, metadata);
  const located = new Map(header.tensors.map((t) => [t.name, locate(source, t, data)]));
  checkOverlap(place, located.values());
  const blocks = metadata.size(metadata.own('block_count'));
  if (blocks > header.tensors.length) {
    throw new FormatError(
      `${place}: ${metadata.own('block_count')}: expected no more blocks than there are tensors (${header.tensors.length}), got ${blocks}`,
    );
  }
  const vocabSize = located.get('token_embd.weight')?.shape[0];
  if (vocabSize === undefined) throw new FormatError(`${place}: no tensor named token_embd.weight`);
  const tensors = renamed(architecture, metadata, located, blocks);
  const ropeDivisors = architecture === 'llama' ? await readDivisors(located, place, signal) : undefined;
  const config = huggingFaceConfig(architecture, metadata, {
    vocabSize,
    names: new Set(located.keys()),
    ropeDivisors,
  });
  return {
    config,
    ...huggingFaceTokenizer(metadata),
    tensors: { place, tensors, metadata: { format: 'gguf' } },
  };
}
