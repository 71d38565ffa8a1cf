/** Tokens that are found in a text before (or after) normalization and never merged: `<|endoftext|>` and the like. */

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Not inside a word. */
  readonly singleWord: boolean;
  /** Takes the white space before it along. */
  readonly lstrip: boolean;
  /** Takes the white space after it along. */
  readonly rstrip: boolean;
  /** Looked for in the normalized text, not in the reader's. */
  readonly normalized: boolean;
  readonly special: boolean;
}

/** A stretch of text, [from, to) in UTF-16 code units, that is an added token or ordinary text. */
export interface Section {
  readonly from: number;
  readonly to: number;
  readonly token: AddedToken | undefined;
}

interface Node {
  readonly next: Map<string, Node>;
  token: AddedToken | undefined;
}

const WORD = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}]/u;
const SPACE = /\p{White_Space}/u;

/** Finds added tokens: leftmost first, and of those the longest. Time is the text's length times the longest token's. */
export class AddedTokenMatcher {
  readonly #root: Node = { next: new Map(), token: undefined };

  /** @param content what to look for, where that isn't the token's own content (normalized). */
  add(token: AddedToken, content: string = token.content): void {
    if (content === '') return;
    let node = this.#root;
    for (let i = 0; i < content.length; i++) {
      const unit = content.charAt(i);
      let next = node.next.get(unit);
      if (!next) {
        next = { next: new Map(), token: undefined };
        node.next.set(unit, next);
      }
      node = next;
    }
    node.token = token;
  }

  split(text: string): Section[] {
    const sections: Section[] = [];
    let done = 0;
    let at = 0;
    while (at < text.length) {
      const found = this.#longestAt(text, at);
      if (!found) {
        at++;
        continue;
      }
      const { token, end } = found;
      if (token.singleWord && (touchesWordBefore(text, at) || touchesWordAfter(text, end))) {
        at = end;
        continue;
      }
      let from = at;
      let to = end;
      while (token.lstrip && from > done && SPACE.test(text.charAt(from - 1))) from--;
      while (token.rstrip && to < text.length && SPACE.test(text.charAt(to))) to++;
      if (done < from) sections.push({ from: done, to: from, token: undefined });
      sections.push({ from, to, token });
      done = at = to;
    }
    if (done < text.length) sections.push({ from: done, to: text.length, token: undefined });
    return sections;
  }

  #longestAt(text: string, at: number): { token: AddedToken; end: number } | undefined {
    let node: Node | undefined = this.#root;
    let found: { token: AddedToken; end: number } | undefined;
    for (let i = at; i < text.length; i++) {
      node = node.next.get(text.charAt(i));
      if (!node) break;
      if (node.token) found = { token: node.token, end: i + 1 };
    }
    return found;
  }
}

function touchesWordBefore(text: string, at: number): boolean {
  const before = text.codePointAt(at - 2);
  const char = before !== undefined && before > 0xffff ? String.fromCodePoint(before) : text.charAt(at - 1);
  return WORD.test(char);
}

function touchesWordAfter(text: string, end: number): boolean {
  const after = text.codePointAt(end);
  return after !== undefined && WORD.test(String.fromCodePoint(after));
}
