/**
 * Requests as anyone may send them, made by fast-check: bodies, query strings, headers and paths that are right, nearly
 * right or nonsense, and valid traces with something changed in them.
 */
import fc from 'fast-check';
import { LIMITS } from '../../shared/limits.ts';
import { wellFormed } from '../../shared/tokenizer/tokenizer.ts';
import { encodeTrace } from '../../shared/trace/encode.ts';
import { sampleRun } from '../unit/trace-sample.ts';

/** No failure of the server's: 501 is what oEmbed 1.0 has for a format that a provider doesn't give. */
export function isSound(status: number): boolean {
  return status < 500 || status === 501;
}

export interface ApiRequest {
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** As it is sent: text, or bytes. */
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

const TOKENIZE = '/v1/tokenize';
const DETOKENIZE = '/v1/detokenize';

/** Any text, lone surrogates among it, and pieces that tokenizers, parsers and templates stumble over. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((n) => String.fromCharCode(n)), maxLength: 30 }),
  fc
    .array(
      fc.constantFrom(
        ' ',
        '\n',
        '\r\n',
        '\0',
        '\ufeff',
        'the',
        ' The',
        "'s",
        '12345',
        'e\u0301',
        '👩‍👩‍👧‍👦',
        '<|endoftext|>',
        '<|endof',
        '</script>',
        '${x}',
        '{{',
        '%00',
        '%',
        '\u2028',
      ),
      { maxLength: 40 },
    ) // prettier-ignore
    .map((pieces) => pieces.join('')),
);

const model = fc.oneof(
  { weight: 6, arbitrary: fc.constant('fable-4m') },
  fc.constantFrom('', 'gpt2', 'owner/name', '../fable-4m', '__proto__', 'constructor', 'fable-4m@main', 'a/b/c.gguf'), // prettier-ignore
  text,
);

const LYING = [-1, -0, 0.5, 4095, 4096, 2 ** 31, 2 ** 53, 1e308, -1e308, 5e-324] as const;
const HOSTILE = [null, true, '', '__proto__', {}, [], [[]], { toString: 1 }, { length: 1e9 }] as const;

/** A JSON value that stands where another is expected. */
const value: fc.Arbitrary<unknown> = fc.oneof(
  text,
  fc.constantFrom<unknown>(...LYING, ...HOSTILE),
  fc.integer(),
  fc.jsonValue({ maxDepth: 3 }),
  fc.array(fc.nat(4200), { maxLength: 80 }),
  fc.array(text, { maxLength: 70 }),
);

const members = fc.constantFrom('model', 'text', 'texts', 'ids', 'bos', '__proto__', 'toString', 'cached');

/** A body that is as described in some members. */
const json = fc
  .record(
    {
      model,
      text,
      texts: fc.array(text, { maxLength: 4 }),
      ids: fc.array(fc.nat(4095), { maxLength: 40 }),
      bos: fc.constantFrom('auto', true, false),
    },
    { requiredKeys: ['model'] },
  )
  .chain((body) =>
    fc
      .oneof(
        { weight: 3, arbitrary: fc.constant([] as [string, unknown][]) },
        fc.array(fc.tuple(members, value), { maxLength: 3 }),
      )
      .map((lies) => ({ ...body, ...Object.fromEntries(lies) })),
  );

/** JSON with a few characters lost, doubled or replaced. */
function damagedText(good: string): fc.Arbitrary<string> {
  const put = fc.constantFrom('', '"', '\\', '{', '['.repeat(2000), '\0', '\\ud800', '1e999', ',', '\u2028');
  return fc
    .tuple(fc.nat(good.length), fc.nat(4), put)
    .map(([at, gone, more]) => good.slice(0, at) + more + good.slice(at + gone));
}

const body = fc.oneof(
  { weight: 5, arbitrary: json.map((each) => JSON.stringify(each)) },
  { weight: 2, arbitrary: json.chain((each) => damagedText(JSON.stringify(each))) },
  value.map((each) => JSON.stringify(each)),
  text.map(wellFormed),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => new Uint8Array(bytes)),
);

