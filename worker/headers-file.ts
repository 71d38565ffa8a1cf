/**
 * Cloudflare's `_headers` file, so that one file says the headers of static files on every platform: rules of a path
 * (`*` once, for any rest; `:name` for a part), then `Name: value` lines, or `! Name` to take one away. Every rule that
 * fits applies, and a header given twice is joined by a comma, as Cloudflare does.
 */
import { FormatError } from '../shared/errors.ts';

interface Rule {
  readonly pattern: RegExp;
  readonly set: readonly (readonly [name: string, value: string])[];
  readonly remove: readonly string[];
}

export type HeaderRules = (path: string) => Headers;

/** @throws {FormatError} `_headers: line 3: expected "Name: value" or a path, got "x"` */
export function parseHeaders(text: string): HeaderRules {
  const rules: { pattern: RegExp; set: [string, string][]; remove: string[] }[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    const wrong = (expected: string): FormatError =>
      new FormatError(`_headers: line ${index + 1}: expected ${expected}, got ${JSON.stringify(line)}`);
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('/')) {
      rules.push({ pattern: patternOf(line, wrong), set: [], remove: [] });
      continue;
    }
    const rule = rules.at(-1);
    if (!rule) throw wrong('a path before the first header');
    const header = /^([\w-]+)\s*:\s*(\S.*)$/.exec(line);
    const removal = /^!\s*([\w-]+)$/.exec(line);
    if (header?.[1] !== undefined && header[2] !== undefined) rule.set.push([header[1], header[2]]);
    else if (removal?.[1] !== undefined) rule.remove.push(removal[1]);
    else throw wrong('"Name: value" or a path');
  }
  return (path) => headersOf(rules, path);
}

function patternOf(path: string, wrong: (expected: string) => FormatError): RegExp {
  if (path.split('*').length > 2) throw wrong('at most one *');
  const source = path
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replace(/:[A-Za-z]\w*/g, '[^/]+')
    .replace('*', '.*');
  return new RegExp(`^${source}$`);
}

function headersOf(rules: readonly Rule[], path: string): Headers {
  const headers = new Headers();
  for (const { pattern, set, remove } of rules) {
    if (!pattern.test(path)) continue;
    for (const name of remove) headers.delete(name);
    for (const [name, value] of set) headers.append(name, value);
  }
  return headers;
}
