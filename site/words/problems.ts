/** What went wrong, in words for the reader, and the ways out that fit: every error state offers at least one. */
import { LIMITS } from '../../shared/limits.ts';
import { ResidscopeError, toErrorMessage, type ErrorKind } from '../../shared/errors.ts';
import { DEFAULT_MODEL, type ViewState } from '../controllers/view-state.ts';

/** `trace`: the dialog that opens one; `reopen`: the same trace again; `retry`: run again; `wasm`: leave the GPU; `model`: the embedded model; `example`: a prompt that works;
 * `shorten`: the longest start of the prompt that fits; `pick`: the list of models; `token`: the same, at the field
 * for an access token. */
export type WayOut =
  'trace' | 'reopen' | 'retry' | 'wasm' | 'model' | 'example' | 'shorten' | 'pick' | 'token';

export interface Problem {
  readonly kind: ErrorKind;
  readonly title: string;
  readonly message: string;
  readonly ways: readonly WayOut[];
}

const TITLES: Record<ErrorKind, string> = {
  input: 'This prompt can’t be run',
  format: 'The model’s files can’t be read',
  shape: 'The model’s files don’t fit together',
  unsupported: 'This model can’t be run here',
  'not-found': 'No such model',
  network: 'The download failed',
  access: 'The hub asks who you are',
  device: 'The device gave up',
  memory: 'Not enough memory',
  numerics: 'The numbers came out wrong',
  cancelled: 'Cancelled',
  internal: 'Something broke',
};

/** Kinds for which the same call may go well the next time. */
const AGAIN: readonly ErrorKind[] = ['network', 'device', 'memory', 'numerics', 'internal', 'not-found'];
/** What a missing network looks like, to a download as to code that comes on demand. */
const OFFLINE: readonly ErrorKind[] = ['network', 'device', 'internal'];
const ANOTHER_DEVICE: readonly ErrorKind[] = ['device', 'memory', 'numerics', 'internal'];
const ANOTHER_MODEL: readonly ErrorKind[] = [
  'format',
  'shape',
  'unsupported',
  'not-found',
  'network',
  'access',
  'memory',
];

/** A problem made of whatever was thrown. */
export function problemOf(error: unknown, { model, device }: Pick<ViewState, 'model' | 'device'>): Problem {
  const { kind, message } = toErrorMessage(error);
  const ways: WayOut[] = [];
  if (kind === 'access') ways.push('token', 'retry');
  if (AGAIN.includes(kind)) ways.push('retry');
  if (ANOTHER_DEVICE.includes(kind) && device !== 'wasm') ways.push('wasm');
  // The likeliest way out stands first: another try can't mend a model that isn't there.
  if (ANOTHER_MODEL.includes(kind) && model !== DEFAULT_MODEL) {
    if (kind === 'not-found') ways.unshift('model');
    else ways.push('model');
    ways.push('pick');
  }
  if (kind === 'input') ways.push('example');
  if (ways.length === 0) ways.push('retry');
  if (OFFLINE.includes(kind) && isOffline()) {
    const words = 'This browser has no network just now, and not all that is needed is on this device.';
    return { kind, title: 'You are offline', message: `${words} (${message})`, ways };
  }
  return { kind, title: TITLES[kind], message, ways };
}

/** What the browser knows: no network at all. */
function isOffline(): boolean {
  return (globalThis as { readonly navigator?: { readonly onLine?: boolean } }).navigator?.onLine === false;
}

/** A model whose files only the reader's own disk has, after a reload or in a copied address. */
export function lostFiles(name: string): Problem {
  return {
    kind: 'not-found',
    title: 'This model was opened from a disk',
    message: `“${name}” was dropped on the page or picked there, and its files never left that device, so an address can’t bring them back. Drop them on this page again, or pick them.`,
    ways: ['pick', 'model'],
  };
}

/** A prompt that must not be sent to the tokenizer at all, or undefined. */
export function promptProblem(text: string): Problem | undefined {
  if (text === '') {
    return {
      kind: 'input',
      title: 'There is no prompt yet',
      message: 'Type a sentence into the box and press Run, or pick an example.',
      ways: ['example'],
    };
  }
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > LIMITS.textBytes) {
    return {
      kind: 'input',
      title: 'This prompt is too long',
      message: `It has ${bytes.toLocaleString('en')} bytes; a prompt may have ${LIMITS.textBytes.toLocaleString('en')}. Shorten it, or run its beginning.`,
      ways: ['shorten', 'example'],
    };
  }
  return undefined;
}

/** More tokens than the model's context holds, or undefined. */
export function lengthProblem(tokens: number, nCtx: number, model: string): Problem | undefined {
  if (tokens <= nCtx) return undefined;
  return {
    kind: 'input',
    title: 'This prompt is too long',
    message: `It has ${tokens.toLocaleString('en')} tokens, and ${model} reads ${nCtx.toLocaleString('en')} at most. Shorten it, or run its first ${nCtx} tokens.`,
    ways: ['shorten', 'example'],
  };
}

/** The longest start of a text within a number of UTF-8 bytes that cuts no character. */
export function startWithin(text: string, bytes: number): string {
  const buffer = new Uint8Array(bytes);
  const { read } = new TextEncoder().encodeInto(text, buffer);
  return text.slice(0, read);
}

/** Unpaired surrogates in a text: they are no characters, and the tokenizer reads each as U+FFFD. */
export function loneSurrogates(text: string): number {
  return text.match(/\p{Cs}/gu)?.length ?? 0;
}

export function isCancelled(error: unknown): boolean {
  return error instanceof ResidscopeError && error.kind === 'cancelled';
}