/** What HTTP lets through: Latin-1 without control characters. */
const headerValue = fc.oneof(
  fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((n) => String.fromCharCode(n)), maxLength: 60 }),
  fc.string({ unit: fc.integer({ min: 0xa0, max: 0xff }).map((n) => String.fromCharCode(n)), maxLength: 20 }),
  fc.constantFrom('*', '""', 'W/"x"', '"a", "b"', 'gzip', 'identity', 'application/json', 'text/html', 'null', 'bytes=0-', 'Bearer x', 'cross-site', '::1, 127.0.0.1', 'x'.repeat(3000)), // prettier-ignore
);
const headers = fc.dictionary(
  fc.constantFrom('Accept', 'Accept-Encoding', 'Authorization', 'CF-Connecting-IP', 'CF-Ray', 'Content-Encoding', 'Cookie', 'Forwarded', 'If-None-Match', 'If-Range', 'Origin', 'Range', 'Sec-Fetch-Site', 'X-Forwarded-For', 'X-Request-Id'), // prettier-ignore
  headerValue.map((each) => each.trim()),
  { maxKeys: 3 },
);

/** A query string: names twice, names of nobody, percent signs that stand for nothing. */
const query = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .array(
        fc.tuple(fc.constantFrom('model', 'text', 'bos', 'url', 'format', 'maxwidth', 'x[]'), fc.oneof(model, text)), // prettier-ignore
        { maxLength: 4 },
      )
      .map((pairs) => new URLSearchParams(pairs).toString()),
  },
  fc.tuple(text, fc.constantFrom('auto', 'true', 'false', '1', '')).map(([each, bos]) => new URLSearchParams({ model: 'fable-4m', text: each, bos }).toString()), // prettier-ignore
  fc.array(fc.constantFrom('model=', 'text=', '%', '%ff', '%c3%28', '&', '=', '+', 'fable-4m', 'a', '%00', '?', ';'), { maxLength: 12 }).map((parts) => parts.join('')), // prettier-ignore
);

const id = fc.oneof(
  fc.string({
    unit: fc.integer({ min: 0, max: 15 }).map((n) => n.toString(16)),
    minLength: 64,
    maxLength: 64,
  }),
  text.map((each) => encodeURIComponent(wellFormed(each))),
  fc.constantFrom('..', '%2e%2e', '%', '%ff', 'A'.repeat(64), 'x'.repeat(5000), '__proto__'),
);

const readPath = fc.oneof(
  fc.tuple(fc.constantFrom(TOKENIZE, '/oembed', '/v1/models', '/openapi.json'), query).map((parts) => parts.join('?')), // prettier-ignore
  fc.tuple(id, fc.constantFrom('', '/card.svg', '/card.png', '/x')).map(([each, end]) => `/v1/traces/${each}${end}`), // prettier-ignore
  id.map((each) => `/t/${each}`),
  id.map((each) => `/oembed?url=${encodeURIComponent(`http://localhost/t/${each}`)}`),
  id.map((each) => `/v1/x${each}`),
  fc.constantFrom('/docs', '/privacy', '/healthz', '/v1/%00', '/%ff'),
);

/** Calls of every kind, of which many are wrong in one place or in all. */
export const apiRequest: fc.Arbitrary<ApiRequest> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ path: readPath, method: fc.constantFrom('GET', 'GET', 'HEAD', 'DELETE', 'PUT', 'OPTIONS'), headers }), // prettier-ignore
  },
  {
    weight: 6,
    arbitrary: fc
      .record({
        path: fc.constantFrom(TOKENIZE, TOKENIZE, DETOKENIZE, '/v1/traces'),
        method: fc.constant('POST'),
        headers,
        type: fc.oneof({ weight: 9, arbitrary: fc.constant('application/json') }, headerValue),
        body,
      })
      .map(({ type, headers: more, ...rest }) => ({ ...rest, headers: { 'Content-Type': type, ...more } })),
  },
);

