/** A file of prompts, one a line: what `pca` and `bake` run. */
import { readFile } from 'node:fs/promises';
import { CancelledError, FormatError, InputError, messageOf } from '../shared/errors.ts';
import { LIMITS } from '../shared/limits.ts';

/** One prompt of a file. */
export interface PromptLine {
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

/** Lines that hold something. @throws {InputError} naming the file. */
export async function readPrompts(file: string, signal: AbortSignal): Promise<PromptLine[]> {
  const bytes = await readFile(file, { signal }).catch((error: unknown) => {
    if (signal.aborted) throw new CancelledError();
    throw new InputError(`--prompts ${file}: not read: ${messageOf(error)}: name a text file`, {
      cause: error,
    });
  });
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new FormatError(`--prompts ${file}: expected UTF-8 text, one prompt a line`, { cause: error });
  }
  const lines = text.split(/\r?\n/).map((line, i) => ({ text: line, line: i + 1 }));
  const prompts = lines.filter((line) => line.text.trim() !== '');
  if (prompts.length === 0) {
    throw new InputError(`--prompts ${file}: expected one prompt a line, got an empty file`);
  }
  const long = prompts.find((prompt) => Buffer.byteLength(prompt.text) > LIMITS.textBytes);
  if (long) {
    throw new InputError(
      `--prompts ${file}: line ${long.line}: expected at most ${LIMITS.textBytes} bytes, got ${Buffer.byteLength(long.text)}: shorten it`,
    );
  }
  return prompts;
}
