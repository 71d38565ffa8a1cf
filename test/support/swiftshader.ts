/**
 * WebGPU in Node without a GPU: a child process in which Dawn finds SwiftShader, the Vulkan driver that
 * `@sparticuz/chromium` carries, through the Vulkan loader beside it.
 *
 * A child, because the loader's path must stand in the environment before the process starts, because
 * `--liftoff-only` (no half minute of optimizing onnxruntime's wasm) is a switch of the whole process, and because
 * such a process has to be ended hard when it is done.
 */
import { join } from 'node:path';
import { unpackChromium } from './chromium-package.ts';

/** Environment variables with which Dawn finds SwiftShader. @throws {Error} when the package can't be unpacked. */
export async function swiftshaderEnvironment(): Promise<NodeJS.ProcessEnv> {
  const { swiftshader } = await unpackChromium();
  const icd = join(swiftshader, 'vk_swiftshader_icd.json');
  return {
    ...process.env,
    VK_ICD_FILENAMES: icd,
    VK_DRIVER_FILES: icd,
    LD_LIBRARY_PATH: [process.env['LD_LIBRARY_PATH'], swiftshader].filter(Boolean).join(':'),
  };
}
