/** Child process: WebGPU in Node with small memory, and with a device that is lost. Sends what it found. */
import { runMemory } from '../cases/memory.ts';
import { importLibrary } from './library.ts';

const devices: GPUDevice[] = [];
const { LensModel } = await importLibrary();
const load = (options: object) => LensModel.load('fable-4m', { device: 'webgpu', ...options });

const memory = await runMemory(load);

// Every device that is opened from here on is known, so that one can be lost.
const {
  prototype,
}: { prototype: { requestDevice: (this: GPUAdapter, d?: GPUDeviceDescriptor) => Promise<GPUDevice> } } =
  GPUAdapter;
const open = prototype.requestDevice;
prototype.requestDevice = async function (descriptor) {
  const device = await open.call(this, descriptor);
  devices.push(device);
  return device;
};

async function run(model: Awaited<ReturnType<typeof load>>, onRow: () => void): Promise<string> {
  const { ids } = model.tokenizer.encode('The Eiffel Tower is in the city of');
  let answer = '';
  try {
    for await (const event of model.stream(ids)) {
      if (event.type !== 'readings') continue;
      onRow();
      answer = model.tokenizer.text(event.readings.topIds[(ids.length - 1) * event.readings.k] as number);
    }
    return answer;
  } catch (error) {
    const { kind, message } = error as { kind?: string; message: string };
    return `${kind ?? 'no kind'}: ${message}`;
  }
}

const model = await load({});
let rows = 0;
const lost = await run(model, () => {
  rows++;
  if (rows === 3) devices[0]?.destroy();
});
const after = await run(model, () => undefined);
process.send?.({ memory, lost, after, opened: devices.length });
