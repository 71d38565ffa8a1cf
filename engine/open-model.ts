/** A model's files on a device: what a platform supplies, and what `load` makes of it. */
import type { ModelSpec } from '../shared/spec/model-spec.ts';
import { withConstants } from '../shared/spec/constants.ts';
import { readSpec } from '../shared/spec/read-spec.ts';
import type { TokenizerPort } from '../shared/tokenizer/encoding.ts';
import { Tokenizer } from '../shared/tokenizer/tokenizer.ts';
import type { ChatTemplate, DeviceChoice, LoadOptions, ModelFiles } from './api.ts';
import { readChatTemplate } from './chat-template.ts';
import { makeMachine, type Machine } from './machine.ts';
import { MEMORY_LIMITS, type MemoryLimits } from './memory.ts';
import { openFiles } from './open-weights.ts';
import type { LoadedOrt } from './runtime.ts';
import { WeightStore } from './weights.ts';

/** How to look for a model. */
export interface ResolveOptions {
  readonly signal: AbortSignal | undefined;
  readonly token: string | undefined;
}

/** What an entry supplies. */
export interface Platform {
  /** @throws {NotFoundError} `model "…": …` with the strings that do open here. */
  resolve(source: string, options: ResolveOptions): ModelFiles | Promise<ModelFiles>;
  /** Its own memory limits, where they differ. */
  readonly memory?: Partial<MemoryLimits>;
  /** Loads the runtime for a device. @throws {DeviceError} when the one asked for is missing. */
  openRuntime(choice: DeviceChoice): Promise<LoadedOrt>;
}

/** Everything that `load` has read. */
export interface OpenedModel {
  readonly files: ModelFiles;
  readonly tokenizer: TokenizerPort;
  readonly spec: ModelSpec;
  readonly chatTemplate: ChatTemplate | undefined;
  readonly weights: WeightStore;
  readonly machine: Machine;
  readonly reopen: () => Promise<Machine>;
}

/** Reads config, tokenizer and the weights' header; weights themselves come with the first run. */
export async function openModel(
  platform: Platform,
  source: string | ModelFiles,
  {
    device = 'auto',
    signal,
    token,
    onProgress,
    memory = {},
    constants = 'f32',
    quantized = 'expand',
    compute = 'f32',
  }: LoadOptions,
): Promise<OpenedModel> {
  const files = typeof source === 'string' ? await platform.resolve(source, { signal, token }) : source;
  const opened = await openFiles(files, signal);
  const spec = withConstants(
    await readSpec(opened.configPlace, opened.config, opened.tensors.tensors),
    constants,
  );
  const tokenizer = Tokenizer.fromJson(opened.tokenizerJson, opened.tokenizerConfig, opened.tokenizerPlace);
  const limits = { ...MEMORY_LIMITS, ...platform.memory, ...memory };
  const weights = new WeightStore(opened.tensors, spec, onProgress, limits, quantized === 'keep');
  const reopen = async (): Promise<Machine> =>
    makeMachine(await platform.openRuntime(device), spec, weights, limits, compute);
  const machine = await reopen();
  const chatTemplate = readChatTemplate(opened.tokenizerConfig);
  return { files, tokenizer, spec, chatTemplate, weights, machine, reopen };
}
