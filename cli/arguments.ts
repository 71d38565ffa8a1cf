/** The command line's own grammar, on Node's `parseArgs`: what is wrong with a call is said before a model opens. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { InputError, messageOf } from '../shared/errors.ts';

/** A wrong call: exit status 2. */
export class UsageError extends InputError {}

export const COMMON_OPTIONS = {
  ids: { type: 'string' },
  device: { type: 'string' },
  compute: { type: 'string' },
  bos: { type: 'boolean' },
  'no-bos': { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsConfig['options'];

/** The prompt as the call gives it. */
export type PromptArgument =
  | { readonly kind: 'text'; readonly text: string; readonly bos: 'auto' | boolean }
  | { readonly kind: 'stdin'; readonly bos: 'auto' | boolean }
  | { readonly kind: 'ids'; readonly ids: readonly number[] };

/** What every command takes. */
export interface CommonArguments {
  readonly model: string;
  readonly prompt: PromptArgument;
  readonly device: 'wasm' | 'webgpu' | 'auto';
  readonly compute: 'f32' | 'f16';
  readonly json: boolean;
}

type CommonValues = {
  readonly [K in keyof typeof COMMON_OPTIONS]?: string | boolean | undefined;
};

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<T extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: T; allowPositionals: true; strict: true }>
>;

/** `parseArgs`, with its complaints as {@link UsageError}. */
export function parse<T extends Options>(args: readonly string[], options: T): Parsed<T> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(oneLine(messageOf(error)), { cause: error });
  }
}

/** A model and a device: what every command takes, also those without a TEXT. */
export interface ModelArguments extends Pick<CommonArguments, 'model' | 'device' | 'compute' | 'json'> {
  readonly bos: 'auto' | boolean;
}

/** @throws {UsageError} */
export function commonArguments(
  values: CommonValues,
  positionals: readonly string[],
  { emptyText }: { readonly emptyText: boolean },
): CommonArguments {
  const [model, text, ...rest] = positionals;
  if (rest.length > 0) throw new UsageError(`expected one TEXT, got ${rest.length + 1}: put it in quotes`);
  return {
    model: modelOf(model),
    prompt: promptArgument(values, text, emptyText),
    device: deviceOf(values.device),
    compute: computeOf(values.compute),
    json: values.json === true,
  };
}

/** Of a command that takes no TEXT. @throws {UsageError} */
export function modelArguments(values: CommonValues, positionals: readonly string[]): ModelArguments {
  const [model, ...rest] = positionals;
  if (rest.length > 0) throw new UsageError(`expected MODEL alone, got "${rest.join(' ')}" after it`);
  return {
    model: modelOf(model),
    bos: bosOf(values),
    device: deviceOf(values.device),
    compute: computeOf(values.compute),
    json: values.json === true,
  };
}

function modelOf(model: string | undefined): string {
  if (model === undefined || model === '') throw new UsageError('expected MODEL: fable-4m, or a folder');
  return model;
}

function bosOf(values: CommonValues): 'auto' | boolean {
  if (values.bos === true && values['no-bos'] === true)
    throw new UsageError('expected --bos or --no-bos, got both');
  return values.bos === true ? true : values['no-bos'] === true ? false : 'auto';
}

function promptArgument(values: CommonValues, text: string | undefined, emptyText: boolean): PromptArgument {
  const bos = bosOf(values);
  if (typeof values.ids === 'string') {
    if (text !== undefined) throw new UsageError('expected TEXT or --ids, got both');
    if (bos !== 'auto') throw new UsageError('--ids is run as it is: put the id of bos in front yourself');
    return { kind: 'ids', ids: parseIds(values.ids) };
  }
  if (text === undefined)
    throw new UsageError('expected TEXT, or - to read it from standard input, or --ids 1,2,3');
  if (text === '-') return { kind: 'stdin', bos };
  if (text === '' && !emptyText) throw new UsageError(EMPTY_TEXT);
  return { kind: 'text', text, bos };
}

export const EMPTY_TEXT = 'the text is empty: give at least one character, or the id of bos by --ids';

/** `1,2,3`, blanks allowed. */
export function parseIds(list: string): number[] {
  return list.split(',').map((part) => {
    if (!/^\s*\d{1,9}\s*$/.test(part)) {
      throw new UsageError(
        `--ids: expected whole numbers with commas between, as in 1,2,3, got "${part.trim()}"`,
      );
    }
    return Number(part);
  });
}

function deviceOf(value: string | boolean | undefined): CommonArguments['device'] {
  if (value === undefined) return 'auto';
  if (value === 'wasm' || value === 'webgpu') return value;
  throw new UsageError(`--device: expected wasm or webgpu, got "${String(value)}"`);
}

function computeOf(value: string | boolean | undefined): CommonArguments['compute'] {
  if (value === undefined) return 'f32';
  if (value === 'f32' || value === 'f16') return value;
  throw new UsageError(`--compute: expected f32 or f16, got "${String(value)}"`);
}

/** A whole number of an option. */
export function wholeNumber(name: string, value: string, min: number, max: number): number {
  const n = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
  if (!(n >= min && n <= max)) {
    throw new UsageError(`${name}: expected a whole number from ${min} to ${max}, got "${value}"`);
  }
  return n;
}

/** An option that has to be there and say something. */
export function required(name: string, value: string | undefined, example: string): string {
  if (value === undefined || value === '') throw new UsageError(`expected ${name} ${example}`);
  return value;
}

/** A message as the one line that standard error gets. */
export function oneLine(message: string): string {
  return message.replace(/\s*\n\s*/g, ' ').trim();
}
