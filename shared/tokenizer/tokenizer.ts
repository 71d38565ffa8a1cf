/**
 * The tokenizer, the same at the edge, in the page and in Node: ids, token strings and offsets in UTF-16 code units.
 *
 * Merges and the translation of patterns are the library's (`@huggingface/tokenizers`); it gives no offsets, so what
 * lies around the merges is done here, on text that remembers its places.
 */
import { FormatError, InputError } from '../errors.ts';
import { AddedTokenMatcher } from './added-tokens.ts';
import { AlignedText } from './aligned-text.ts';
import { bytesOfToken, fromUtf8, textsOfChunks, utf8 } from './byte-level.ts';
import type { EncodeOptions, Encoding, TokenizerPort } from './encoding.ts';
import { describe } from './json-view.ts';
import { ByteMerger } from './merge-bytes.ts';
import { CharacterMerger } from './merge-characters.ts';
import type { Merger, PushToken } from './merger.ts';
import { normalize } from './normalize.ts';
import { byteToken } from './spec-steps.ts';
import { readTokenizerSpec, type TokenizerSpec } from './spec.ts';

type Offsets = readonly [number, number];

/** Ids, tokens and offsets being collected. */
interface Output {
  readonly ids: number[];
  readonly tokens: string[];
  readonly offsets: Offsets[];
}

