/** A position of a prompt, as readings take it: from 0, or from the end. */
import { InputError } from './errors.ts';

/**
 * @param pos −1 is the last, which is also the default. @param what the reading, for the message.
 * @throws {InputError} `attribution: position 9 is outside the prompt: expected 0 to 8, or −1 for the last`
 */
export function positionOf(pos = -1, tokens: number, what: string): number {
  if (tokens === 0) throw new InputError(`${what}: the prompt is empty: type something, or switch bos on`);
  const at = pos < 0 ? tokens + pos : pos;
  if (!Number.isInteger(at) || at < 0 || at >= tokens) {
    throw new InputError(
      `${what}: position ${pos} is outside the prompt: expected 0 to ${tokens - 1}, or −1 for the last`,
    );
  }
  return at;
}
