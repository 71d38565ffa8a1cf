/** Keys and values cut back to fewer tokens, so that the last ones are taken back without a run. */
import { InputError } from '../shared/errors.ts';
import { DeviceTensor } from './device-tensor.ts';
import { PastState } from './forward.ts';
import type { Runtime, Tensor } from './runtime.ts';

/**
 * The first `length` tokens of a past, copied: the one that was given stays its holder's.
 *
 * @throws {InputError} `past: cut: expected 1 to 7 tokens, got 8`
 */
export async function cutPast(runtime: Runtime, past: PastState, length: number): Promise<PastState> {
  if (!Number.isInteger(length) || length < 1 || length > past.length) {
    throw new InputError(`past: cut: expected 1 to ${past.length} tokens, got ${length}`);
  }
  const cut = async ({ tensor }: DeviceTensor): Promise<DeviceTensor> =>
    new DeviceTensor(await cutTensor(runtime, tensor, length));
  const keys: DeviceTensor[] = [];
  const values: DeviceTensor[] = [];
  for (const key of past.keys) keys.push(await cut(key));
  for (const value of past.values) values.push(await cut(value));
  const real = new Uint8Array(past.batch * length);
  for (let b = 0; b < past.batch; b++) {
    real.set(past.real.subarray(b * past.length, b * past.length + length), b * length);
  }
  return new PastState(past.batch, length, real, keys, values);
}

/** f32[b, head, past, d_head] → f32[b, head, length, d_head], by way of memory. */
async function cutTensor(runtime: Runtime, tensor: Tensor, length: number): Promise<Tensor> {
  const [batch = 0, heads = 0, past = 0, width = 0] = tensor.dims;
  const from = await runtime.read(tensor);
  const to = new Float32Array(batch * heads * length * width);
  for (let row = 0; row < batch * heads; row++) {
    const start = row * past * width;
    to.set(from.subarray(start, start + length * width), row * length * width);
  }
  return runtime.floats(to, [batch, heads, length, width]);
}
