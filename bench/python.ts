/** Runs a script of this folder with Python and gives back the JSON that it prints. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { isObject, type JsonObject } from '../shared/formats/json.ts';
import { pathOf } from '../test/support/addresses.ts';

/**
 * @param script relative to the checkout.
 * @throws {Error} with Python's own message when it fails: a package that is missing, say.
 */
export async function runPython(script: string, args: readonly string[]): Promise<JsonObject> {
  const { stdout } = await promisify(execFile)('python3', [pathOf(script), ...args], { maxBuffer: 2 ** 26 });
  const said: unknown = JSON.parse(stdout);
  if (!isObject(said)) throw new Error(`${script}: expected an object, got ${stdout.slice(0, 200)}`);
  return said;
}
