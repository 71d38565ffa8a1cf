/** The steps of a tokenizer.json around its model: normalizer, pre-tokenizer, post-processor, decoder. */
import { SplitPreTokenizer } from '@huggingface/tokenizers';
import { FormatError, messageOf, UnsupportedError } from '../errors.ts';
import { describe, type JsonView } from './json-view.ts';
import { UNICODE_FORMS, type NormalizerStep } from './normalize.ts';
import { GPT2_PATTERN, SPLIT_BEHAVIORS, type SplitBehavior, type SplitStep } from './pre-tokenize.ts';

/** Spaces become a visible mark, and one may go in front (SentencePiece's way). */
export interface Metaspace {
  readonly replacement: string;
  readonly prepend: 'never' | 'first' | 'always';
  /** Whether the text is cut before each mark. */
  readonly split: boolean;
}

function unsupported(step: JsonView, why: string): UnsupportedError {
  const type = step.field('type');
  return new UnsupportedError(`${type.place}: ${describe(type.value)} is not supported: ${why}`);
}

/** `Sequence` written out; null is no step. */
function flatten(view: JsonView, list: string): JsonView[] {
  if (view.absent) return [];
  if (view.field('type').string() !== 'Sequence') return [view];
  return view
    .field(list)
    .items()
    .flatMap((item) => flatten(item, list));
}

/** A pattern in Rust's syntax as JavaScript's; the library translates it. */
function readPattern(view: JsonView): RegExp {
  const { String: literal, Regex: regex } = view.object();
  if (typeof literal === 'string') return new RegExp(literal.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'gu');
  if (typeof regex !== 'string') throw view.wrong('{ "String": … } or { "Regex": … }');
  return translate(regex, view.place);
}

function translate(regex: string, place: string): RegExp {
  try {
    const { pattern } = new SplitPreTokenizer({
      type: 'Split',
      pattern: { Regex: regex },
      behavior: 'Isolated',
    });
    if (pattern) return pattern;
  } catch (error) {
    throw new FormatError(`${place}: not a pattern that can be translated: ${messageOf(error)}`, {
      cause: error,
    });
  }
  throw new FormatError(`${place}: not a pattern: ${describe(regex)}`);
}

export function readNormalizer(view: JsonView): NormalizerStep[] {
  return flatten(view, 'normalizers').map((step): NormalizerStep => {
    const type = step.field('type').string();
    const form = UNICODE_FORMS.find((name) => name === type);
    if (form) return { type: 'unicode', form };
    switch (type) {
      case 'Lowercase':
        return { type: 'lowercase' };
      case 'Replace':
        return {
          type: 'replace',
          pattern: readPattern(step.field('pattern')),
          content: step.field('content').string(),
        };
      case 'Prepend':
        return { type: 'prepend', content: step.field('prepend').string() };
      case 'Strip':
        return {
          type: 'strip',
          left: step.field('strip_left').boolean(true),
          right: step.field('strip_right').boolean(true),
        };
      default:
        throw unsupported(step, 'what it changes has no known place in the text.');
    }
  });
}

export interface PreTokenizerSpec {
  readonly byteLevel: boolean;
  readonly prefixSpace: boolean;
  readonly splits: readonly SplitStep[];
  readonly metaspace: Metaspace | undefined;
}

export function readPreTokenizer(view: JsonView): PreTokenizerSpec {
  const splits: SplitStep[] = [];
  let byteLevel = false;
  let prefixSpace = false;
  let metaspace: Metaspace | undefined;
  for (const step of flatten(view, 'pretokenizers')) {
    if (byteLevel || metaspace) throw unsupported(step, 'nothing may follow ByteLevel or Metaspace.');
    switch (step.field('type').string()) {
      case 'ByteLevel':
        byteLevel = true;
        prefixSpace = step.field('add_prefix_space').boolean(true);
        if (step.field('use_regex').boolean(true)) splits.push(isolated(translate(GPT2_PATTERN, step.place)));
        break;
      case 'Split':
        splits.push({
          pattern: readPattern(step.field('pattern')),
          behavior: readBehavior(step.field('behavior')),
          invert: step.field('invert').boolean(false),
        });
        break;
      case 'Digits':
        splits.push({
          pattern: /\p{N}/gu,
          behavior: step.field('individual_digits').boolean(false) ? 'isolated' : 'contiguous',
          invert: false,
        });
        break;
      case 'Punctuation':
        splits.push({
          pattern: /[\p{P}\u0021-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007e]/gu,
          behavior: step.field('behavior').absent ? 'isolated' : readBehavior(step.field('behavior')),
          invert: false,
        });
        break;
      case 'Metaspace':
        metaspace = readMetaspace(step);
        break;
      default:
        throw unsupported(step, 'it drops or rewrites text, so that tokens have no place in it.');
    }
  }
  if (byteLevel && prefixSpace && splits.length > 1) {
    throw new UnsupportedError(`${view.place}: add_prefix_space after other steps is not supported.`);
  }
  return { byteLevel, prefixSpace, splits, metaspace };
}

