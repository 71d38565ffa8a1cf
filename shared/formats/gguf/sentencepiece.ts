/** From the scores of a SentencePiece vocabulary to the list of merges that byte-pair encoding wants. */
import { FormatError } from '../../errors.ts';
import type { NumberArray } from './header.ts';

/** Code units that a piece may have to be worth splitting: SentencePiece's own limit is 16 characters, Gemma's more. */
const MAX_PIECE = 256;
/** Merges for each token, on average: real vocabularies have two or three. */
const MAX_CUTS = 16;

/**
 * SentencePiece joins, of all neighbours whose joint is a token, those whose joint scores best. So every way to cut a
 * token into two tokens is a merge, and the better its score, the earlier it comes; of cuts of one token, the one whose
 * left part is the older token comes first, as Hugging Face's converter has it.
 *
 * @param tokens the tokens that merging may make, with their ids.
 * @param scores by id.
 * @param place for messages.
 * @throws {FormatError} for a vocabulary that is cut in more ways than any real one.
 */
export function mergesFromScores(
  tokens: readonly (readonly [string, number])[],
  scores: NumberArray,
  place: string,
): [string, string][] {
  const ids = new Map(tokens);
  let room = MAX_CUTS * tokens.length + 1000;
  const merges = tokens.flatMap(([token, id]) => {
    if (token.length > MAX_PIECE) return [];
    const cuts: { left: string; right: string; score: number; leftId: number; rightId: number }[] = [];
    for (let at = 1; at < token.length; at++) {
      const [left, right] = [token.slice(0, at), token.slice(at)];
      const [leftId, rightId] = [ids.get(left), ids.get(right)];
      if (leftId === undefined || rightId === undefined) continue;
      cuts.push({ left, right, score: scores[id] as number, leftId, rightId });
    }
    room -= cuts.length;
    if (room < 0)
      throw new FormatError(`${place}: tokens with more than ${MAX_CUTS} merges each: no real vocabulary`);
    return cuts.sort((a, b) => a.leftId - b.leftId || a.rightId - b.rightId);
  });
  // The sort is stable: cuts of one token stay in their order.
  return merges.sort((a, b) => b.score - a.score).map(({ left, right }) => [left, right]);
}
