/** Global setup: the npm Chromium with its SwiftShader, unpacked once, before several test files would at once. */
import { messageOf } from '../../shared/errors.ts';
import { unpackChromium } from './chromium-package.ts';

export async function setup(): Promise<void> {
  try {
    await unpackChromium();
  } catch (error) {
    console.log(`Chromium's package: ${messageOf(error)}`); // the tests that need it skip, and say why
  }
}
