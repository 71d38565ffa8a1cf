/** What the runtime throws, as one of our kinds. The messages are ones that onnxruntime-web and V8 gave. */
import { describe, expect, it } from 'vitest';
import { runtimeError } from '../../engine/runtime.ts';
import { CancelledError, fromErrorMessage, toErrorMessage } from '../../shared/errors.ts';

describe('failures of the runtime', () => {
  it.each([
    ['std::bad_alloc', 'memory'],
    ['RangeError: Array buffer allocation failed', 'memory'],
    ['Failed to allocate memory for requested buffer: out of memory', 'memory'],
    ['failed to call OrtRun(). ERROR_CODE: 1, ERROR_MESSAGE: Non-zero status code', 'device'],
  ])('%s: %s', (text, kind) => {
    const error = runtimeError('run block 3', new Error(text));
    expect(error.kind).toBe(kind);
    expect(error.message).toContain('run block 3');
    expect(error.message).toContain(text);
  });

  it('a bare number, which emscripten throws, is named', () => {
    expect(runtimeError('set up block 0', 123456).message).toBe('set up block 0: code 123456');
  });

  it('our own errors pass through, and cross threads with their kind', () => {
    const cancelled = new CancelledError();
    expect(runtimeError('run', cancelled)).toBe(cancelled);
    expect(fromErrorMessage(toErrorMessage(cancelled))).toBeInstanceOf(CancelledError);
    expect(toErrorMessage(new TypeError('x'))).toEqual({ kind: 'internal', message: 'x' });
  });
});
