/** Static files as ours serve them where the platform doesn't, and the one file that says their headers. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseHeaders } from '../../worker/headers-file.ts';
import { StaticFiles, type StaticFile } from '../../worker/static-files.ts';
import { ROOT } from '../support/addresses.ts';

describe('_headers', () => {
  it('of this site gives what Cloudflare gives', () => {
    const rules = parseHeaders(readFileSync(`${ROOT}/site/public/_headers`, 'utf8'));
    expect(rules('/').get('Cross-Origin-Embedder-Policy')).toBe('require-corp');
    expect(rules('/').get('Cache-Control')).toBeNull();
    expect(rules('/assets/a/b.js').get('Cache-Control')).toBe('public, max-age=31536000, immutable');
    expect(rules('/x/assets/b.js').get('Cache-Control')).toBeNull();
    expect(rules('/assets/b.js').get('Content-Security-Policy')).toMatch(/^default-src 'none'/);
  });

  it('joins, removes, and takes placeholders', () => {
    const rules = parseHeaders('# x\n/*\n  A: 1\n  B: http://x:1\n\n/a/:b/c.d\n  A: 2\n! B\n');
    expect([...rules('/')]).toEqual([['a', '1'], ['b', 'http://x:1']]); // prettier-ignore
    expect([...rules('/a/x/c.d')]).toEqual([['a', '1, 2']]);
    expect(rules('/a/x/y/c.d').get('A')).toBe('1');
    expect(rules('/a/x/cxd').get('A')).toBe('1');
  });

  it.each([
    ['A: 1', 'line 1: expected a path before the first header'],
    ['/*\nnonsense', 'line 2: expected "Name: value" or a path, got "nonsense"'],
    ['/*\nA:', 'line 2: expected "Name: value"'],
    ['/*/*\nA: 1', 'line 1: expected at most one *'],
    ['https://x/*\nA: 1', 'line 1: expected a path before'],
  ])('%j is refused', (text, message) => {
    expect(() => parseHeaders(text)).toThrow(message);
  });
});

function file(text: string): StaticFile {
  const bytes = new TextEncoder().encode(text);
  return {
    size: bytes.byteLength,
    read: () => Promise.resolve(bytes),
    stream: (start, end) => Promise.resolve(new Blob([bytes.subarray(start, end)]).stream()),
  };
}

const NAMES = [
  'index.html',
  'about.html',
  'a.txt',
  'dir/index.html',
  'w.wasm.gz',
  '_headers',
  '.env',
  'dir/.git/x',
  'né.md',
];
const site = new StaticFiles(
  new Map(NAMES.map((name) => [`/${name}`, file(name)])),
  parseHeaders('/*\n  X-A: 1\n'),
);

async function get(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const response = await site.answer(new Request(`http://localhost${path}`, { method, headers }));
  return response && { status: response.status, headers: response.headers, text: await response.text() };
}

describe('a static file', () => {
  it.each([
    ['/', 'index.html'],
    ['/about', 'about.html'],
    ['/a.txt', 'a.txt'],
    ['/a.txt?x=/../.env', 'a.txt'],
    ['/dir/', 'dir/index.html'],
    ['/n%C3%A9.md', 'né.md'],
  ])('%s is %s', async (path, text) => {
    expect(await get(path)).toMatchObject({ status: 200, text });
  });

  it.each([
    ['/index.html', '/'],
    ['/index', '/'],
    ['/about.html?a=b', '/about?a=b'],
    ['/about/', '/about'],
    ['/dir', '/dir/'],
  ])('%s is sent on to %s', async (path, to) => {
    const answer = await get(path);
    expect([answer?.status, answer?.headers.get('Location'), answer?.headers.get('X-A')]).toEqual([
      307,
      to,
      '1',
    ]);
  });

  const HOSTILE = [
    '/..%2f..%2fetc%2fpasswd',
    '/dir/..%2f.env',
    '/a.txt%00',
    '/%ff',
    '/constructor',
    '/__proto__',
  ];
  it.each(['/_headers', '/.env', '/dir/.git/x', '/%5fheaders', '/A.TXT', '/a.txt/', ...HOSTILE])(
    '%s is none',
    async (path) => {
      expect(await get(path)).toBeUndefined();
    },
  );

  it('says its type, packed wasm as it is', async () => {
    expect((await get('/'))?.headers.get('Content-Type')).toMatch(/^text\/html/);
    expect((await get('/n%C3%A9.md'))?.headers.get('Content-Type')).toMatch(/^text\/markdown/);
    const packed = await get('/w.wasm.gz');
    expect([packed?.headers.get('Content-Type'), packed?.headers.get('Content-Encoding')]).toEqual(['application/gzip', null]); // prettier-ignore
  });

  it('is not sent to who has it, and only its head for HEAD', async () => {
    const tag = (await get('/a.txt'))?.headers.get('ETag') ?? '';
    expect(tag).toMatch(/^"[\da-f]{32}"$/);
    expect(await get('/a.txt', { 'If-None-Match': `"x", W/${tag}` })).toMatchObject({
      status: 304,
      text: '',
    });
    expect((await get('/about'))?.headers.get('ETag')).not.toBe(tag);
    const head = await get('/a.txt', {}, 'HEAD');
    expect([head?.status, head?.text, head?.headers.get('Content-Length')]).toEqual([200, '', '5']);
    expect((await get('/a.txt', {}, 'POST'))?.status).toBe(405);
  });

  it.each([
    ['bytes=0-1', 206, 'a.', 'bytes 0-1/5'],
    ['bytes=2-', 206, 'txt', 'bytes 2-4/5'],
    ['bytes=-2', 206, 'xt', 'bytes 3-4/5'],
    ['bytes=-99', 206, 'a.txt', 'bytes 0-4/5'],
    ['bytes=1-99', 206, '.txt', 'bytes 1-4/5'],
    ['bytes=5-', 416, '', 'bytes */5'],
    ['bytes=-0', 416, '', 'bytes */5'],
    ['bytes=3-1', 200, 'a.txt', null],
    ['bytes=-', 200, 'a.txt', null],
    ['bytes=0-0,2-2', 200, 'a.txt', null],
    ['lines=0-1', 200, 'a.txt', null],
  ])('asked for %s', async (range, status, text, contentRange) => {
    const answer = await get('/a.txt', { Range: range });
    expect([answer?.status, answer?.text, answer?.headers.get('Content-Range')]).toEqual([
      status,
      text,
      contentRange,
    ]);
  });

  it('is sent whole when the reader has a part of another', async () => {
    const tag = (await get('/a.txt'))?.headers.get('ETag') ?? '';
    expect((await get('/a.txt', { Range: 'bytes=0-1', 'If-Range': tag }))?.status).toBe(206);
    expect((await get('/a.txt', { Range: 'bytes=0-1', 'If-Range': '"old"' }))?.status).toBe(200);
  });
});