/** A lone surrogate, the only thing that UTF-8 can't say, as the replacement character: the length stays. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}

export class Tokenizer implements TokenizerPort {
  /** For messages. */
  readonly name: string;
  /** One more than the largest id. */
  readonly vocabSize: number;
  readonly bosId: number | undefined;
  readonly addsBos: boolean;
  readonly specialIds: ReadonlySet<number>;
  readonly #spec: TokenizerSpec;
  readonly #merger: Merger;
  /** By id. */
  readonly #strings: (string | undefined)[] = [];
  /** By id, filled when first asked for. */
  readonly #bytes = new Map<number, Uint8Array>();
  readonly #addedIds: ReadonlySet<number>;
  readonly #early = new AddedTokenMatcher();
  readonly #late = new AddedTokenMatcher();

  private constructor(spec: TokenizerSpec, name: string) {
    this.#spec = spec;
    this.name = name;
    this.#merger = spec.kind === 'byte-level' ? new ByteMerger(spec, name) : new CharacterMerger(spec, name);
    for (const [token, id] of spec.vocab) this.#strings[id] = token;
    for (const token of spec.added) {
      this.#strings[token.id] = token.content;
      if (token.normalized) {
        const content = AlignedText.of(token.content, 0, token.content.length);
        this.#late.add(token, normalize(content, spec.normalizers).text);
      } else {
        this.#early.add(token);
      }
    }
    this.vocabSize = this.#strings.length;
    this.bosId = spec.bosId;
    this.addsBos = spec.prefix.length > 0;
    this.#addedIds = new Set(spec.added.map((token) => token.id));
    this.specialIds = new Set(spec.added.filter((token) => token.special).map((token) => token.id));
    for (const id of [...spec.prefix, ...spec.suffix]) {
      if (this.#strings[id] === undefined) {
        throw new FormatError(
          `${name}: tokenizer.json: post_processor: id ${id} is not in the vocabulary. Use the tokenizer.json that belongs to the model.`,
        );
      }
    }
  }

  /**
   * @param tokenizerJson the parsed `tokenizer.json`.
   * @param tokenizerConfig the parsed `tokenizer_config.json`; undefined or null where a model has none.
   * @param name the model, for messages.
   * @throws {FormatError} when the files don't say what they must.
   * @throws {UnsupportedError} naming the kind of tokenizer, when its offsets couldn't be derived.
   */
  static fromJson(tokenizerJson: unknown, tokenizerConfig: unknown, name: string): Tokenizer {
    return new Tokenizer(readTokenizerSpec(tokenizerJson, tokenizerConfig, name), name);
  }

  /**
   * Ids, tokens and offsets of a text. A token that holds part of a character covers all of it; a space in front
   * belongs to its token. Lone surrogates become U+FFFD first. Bytes that the vocabulary lacks are left out, as the
   * model's own tokenizer does (SmolLM2 has none for U+0004).
   *
   * @throws {InputError} when `bos` is asked for and the tokenizer has none.
   */
  encode(text: string, { bos = 'auto' }: EncodeOptions = {}): Encoding {
    const out: Output = { ids: [], tokens: [], offsets: [] };
    for (const id of this.#front(bos)) this.#push(out, id, [0, 0]);
    const clean = wellFormed(text);
    for (const { from, to, token } of this.#early.split(clean)) {
      if (token) this.#push(out, token.id, [from, to], token.content);
      else this.#encodeSection(AlignedText.of(clean, from, to), out);
    }
    for (const id of this.#spec.suffix) this.#push(out, id, [text.length, text.length]);
    return out;
  }

  /** @throws {InputError} when an id isn't in the vocabulary. */
  decode(ids: readonly number[]): string {
    return this.pieces(ids).join('');
  }

  tokenString(id: number): string {
    const token = this.#strings[id];
    if (token === undefined) {
      throw new InputError(
        `${this.name}: there is no token ${describe(id)}: expected a whole number from 0 to ${this.vocabSize - 1}`,
      );
    }
    return token;
  }

  /** Ids without a token (models pad their vocabularies) show as `⟨50300⟩`. */
  text(id: number): string {
    return this.#strings[id] === undefined ? `⟨${id}⟩` : fromUtf8(this.#bytesOf(id));
  }

  /** @throws {InputError} when an id isn't in the vocabulary. */
  pieces(ids: readonly number[]): string[] {
    const texts = textsOfChunks(ids.map((id) => this.#bytesOf(id)));
    const { stripsSpace, prefix } = this.#spec;
    if (stripsSpace === 'never') return texts;
    const first = prefix.length > 0 && prefix.every((id, i) => ids[i] === id) ? prefix.length : 0;
    return texts.map((piece, i) => {
      const previous = ids[i - 1];
      const begins =
        i === first ||
        (stripsSpace === 'always' && (previous === undefined || this.#addedIds.has(previous)) && i >= first);
      return begins && piece.startsWith(' ') && !this.#addedIds.has(ids[i] ?? -1) ? piece.slice(1) : piece;
    });
  }

  #front(bos: 'auto' | boolean): readonly number[] {
    if (bos === false) return [];
    if (bos === 'auto' || this.#spec.prefix.length > 0) return this.#spec.prefix;
    if (this.bosId === undefined) {
      throw new InputError(
        `${this.name}: the tokenizer names no token for the beginning of a text: leave bos out.`,
      );
    }
    return [this.bosId];
  }

  #push(out: Output, id: number, offsets: Offsets, token: string = this.tokenString(id)): void {
    out.ids.push(id);
    out.tokens.push(token);
    out.offsets.push(offsets);
  }

  #encodeSection(section: AlignedText, out: Output): void {
    const push: PushToken = (id, token, offsets) => this.#push(out, id, offsets, token);
    const normalized = normalize(section, this.#spec.normalizers);
    for (const { from, to, token } of this.#late.split(normalized.text)) {
      if (token) this.#push(out, token.id, normalized.source(from, to), token.content);
      else this.#merger.encode(normalized.slice(from, to), push);
    }
  }

  #bytesOf(id: number): Uint8Array {
    const known = this.#bytes.get(id);
    if (known) return known;
    const bytes = this.#computeBytes(id, this.tokenString(id));
    this.#bytes.set(id, bytes);
    return bytes;
  }

  #computeBytes(id: number, token: string): Uint8Array {
    if (this.#addedIds.has(id)) return utf8(token);
    if (this.#spec.kind === 'byte-level') return bytesOfToken(token);
    const byte = /^<0x([0-9A-F]{2})>$/.exec(token)?.[1];
    if (byte !== undefined && token === byteToken(Number.parseInt(byte, 16))) {
      return Uint8Array.of(Number.parseInt(byte, 16));
    }
    return utf8(token.replaceAll(this.#spec.spaceMark, ' '));
  }
}
