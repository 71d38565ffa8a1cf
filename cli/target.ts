/** The tokens that a call names as its target: by text, or by id. */
import type { TokenizerPort } from '../shared/tokenizer/encoding.ts';
import { UsageError } from './arguments.ts';

/** What `--target` asks for; with two tokens, the difference of the first to the second. */
export interface Targets {
  readonly target: number;
  readonly against: number | 'mean' | undefined;
}

/**
 * `TOK` or `TOK,TOK`: each a text that is one token, with a leading blank or without, or `#123`, an id; the second may
 * be `mean`. A token that holds a comma goes by its id.
 *
 * @throws {UsageError} for a text that is no token or more than one, with the tokens that it is.
 */
export function targetsOf(value: string, tokenizer: TokenizerPort): Targets {
  const parts = value.split(',');
  const [first, second, ...rest] = parts;
  if (first === undefined || first === '' || second === '' || rest.length > 0) {
    throw new UsageError(
      `--target: expected TOKEN or TOKEN,TOKEN, got "${value}": a token with a comma goes as #ID`,
    );
  }
  return {
    target: tokenOf(first, tokenizer),
    against: second === undefined ? undefined : second === 'mean' ? 'mean' : tokenOf(second, tokenizer),
  };
}

function tokenOf(text: string, tokenizer: TokenizerPort): number {
  const named = /^#(\d{1,9})$/.exec(text)?.[1];
  if (named !== undefined) {
    const id = Number(named);
    if (id < tokenizer.vocabSize) return id;
    throw new UsageError(`--target: ${text}: expected an id from 0 to ${tokenizer.vocabSize - 1}`);
  }
  const tried = [text, ` ${text}`].map((each) => tokenizer.encode(each, { bos: false }).ids);
  // In running text a word has its blank in front: that spelling comes first, unless the call has a blank of its own.
  const order = text.startsWith(' ') ? tried.slice(0, 1) : [...tried].reverse();
  const whole = order.find((ids) => ids.length === 1)?.[0];
  if (whole !== undefined) return whole;
  const pieces = tokenizer.pieces(order[0] ?? []).map((piece) => JSON.stringify(piece));
  throw new UsageError(
    `--target: "${text}" is ${pieces.length} tokens here (${pieces.join(' ')}): name one, or give an id as #123`,
  );
}