type Tree = Record<string, unknown> | unknown[];

/** Every place in a JSON value, the root left out. */
function placesOf(tree: Tree, path: readonly (string | number)[] = []): (string | number)[][] {
  const entries: [string | number, unknown][] = Array.isArray(tree)
    ? [...tree.entries()]
    : Object.entries(tree);
  return entries.flatMap(([name, each]) => {
    const here = [...path, name];
    return [here, ...(typeof each === 'object' && each !== null ? placesOf(each as Tree, here) : [])];
  });
}

type Change = (tree: Tree, name: string | number) => void;

const BASE64 = ['A', 'B', 'w', 'z', '0', '9', '+', '/', '=', '*'] as const;

/** What is done to one member, whatever it is. */
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.constant<Change>((tree, name) => void Reflect.deleteProperty(tree, name)),
  value.map<Change>((lie) => (tree, name) => put(tree, name, lie)),
  fc.constantFrom(...LYING, 3, 64, 1e6).map<Change>((n) => (tree, name) => put(tree, name, n)),
  // A table's bytes, or any other text: characters of base64 that say something else.
  fc
    .tuple(fc.nat(400), fc.string({ unit: fc.constantFrom(...BASE64), maxLength: 12 }))
    .map<Change>(([at, more]) => (tree, name) => {
      const old = Reflect.get(tree, name) as unknown;
      if (typeof old === 'string') put(tree, name, old.slice(0, at) + more + old.slice(at + more.length));
      else put(tree, name, more);
    }),
  // A list longer, shorter or in another order.
  fc.nat(3).map<Change>((kind) => (tree, name) => {
    const old = Reflect.get(tree, name) as unknown;
    const list: unknown[] = Array.isArray(old) ? old : [old];
    put(tree, name, [list.concat(list), list.slice(1), list.toReversed(), []][kind]);
  }),
  // Members that nobody knows are kept.
  fc.tuple(fc.oneof(text, fc.constantFrom('__proto__', 'a', 'toJSON')), value).map<Change>(
    ([more, lie]) => (tree) => put(tree, Array.isArray(tree) ? tree.length : more, lie), // prettier-ignore
  ),
);

/** Sets an own member, `__proto__` too. */
function put(tree: Tree, name: string | number, lie: unknown): void {
  Object.defineProperty(tree, name, { value: lie, enumerable: true, configurable: true, writable: true });
}

const SAMPLES = [
  encodeTrace(sampleRun()),
  encodeTrace(sampleRun({ seed: 7, layers: 1, positions: 1, k: 1 })),
].map((trace) => JSON.stringify(trace));

/** A valid trace with up to three places changed, as JSON; now and then its text is damaged too. */
export const hostileTrace: fc.Arbitrary<string> = fc
  .constantFrom(...SAMPLES)
  .chain((sample) => {
    const places = placesOf(JSON.parse(sample) as Tree);
    return fc
      .array(fc.tuple(fc.constantFrom(...places), change), { maxLength: 3 })
      .map((changes) => changed(sample, changes));
  })
  .chain(
    (trace) =>
    fc.oneof({ weight: 9, arbitrary: fc.constant(trace) }, damagedText(trace).map(wellFormed)), // prettier-ignore
  )
  .filter((trace) => trace.length < LIMITS.traceBytes * 2);

function changed(sample: string, changes: readonly (readonly [(string | number)[], Change])[]): string {
  const trace = JSON.parse(sample) as Tree;
  for (const [path, act] of changes) {
    let parent: unknown = trace;
    for (const name of path.slice(0, -1)) parent = typeof parent === 'object' && parent !== null ? Reflect.get(parent, name) : undefined; // prettier-ignore
    // An earlier change may have taken the place away.
    if (typeof parent === 'object' && parent !== null) act(parent as Tree, path.at(-1) ?? '');
  }
  return JSON.stringify(trace);
}