function isolated(pattern: RegExp): SplitStep {
  return { pattern, behavior: 'isolated', invert: false };
}

function readBehavior(view: JsonView): SplitBehavior {
  const behavior = SPLIT_BEHAVIORS.find((name) => name === view.string().toLowerCase());
  if (!behavior) throw view.wrong(`one of ${SPLIT_BEHAVIORS.join(', ')}`);
  return behavior;
}

const SPACE_MARK = '\u2581';

function readMetaspace(step: JsonView): Metaspace {
  const replacement = step.field('replacement').absent ? SPACE_MARK : step.field('replacement').string();
  const scheme = step.field('prepend_scheme');
  const prepend = scheme.absent
    ? step.field('add_prefix_space').boolean(true)
      ? 'always'
      : 'never'
    : (['never', 'first', 'always'] as const).find((name) => name === scheme.string());
  if (!prepend) throw scheme.wrong('never, first or always');
  return { replacement, prepend, split: step.field('split').boolean(true) };
}

export interface PostProcessorSpec {
  readonly prefix: readonly number[];
  readonly suffix: readonly number[];
}

/** Largest id in a template; the vocabulary is checked where the ids are used. */
const MAX_ID = 1 << 24;

export function readPostProcessor(view: JsonView): PostProcessorSpec {
  const prefix: number[] = [];
  const suffix: number[] = [];
  for (const step of flatten(view, 'processors')) {
    switch (step.field('type').string()) {
      case 'ByteLevel':
        break; // Trims offsets in Rust; ours always cover the whole token.
      case 'TemplateProcessing': {
        let target = prefix;
        const special = step.field('special_tokens');
        for (const item of step.field('single').items()) {
          if (!item.field('Sequence').absent) {
            if (target === suffix) throw item.wrong('the text once');
            target = suffix;
            continue;
          }
          const id = item.field('SpecialToken').field('id').string();
          const ids = special
            .field(id)
            .field('ids')
            .items()
            .map((each) => each.index(MAX_ID));
          target.push(...ids);
        }
        break;
      }
      case 'BertProcessing':
      case 'RobertaProcessing':
        prefix.push(readPair(step.field('cls')));
        suffix.push(readPair(step.field('sep')));
        break;
      default:
        throw unsupported(step, 'what it puts around the text is unknown.');
    }
  }
  return { prefix, suffix };
}

/** `["<s>", 0]` */
function readPair(view: JsonView): number {
  const [, id] = view.items();
  if (!id) throw view.wrong('[token, id]');
  return id.index(MAX_ID);
}

/** How a vocabulary with byte fallback writes a byte. */
export function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}

export interface DecoderSpec {
  readonly spaceMark: string;
  readonly stripsSpace: 'never' | 'first' | 'always';
}

/** What decoding must undo besides bytes; a decoder that does more is refused. */
export function readDecoder(view: JsonView, byteLevel: boolean): DecoderSpec {
  let spaceMark = SPACE_MARK;
  let stripsSpace: DecoderSpec['stripsSpace'] = 'never';
  for (const step of flatten(view, 'decoders')) {
    const type = step.field('type').string();
    if (type === 'Fuse' || type === (byteLevel ? 'ByteLevel' : 'ByteFallback')) continue;
    if (byteLevel) throw unsupported(step, 'a byte-level tokenizer is decoded by ByteLevel.');
    if (type === 'Metaspace') {
      const metaspace = readMetaspace(step);
      spaceMark = metaspace.replacement;
      stripsSpace = metaspace.prepend;
    } else if (type === 'Replace' && step.field('content').value === ' ') {
      const literal = step.field('pattern').object()['String'];
      if (typeof literal !== 'string' || literal === '')
        throw unsupported(step, 'only one mark for a space is known.');
      spaceMark = literal;
    } else if (type === 'Strip' && step.field('content').value === ' ' && step.field('stop').value === 0) {
      stripsSpace = step.field('start').value === 0 ? 'never' : 'always';
    } else {
      throw unsupported(step, 'what it changes can not be undone.');
    }
  }
  return { spaceMark, stripsSpace };
}
