/**
 * WebGPU in Node for tests: a child process in which Dawn finds SwiftShader, the Vulkan driver that
 * `@sparticuz/chromium` carries, through the Vulkan loader beside it: no GPU is needed, and results don't depend on
 * one. With `RESIDSCOPE_GPU=1` in the environment it finds the machine's own graphics card instead, as the library
 * would, and more is run on it than the slow software adapter could.
 *
 * A child, because the loader's path must stand in the environment before the process starts, because
 * `--liftoff-only` (no half minute of optimizing onnxruntime's wasm) is a switch of the whole process, and because
 * such a process has to be ended hard when it is done.
 */
import { fork } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleForNode } from './bundle.ts';
import { unpackChromium } from './chromium-package.ts';

/** Whether tests of WebGPU in Node run on the machine's own graphics card. */
export const OWN_GPU = !['', '0', undefined].includes(process.env['RESIDSCOPE_GPU']);

/** Why what only a graphics card can show, or only it is fast enough for, does not run; undefined when it does. */
export const gpuMissing: string | undefined = OWN_GPU
  ? undefined
  : "needs the machine's own graphics card: run with RESIDSCOPE_GPU=1";

/** Environment variables with which Dawn finds SwiftShader. @throws {Error} when the package can't be unpacked. */
async function swiftshaderEnvironment(): Promise<NodeJS.ProcessEnv> {
  const { swiftshader } = await unpackChromium();
  const icd = join(swiftshader, 'vk_swiftshader_icd.json');
  return {
    ...process.env,
    VK_ICD_FILENAMES: icd,
    VK_DRIVER_FILES: icd,
    LD_LIBRARY_PATH: [process.env['LD_LIBRARY_PATH'], swiftshader].filter(Boolean).join(':'),
  };
}

/**
 * Runs a TypeScript entry in such a child and gives back what it sends (`process.send`) first.
 *
 * @param entry relative to the checkout.
 * @param limitMs after which the child is ended and the call fails.
 * @param args the child's command line.
 */
export async function runOnDawn(
  entry: string,
  limitMs: number,
  args: readonly string[] = [],
): Promise<unknown> {
  const [file, env] = [await bundleForNode(entry), OWN_GPU ? process.env : await swiftshaderEnvironment()];
  const child = fork(file, args, {
    env,
    execArgv: ['--liftoff-only'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => said.push(text));
  }
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<unknown>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`${entry}: ${why}\n${said.join('').slice(-4000)}`));
      timer = setTimeout(() => fail(`no answer in ${limitMs} ms`), limitMs);
      child.once('message', resolve);
      child.once('error', (error) => fail(error.message));
      child.once('exit', (code, signal) => fail(`ended without an answer (${code ?? signal ?? 'unknown'})`));
    });
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
    await rm(file, { force: true });
  }
}

/** Why WebGPU can't run in Node here; undefined when it can. For `skip`. */
export async function dawnMissing(): Promise<string | undefined> {
  try {
    const answer = await runOnDawn('test/support/dawn-probe.child.ts', 60_000);
    return typeof answer === 'string' && answer !== '' ? answer : undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
