/** From the call's words to a model and token ids. */
import { basename, resolve } from 'node:path';
import { statSync } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { LensModel } from '../engine/node.ts';
import { CancelledError, InputError } from '../shared/errors.ts';
import type { Encoding, TokenizerPort } from '../shared/tokenizer/encoding.ts';
import type { CommonArguments, PromptArgument } from './arguments.ts';
import { EMPTY_TEXT } from './arguments.ts';
import type { Progress } from './progress.ts';
import { megabytes } from './progress.ts';
import type { Terminal } from './terminal.ts';

/** Opens the model that a call names, does something with it, and lets go of the device either way. */
export async function withModel<T>(
  { model: source, device, compute }: Pick<CommonArguments, 'model' | 'device' | 'compute'>,
  { signal }: Terminal,
  progress: Progress,
  use: (model: LensModel) => Promise<T>,
): Promise<T> {
  progress.say(`${source}: opening`);
  const token = process.env.HF_TOKEN;
  const model = await LensModel.load(source, {
    device,
    compute,
    signal,
    ...(token !== undefined && token !== '' && { token: token.trim() }),
    onProgress: ({ loadedBytes, totalBytes }) =>
      progress.say(`${source}: weights, ${megabytes(loadedBytes, totalBytes)}`),
  });
  try {
    return await use(model);
  } finally {
    progress.end();
    await model.dispose();
  }
}

/** Ids to run, and where their tokens lie. */
export interface Prompt {
  readonly encoding: Encoding;
  readonly text: string;
  readonly fromIds: boolean;
  /** Whether `bos` was put in front. */
  readonly bos: boolean;
}

/** @throws {InputError} when an id is outside the vocabulary, or standard input is empty where it may not be. */
export async function resolvePrompt(
  argument: PromptArgument,
  tokenizer: TokenizerPort,
  { emptyText, signal }: { readonly emptyText: boolean; readonly signal: AbortSignal },
): Promise<Prompt> {
  if (argument.kind === 'ids') return promptOfIds(argument.ids, tokenizer);
  const text = argument.kind === 'text' ? argument.text : await readStandardInput(signal);
  if (text === '' && !emptyText) throw new InputError(EMPTY_TEXT);
  const encoding = tokenizer.encode(text, { bos: argument.bos });
  const [start, end] = encoding.offsets[0] ?? [0, 0];
  const bos = encoding.ids[0] === tokenizer.bosId && encoding.ids.length > 0 && start === end;
  return { encoding, text, fromIds: false, bos };
}

async function readStandardInput(signal: AbortSignal): Promise<string> {
  try {
    return await readAll(addAbortSignal(signal, process.stdin));
  } catch (error) {
    if (signal.aborted) throw new CancelledError();
    throw error;
  }
}

function promptOfIds(ids: readonly number[], tokenizer: TokenizerPort): Prompt {
  const bad = ids.find((id) => id >= tokenizer.vocabSize);
  if (bad !== undefined) {
    throw new InputError(`--ids: ${bad} is outside the vocabulary: expected 0 to ${tokenizer.vocabSize - 1}`);
  }
  let end = 0;
  const pieces = tokenizer.pieces(ids);
  const offsets = pieces.map((piece) => [end, (end += piece.length)] as const);
  const tokens = ids.map((id) => tokenizer.tokenString(id));
  return {
    encoding: { ids, tokens, offsets },
    text: pieces.join(''),
    fromIds: true,
    bos: ids[0] === tokenizer.bosId,
  };
}

/** The model's name for others to read: of a path its last part, because a path says where someone lives. */
export function publicName(source: string): string {
  return statSync(source, { throwIfNoEntry: false }) ? basename(resolve(source)) : source;
}
