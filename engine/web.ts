/**
 * The library in a page or a worker thread: `import { LensModel } from 'residscope'`. Run it in a Web Worker: the
 * wasm backend computes on the thread that calls it.
 */
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
export { saveLens } from './lens-file.ts';
export type { FitReport, HeldOut, Translator, Translators } from '../shared/lens/translators.ts';
export { httpFiles } from './http-source.ts';
export * from './blob-source.ts';
export { askPersistence, deleteKept, listKept, type KeptModel } from './kept-storage.ts';
export { configureRuntime, LensModel, type RuntimeConfig } from './web-model.ts';
