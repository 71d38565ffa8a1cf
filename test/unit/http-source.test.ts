/** Models over HTTP, against a real server that gives ranges, ignores them, breaks off, or answers something else. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { CancelledError, FormatError, NetworkError, NotFoundError } from '../../shared/errors.ts';
import { httpFiles, resolveWeb } from '../../engine/http-source.ts';

const BODY = Buffer.from(Uint8Array.from({ length: 200_000 }, (_, i) => (i * 31) % 251));
let server: Server | undefined;

async function serve(listener: RequestListener): Promise<URL> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server?.once('listening', resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/m/`);
}

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

const requests: string[] = [];
const ranges: RequestListener = (request, response) => {
  requests.push(request.headers.range ?? '');
  const [, from = '0', to = '0'] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  const end = Math.min(BODY.length, Number(to) + 1);
  response.writeHead(206, { 'content-range': `bytes ${from}-${end - 1}/${BODY.length}` });
  response.end(BODY.subarray(Number(from), end));
};

describe('models over HTTP', () => {
  it('reads ranges, the first from what opening brought', async () => {
    requests.length = 0;
    const file = await httpFiles('m', await serve(ranges)).open('w');
    expect(file.size).toBe(BODY.length);
    expect(Buffer.from(await file.read(10, 1000))).toEqual(BODY.subarray(10, 1000));
    expect(requests).toEqual(['bytes=0-65535']);
    expect(Buffer.from(await file.read(65_000, 200_000))).toEqual(BODY.subarray(65_000));
    expect(requests).toEqual(['bytes=0-65535', 'bytes=65000-199999']);
    await expect(file.read(199_999, 200_001)).rejects.toThrow(
      'm/w: bytes [199999, 200001) reach past the end',
    );
  });

  it('reads a whole file while it comes, where a server ignores ranges', async () => {
    let rest: (() => void) | undefined;
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-length': BODY.length });
      response.write(BODY.subarray(0, 100_000));
      rest = () => response.end(BODY.subarray(100_000));
    });
    const file = await httpFiles('m', url).open('w');
    expect(Buffer.from(await file.read(5, 90_000))).toEqual(BODY.subarray(5, 90_000)); // before the rest is sent
    const stop = new AbortController();
    const cancelled = file.read(150_000, 160_000, stop.signal);
    stop.abort();
    await expect(cancelled).rejects.toBeInstanceOf(CancelledError);
    const late = file.read(150_000, 200_000);
    rest?.();
    expect(Buffer.from(await late)).toEqual(BODY.subarray(150_000));
  });

  it('reads a compressed answer, whose length is not the file’s', async () => {
    const packed = gzipSync(BODY);
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.length });
      response.end(packed);
    });
    const file = await httpFiles('m', url).open('w');
    expect(file.size).toBe(BODY.length);
    expect(Buffer.from(await file.read(0, BODY.length))).toEqual(BODY);
  });

  it('says what is wrong and what to do', async () => {
    const missing = await serve((_, response) => response.writeHead(404).end());
    await expect(httpFiles('m', missing).open('config.json')).rejects.toThrow(
      'm/config.json: not there (HTTP 404)',
    );
    server?.close();
    const broken = await serve((_, response) => response.writeHead(503).end());
    await expect(httpFiles('m', broken).open('w')).rejects.toThrow('the server answered HTTP 503: try again');
    server?.close();
    const page = await serve((_, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
    );
    await expect(httpFiles('m', page).open('w')).rejects.toThrow('answered with a web page');
    server?.close();
    await expect(httpFiles('m', new URL('http://127.0.0.1:9/')).open('w')).rejects.toBeInstanceOf(
      NetworkError,
    );
  });

  it('refuses ranges that are cut short, and totals that are missing', async () => {
    let first = true;
    const short = await serve((request, response) => {
      if (first) ranges(request, response);
      else response.writeHead(206, { 'content-range': 'bytes 0-9/200000' }).end(BODY.subarray(0, 10));
      first = false;
    });
    const file = await httpFiles('m', short).open('w');
    await expect(file.read(100_000, 100_100)).rejects.toThrow('expected 100 bytes, got 10');
    server?.close();
    const silent = await serve((_, response) => response.writeHead(206).end(BODY.subarray(0, 10)));
    await expect(httpFiles('m', silent).open('w')).rejects.toThrow('without saying of what');
  });

  it('ends a download that breaks off in an error, not in a wait', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-length': BODY.length });
      response.write(BODY.subarray(0, 50_000), () => response.destroy());
    });
    const file = await httpFiles('m', url).open('w');
    await expect(file.read(100_000, 150_000)).rejects.toThrow(/the download broke off/);
  });

  it('refuses a file too big to hold, from a server without ranges', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 2 ** 33 });
      response.write('x');
    });
    await expect(httpFiles('m', url).open('w')).rejects.toBeInstanceOf(FormatError);
  });

  it('knows the embedded model and addresses, and names both for anything else', () => {
    const models = new URL('https://host/models/');
    expect(resolveWeb('fable-4m', models).id).toBe('fable-4m');
    expect(resolveWeb('https://host/x', models).id).toBe('https://host/x');
    for (const wrong of [
      '',
      'gpt-9',
      '../fable-4m',
      'file:///etc/passwd',
      'javascript:alert(1)',
      'https://',
    ]) {
      expect(() => resolveWeb(wrong, models)).toThrow(NotFoundError);
    }
  });
});
