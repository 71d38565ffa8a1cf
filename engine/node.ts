/**
 * The library in Node: `import { LensModel } from 'residscope'`. Models are the embedded one, folders, `.gguf`
 * files, addresses, or on the hub; wasm by default, WebGPU through the optional package `webgpu`.
 */
import type { LoadOptions, ModelFiles } from './api.ts';
import { Model } from './model.ts';
import { openModel, type Platform } from './open-model.ts';
import { openRuntime } from './ort-node.ts';
import { resolveNode } from './resolve-node.ts';

export type * from './api.ts';
export type * from './ablation-api.ts';
export type * from './attention-api.ts';
export type * from './attribution-api.ts';
export type { Comparable, ComparedRow, CompareOptions } from './compare.ts';
export type { ComparedCells, ComparedSide, Fared } from '../shared/compare/cells.ts';
export type { Column, RowPair } from '../shared/compare/align.ts';
export type * from './directions-api.ts';
export type * from './heads-api.ts';
export type * from './neurons-api.ts';
export { ablationInterventions, type AblatedRun } from '../shared/ablation.ts';
export type { Intervention } from '../shared/interventions.ts';
export { Model } from './model.ts';
export { MemorySource, type ByteSource } from '../shared/formats/byte-source.ts';
export * from '../shared/errors.ts';
export { referencePrompts } from './reference-node.ts';
export { saveLens } from './lens-file.ts';
export type { FitReport, HeldOut, Translator, Translators } from '../shared/lens/translators.ts';

/** Nothing keeps what comes over the network here, and memory is there: rather hold it than fetch it twice. */
const platform: Platform = { resolve: resolveNode, openRuntime, memory: { holdRemoteBytes: 8 * 2 ** 30 } };

/** A model, opened in Node. */
export class LensModel extends Model {
  /**
   * Opens a model: its config, tokenizer and header are read now, its weights with the first run.
   *
   * @param source `fable-4m`; a folder in Hugging Face layout or a `.gguf` file; `owner/name`, with `@revision` or
   * not, on the hub (`HF_ENDPOINT` names another); an address; or any {@link ModelFiles}.
   * @throws {AccessError} for a gated or private model; {@link NotFoundError} when there is no such model, file or tensor; {@link UnsupportedError} for a family or an
   * option that would run wrong; {@link FormatError} for damaged files.
   */
  static async load(source: string | ModelFiles, options: LoadOptions = {}): Promise<LensModel> {
    return new LensModel(await openModel(platform, source, options));
  }
}
