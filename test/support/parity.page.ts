/** In a page: runs the parity cases on a device and gives the results to whoever drives the browser. */
import type { DeviceName } from '../../engine/api.ts';
import type * as Web from '../../engine/web.ts';
import { type CaseResult, runParity } from '../cases/parity.ts';

const BASE = `${location.origin}/dist/lib/`;

async function readBytes(address: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(`/${address}`);
  if (!response.ok) throw new Error(`${address}: status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Runs everything on one device. */
export async function run(device: DeviceName): Promise<CaseResult[]> {
  const entry: string = `${BASE}web.js`; // The built library, not the sources.
  const { LensModel, configureRuntime } = (await import(/* @vite-ignore */ entry)) as typeof Web;
  configureRuntime({ base: new URL('ort/', BASE) });
  const load = (folder: string) => LensModel.load(`${location.origin}/${folder}/`, { device });
  return runParity({ load, readBytes });
}
