/** In a page: runs the parity cases on a device and gives the results to whoever drives the browser. */
import type { DeviceName } from '../../engine/api.ts';
import type * as Web from '../../engine/web.ts';
import { PARITY_MODELS, runParity, WEBGPU_MODELS } from '../cases/parity.ts';
import { type CaseResult, onDevice, type SubjectOptions } from '../cases/parity-run.ts';

async function readBytes(address: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(`/${address}`);
  if (!response.ok) throw new Error(`${address}: status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/**
 * Runs everything on one device.
 *
 * @param runtime the folder of onnxruntime-web's files, as the built page has it.
 */
async function run(device: DeviceName, runtime: string): Promise<CaseResult[]> {
  const entry: string = `${location.origin}/dist/lib/web.js`; // The built library, not the sources.
  const { LensModel, configureRuntime } = (await import(/* @vite-ignore */ entry)) as typeof Web;
  configureRuntime({ base: new URL(runtime, location.href) });
  const load = (folder: string, options: SubjectOptions) =>
    onDevice(device, LensModel.load(`${location.origin}/${folder}/`, { device, ...options }));
  return runParity({ load, readBytes }, device === 'webgpu' ? WEBGPU_MODELS : PARITY_MODELS);
}

/** What the driver of the browser finds in this page. */
export interface ParityPage {
  readonly runParity: typeof run;
}

Object.assign(globalThis, { runParity: run } satisfies ParityPage);
