/**
 * One class a kind of failure. A message carries the place, what was expected and what came, and the way out,
 * because it is shown to the reader as it is.
 */

/** Machine-readable kinds: they survive `postMessage` and JSON, where classes do not. */
export const ERROR_KINDS = [
  'input',
  'format',
  'shape',
  'unsupported',
  'not-found',
  'network',
  'access',
  'device',
  'memory',
  'numerics',
  'cancelled',
  'internal',
] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];

/** Base of every error that this project throws on purpose. */
export class ResidscopeError extends Error {
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.kind = kind;
  }
}

/** The caller's text, ids, option or command line can't be used. */
export class InputError extends ResidscopeError {
  constructor(message: string, options?: ErrorOptions) {
    super('input', message, options);
  }
}

/** Bytes from outside (safetensors, JSON, a trace) don't say what their format says they must. */
export class FormatError extends ResidscopeError {
  constructor(message: string, options?: ErrorOptions) {
    super('format', message, options);
  }
}

/** `place: expected [*, 768], got [5, 1024]` */
export class ShapeError extends ResidscopeError {
  constructor(message: string, options?: ErrorOptions) {
    super('shape', message, options);
  }
}

/** A family, activation, scaling or type that would run wrong is refused by name. */
export class UnsupportedError extends ResidscopeError {
  constructor(message: string, options?: ErrorOptions) {
    super('unsupported', message, options);
  }
}

/** A model, file, tensor or hook that isn't there. */
export class NotFoundError extends ResidscopeError {
  constructor(message: string, options?: ErrorOptions) {
    super('not-found', message, options);
  }
}

/** A download failed. */
export class NetworkError extends ResidscopeError {
  constructor(message: string, options?: ErrorOptions) {
    super('network', message, options);
  }
}

/** A server wants to know who asks: a gated or private model without a licence accepted or a token. */
export class AccessError extends NetworkError {
  override readonly kind = 'access';
}

/** The GPU or the wasm runtime is missing, was lost, or refused. */
export class DeviceError extends ResidscopeError {
  constructor(message: string, options?: ErrorOptions) {
    super('device', message, options);
  }
}

/** An allocation was refused. */
export class MemoryError extends ResidscopeError {
  constructor(message: string, options?: ErrorOptions) {
    super('memory', message, options);
  }
}

/** A reading is not a number: it is refused, never shown. */
export class NumericsError extends ResidscopeError {
  constructor(message: string, options?: ErrorOptions) {
    super('numerics', message, options);
  }
}

/** The caller's signal was aborted. */
export class CancelledError extends ResidscopeError {
  constructor(message = 'cancelled', options?: ErrorOptions) {
    super('cancelled', message, options);
  }
}

/** Throws {@link CancelledError} once the signal is aborted. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new CancelledError();
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Plain form for `postMessage`. */
export interface ErrorMessage {
  readonly kind: ErrorKind;
  readonly message: string;
}

/** What was thrown, as plain data. */
export function toErrorMessage(error: unknown): ErrorMessage {
  if (error instanceof ResidscopeError) return { kind: error.kind, message: error.message };
  return { kind: 'internal', message: messageOf(error) };
}

/** Back from plain data: the kind decides what the reader is told to do. */
export function fromErrorMessage({ kind, message }: ErrorMessage): ResidscopeError {
  return kind === 'cancelled' ? new CancelledError(message) : new ResidscopeError(kind, message);
}
