/** Entity tags and `If-None-Match` (RFC 9110, 8.8.3 and 13.1.2). */

/**
 * The tag among `current` that the reader already has.
 *
 * @param ifNoneMatch the header: a list of tags, or `*`.
 */
export function matchingTag(ifNoneMatch: string | undefined, current: readonly string[]): string | undefined {
  if (ifNoneMatch === undefined) return undefined;
  if (ifNoneMatch.trim() === '*') return current[0];
  const tags = Array.from(
    ifNoneMatch.matchAll(/(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g),
    (match) => match[1],
  );
  return current.find((tag) => tags.includes(tag));
}
