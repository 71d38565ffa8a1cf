/** Examples of a call in three languages, made of its description: what it takes and an example of each. */
import type { JsonObject } from '../../shared/formats/json.ts';

/** Where the examples go: what `npm start` serves. */
const SERVER = 'http://localhost:8787';

export interface Call {
  readonly method: string;
  /** With its parameters filled in, encoded. */
  readonly path: string;
  /** JSON that is sent, if any. */
  readonly body: JsonObject | undefined;
  /** A file that is sent as it is, if any. */
  readonly file: { readonly name: string; readonly type: string } | undefined;
  /** What the answer is read as. */
  readonly reads: 'json' | 'text' | 'bytes';
  /** `Authorization` is needed. */
  readonly token: boolean;
}

/** Curl, for a POSIX shell. */
export function curl({ method, path, body, file, token }: Call): string {
  const lines = [`curl ${method === 'GET' ? '' : `-X ${method} `}${quoted(SERVER + path)}`];
  if (token) lines.push("-H 'Authorization: Bearer TOKEN'");
  if (body) lines.push("-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(body))}`);
  if (file) lines.push(`-H 'Content-Type: ${file.type}'`, `--data-binary @${file.name}`);
  return lines.join(' \\\n  ');
}

export function javascript({ method, path, body, file, reads, token }: Call): string {
  const read = { json: 'json', text: 'text', bytes: 'arrayBuffer' }[reads];
  const options = [
    ...(method === 'GET' ? [] : [`  method: '${method}',`]),
    ...(token ? ["  headers: { Authorization: 'Bearer TOKEN' },"] : []),
    ...(body
      ? [
          "  headers: { 'Content-Type': 'application/json' },",
          `  body: JSON.stringify(${JSON.stringify(body)}),`,
        ]
      : []),
    ...(file
      ? [`  headers: { 'Content-Type': '${file.type}' },`, `  body: await readFile('${file.name}'),`]
      : []),
  ];
  const init = options.length > 0 ? `, {\n${options.join('\n')}\n}` : '';
  return `${file ? "import { readFile } from 'node:fs/promises';\n\n" : ''}const response = await fetch(${JSON.stringify(SERVER + path)}${init});\nconst answer = await response.${read}();`;
}

/** Python 3, standard library only. */
export function python({ method, path, body, file, reads, token }: Call): string {
  const parts = [JSON.stringify(SERVER + path)];
  if (body) parts.push(`data=json.dumps(${pythonOf(body)}).encode()`);
  if (file) parts.push(`data=open(${JSON.stringify(file.name)}, "rb").read()`);
  const headers = [
    ...(token ? ['"Authorization": "Bearer TOKEN"'] : []),
    ...(body ? ['"Content-Type": "application/json"'] : []),
    ...(file ? [`"Content-Type": "${file.type}"`] : []),
  ];
  if (headers.length > 0) parts.push(`headers={${headers.join(', ')}}`);
  if (method !== 'GET') parts.push(`method="${method}"`);
  const read = { json: 'json.load(response)', text: 'response.read().decode()', bytes: 'response.read()' }[
    reads
  ];
  return `${body || reads === 'json' ? 'import json\n' : ''}from urllib.request import Request, urlopen

request = Request(${parts.join(', ')})
with urlopen(request) as response:
    answer = ${read}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** JSON as Python writes it: the words differ. */
function pythonOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonOf).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, each]) => `${JSON.stringify(key)}: ${pythonOf(each)}`)
      .join(', ')}}`;
  }
  if (value === true) return 'True';
  if (value === false) return 'False';
  return value === null ? 'None' : JSON.stringify(value);
}
