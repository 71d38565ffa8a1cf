/** A trace as the command line writes it, and others made of it: each with an id of its own. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { isObject, type JsonObject } from '../../shared/formats/json.ts';
import { pathOf } from './addresses.ts';

export const PROMPT = 'The Eiffel Tower is in the city of';

let made: Promise<JsonObject> | undefined;

/** fable-4m on {@link PROMPT}. Build first: `npm run build:lib`. */
export function realTrace(): Promise<JsonObject> {
  made ??= traceOf(PROMPT);
  return made;
}

/** fable-4m on any prompt. */
export async function traceOf(prompt: string): Promise<JsonObject> {
  const args = [pathOf('dist/lib/cli.js'), 'lens', 'fable-4m', prompt, '--device', 'wasm', '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 26 });
  return JSON.parse(stdout) as JsonObject;
}

let count = 0;

/** The real one with a member that no other has, so that it is stored anew. */
export async function freshTrace(members: JsonObject = {}): Promise<JsonObject> {
  return { ...(await realTrace()), nonce: `${process.pid}.${Date.now()}.${count++}`, ...members };
}

/** FORMAT.md's canonical form, written apart from the product's: names sorted, device and timings left out. */
export function canonicalOf(trace: JsonObject): string {
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sorted);
    if (!isObject(value)) return value;
    const names = Object.keys(value).sort();
    return new Map(names.map((name) => [name, sorted(value[name])]));
  };
  const write = (value: unknown): string => {
    if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
    if (!(value instanceof Map)) return JSON.stringify(value);
    return `{${[...(value as Map<string, unknown>)].map(([name, each]) => `${JSON.stringify(name)}:${write(each)}`).join(',')}}`;
  };
  const kept = Object.entries(trace).filter(([name]) => name !== 'device' && name !== 'timings');
  return write(sorted(Object.fromEntries(kept)));
}

export function idOf(trace: JsonObject): string {
  return createHash('sha256').update(canonicalOf(trace)).digest('hex');
}

/** The same JSON with the members of every object the other way round. */
export function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, each]) => [name, reversed(each)]),
  );
}
