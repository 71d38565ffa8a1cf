/**
 * Bytes as the vocabularies of byte-level BPE write them (GPT-2's table: a printable character for each byte) and
 * UTF-8 read so that one knows which bytes made which character.
 */

/** The character that stands for each byte: printable Latin-1 for itself, U+0100 and on for the others, in order. */
export const BYTE_CHARS: readonly string[] = byteChars();

const CHAR_BYTES: ReadonlyMap<string, number> = new Map(BYTE_CHARS.map((char, byte) => [char, byte]));

function byteChars(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    return String.fromCharCode(printable ? byte : next++);
  });
}

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });

/** UTF-8 of a text. */
export function utf8(text: string): Uint8Array {
  return ENCODER.encode(text);
}

/** Text of UTF-8; what is no whole character becomes U+FFFD, a byte order mark stays. */
export function fromUtf8(bytes: Uint8Array): string {
  return DECODER.decode(bytes);
}

/** Appends the byte characters of a code point. */
export function pushByteChars(out: string[], codePoint: number): void {
  if (codePoint < 0x80) {
    out.push(charOf(codePoint));
  } else if (codePoint < 0x800) {
    out.push(charOf(0xc0 | (codePoint >> 6)), continuation(codePoint, 0));
  } else if (codePoint < 0x10000) {
    out.push(charOf(0xe0 | (codePoint >> 12)), continuation(codePoint, 6), continuation(codePoint, 0));
  } else {
    out.push(charOf(0xf0 | (codePoint >> 18)));
    out.push(continuation(codePoint, 12), continuation(codePoint, 6), continuation(codePoint, 0));
  }
}

function continuation(codePoint: number, shift: number): string {
  return charOf(0x80 | ((codePoint >> shift) & 0x3f));
}

function charOf(byte: number): string {
  return BYTE_CHARS[byte] ?? '';
}

/** Bytes that a byte-level vocabulary string stands for; one that isn't written in byte characters is its own UTF-8. */
export function bytesOfToken(token: string): Uint8Array {
  const bytes = new Uint8Array(token.length);
  for (let i = 0; i < token.length; i++) {
    const byte = CHAR_BYTES.get(token.charAt(i));
    if (byte === undefined) return utf8(token);
    bytes[i] = byte;
  }
  return bytes;
}

/**
 * Reads chunks of bytes as one UTF-8 text and gives each chunk the characters that begin in it, so that the texts
 * concatenate to the whole. Ill-formed bytes become U+FFFD as the WHATWG decoder makes them: one for each longest
 * beginning of a character.
 */
export function textsOfChunks(chunks: readonly Uint8Array[]): string[] {
  const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const bytes = new Uint8Array(total);
  const texts: string[] = [];
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  let start = 0;
  let end = 0;
  for (const chunk of chunks) {
    end += chunk.length;
    // A character that begins before `end` is read to its own end, which may lie in later chunks.
    const from = start;
    while (start < end) start += characterLength(bytes, start);
    texts.push(fromUtf8(bytes.subarray(from, start)));
  }
  return texts;
}

/** Bytes of the character at `at`, or of the ill-formed beginning that is replaced as one. */
function characterLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  const length = lead < 0xc2 || lead > 0xf4 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  for (let i = 1; i < length; i++) {
    const byte = bytes[at + i];
    if (byte === undefined || !continues(lead, i, byte)) return i;
  }
  return length;
}

/** Whether `byte` may be the `index`th after `lead` (Unicode standard, table 3-7: no overlong forms, no surrogates). */
function continues(lead: number, index: number, byte: number): boolean {
  const low = index > 1 ? 0x80 : lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = index > 1 ? 0xbf : lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  return byte >= low && byte <= high;
}
