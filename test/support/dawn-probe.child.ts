/** Child process: says why there is no WebGPU adapter, or nothing. */
import { installDawn } from '../../engine/dawn.ts';
import { messageOf } from '../../shared/errors.ts';

async function probe(): Promise<string> {
  try {
    const adapter = await (await installDawn()).requestAdapter();
    return adapter ? '' : 'Dawn finds no WebGPU adapter';
  } catch (error) {
    return messageOf(error);
  }
}

process.send?.(await probe());
