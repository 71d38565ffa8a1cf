/** Models over HTTP, against a real server that gives ranges, ignores them, breaks off, or answers something else. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { CancelledError, FormatError, NetworkError, NotFoundError } from '../../shared/errors.ts';
import { addressFiles, httpFiles as files, type RemoteFiles } from '../../engine/http-source.ts';
import { resolveWeb } from '../../engine/resolve-web.ts';

const BODY = Buffer.from(Uint8Array.from({ length: 200_000 }, (_, i) => (i * 31) % 251));
let server: Server | undefined;

/** Without long pauses. */
const httpFiles = (id: string, url: URL): RemoteFiles =>
  files(id, url, { retry: { firstPause: 2, stall: 2000 } });

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
    let asked = 0;
    let onEnd = (): void => undefined;
    const ended = new Promise<void>((resolve) => (onEnd = resolve));
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-length': BODY.length });
      response.write(BODY.subarray(0, 100_000));
      if (asked++ > 0) response.end(BODY.subarray(100_000));
      else response.on('close', onEnd);
    });
    const file = await httpFiles('m', url).open('w');
    expect(Buffer.from(await file.read(5, 90_000))).toEqual(BODY.subarray(5, 90_000)); // before the rest is sent
    const stop = new AbortController();
    const cancelled = file.read(150_000, 160_000, stop.signal);
    stop.abort();
    await expect(cancelled).rejects.toBeInstanceOf(CancelledError);
    await ended; // nobody waits any more: the download stops
    expect(Buffer.from(await file.read(150_000, 200_000))).toEqual(BODY.subarray(150_000));
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
    await expect(httpFiles('m', broken).open('w')).rejects.toThrow('answered HTTP 503: try again');
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

  it('refuses ranges other than those asked for, and totals that are missing', async () => {
    let first = true;
    const other = await serve((request, response) => {
      if (first) ranges(request, response);
      else response.writeHead(206, { 'content-range': 'bytes 0-9/200000' }).end(BODY.subarray(0, 10));
      first = false;
    });
    const file = await httpFiles('m', other).open('w');
    await expect(file.read(100_000, 100_100)).rejects.toThrow('expected bytes [100000, 100100), got [0, 10)');
    server?.close();
    const silent = await serve((_, response) => response.writeHead(206).end(BODY.subarray(0, 10)));
    await expect(httpFiles('m', silent).open('w')).rejects.toThrow('without saying of what');
  });

  it('asks for the size by HEAD where a range comes without its total, as another site may see it', async () => {
    const url = await serve((request, response) => {
      if (request.method === 'HEAD') response.writeHead(200, { 'content-length': BODY.length }).end();
      else {
        const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
        response.writeHead(206).end(BODY.subarray(Number(from), Number(to) + 1));
      }
    });
    const file = await httpFiles('m', url).open('w');
    expect(file.size).toBe(BODY.length);
    expect(Buffer.from(await file.read(100_000, 150_000))).toEqual(BODY.subarray(100_000, 150_000));
  });

  it('takes a range up where the connection broke, and gives up on one that never ends', async () => {
    requests.length = 0;
    let breaks = 3;
    const url = await serve((request, response) => {
      const [, from = '0', to = '0'] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
      requests.push(`${from}-${to}`);
      const end = Math.min(BODY.length, Number(to) + 1);
      const body = BODY.subarray(Number(from), end);
      response.writeHead(206, {
        'content-range': `bytes ${from}-${end - 1}/${BODY.length}`,
        'content-length': body.length,
      });
      if (from === '0' || breaks-- <= 0) response.end(body);
      else response.write(body.subarray(0, body.length / 2), () => setTimeout(() => response.destroy(), 20));
    });
    const file = await httpFiles('m', url).open('w');
    const steps: number[] = [];
    const bytes = await file.read(100_000, 180_000, undefined, (more) => steps.push(more));
    expect(Buffer.from(bytes)).toEqual(BODY.subarray(100_000, 180_000));
    expect(requests).toEqual(['0-65535', '100000-179999', '140000-179999', '160000-179999', '170000-179999']);
    expect(steps.reduce((a, b) => a + b, 0)).toBe(80_000);
    breaks = Infinity;
    await expect(file.read(100_000, 180_000)).rejects.toThrow(
      /the download broke off .*expected 80000 bytes/,
    );
  });

  it('refuses a server that lies about the length', async () => {
    const longer = await serve((request, response) => {
      const [, from = '0'] = /^bytes=(\d+)-/.exec(request.headers.range ?? '') ?? [];
      response.writeHead(206, { 'content-range': `bytes ${from}-${Number(from) + 99}/200000` });
      response.end(BODY.subarray(0, 70_000)); // more than the hundred that it speaks of, and than were asked for
    });
    await expect(httpFiles('m', longer).open('w')).rejects.toThrow('the server lies about the length');
    server?.close();
    const shorter = await serve((request, response) => {
      const [, from = '0', to = '0'] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
      if (Number(from) >= BODY.length) response.writeHead(416).end();
      else {
        const end = Math.min(BODY.length, Number(to) + 1);
        response.writeHead(206, { 'content-range': `bytes ${from}-${end - 1}/1000000` });
        response.end(BODY.subarray(Number(from), end));
      }
    });
    const file = await httpFiles('m', shorter).open('w');
    await expect(file.read(150_000, 250_000)).rejects.toThrow('nothing from byte 200000 on');
  });

  it('refuses a file that changes while it is read', async () => {
    let mark = '"a"';
    const url = await serve((request, response) => {
      response.setHeader('etag', mark);
      ranges(request, response);
    });
    const file = await httpFiles('m', url).open('w');
    expect(file.tag).toBe('"a"');
    mark = '"b"';
    await expect(file.read(100_000, 100_100)).rejects.toThrow('changed on the server meanwhile');
  });

  it('waits as long as a busy server asks, tries a few times, and stops waiting when cancelled', async () => {
    let busy = 1;
    const url = await serve((request, response) => {
      // Past the test's own limit, once it is busy for good.
      const seconds = busy === Infinity ? '30' : '1';
      if (busy-- > 0) response.writeHead(429, { 'retry-after': seconds }).end();
      else ranges(request, response);
    });
    const started = performance.now();
    const file = await httpFiles('m', url).open('w');
    expect(performance.now() - started).toBeGreaterThan(950);
    expect(file.size).toBe(BODY.length);
    busy = Infinity;
    const stop = new AbortController();
    const waiting = file.read(100_000, 100_100, stop.signal);
    setTimeout(() => stop.abort(), 50);
    await expect(waiting).rejects.toBeInstanceOf(CancelledError);
    server?.close();
    const tired = await serve((_, response) => response.writeHead(429, { 'retry-after': '3600' }).end());
    await expect(httpFiles('m', tired).open('w')).rejects.toThrow('too many requests: try again in 3600 s');
  });

  it('counts a connection on which nothing comes as broken', async () => {
    const url = await serve((request, response) => {
      if (request.headers.range === 'bytes=0-65535') ranges(request, response);
      else response.writeHead(206, { 'content-range': 'bytes 100000-100099/200000' }).write('x');
    });
    const policy = { firstPause: 1, resumes: 1, stall: 100 };
    const file = await files('m', url, { retry: policy }).open('w');
    await expect(file.read(100_000, 100_100)).rejects.toThrow(/nothing came for 0.1 s/);
  });

  it('takes a whole file up again from its beginning, where a server can do no better', async () => {
    let breaks = 2;
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-length': BODY.length });
      if (breaks-- > 0)
        response.write(BODY.subarray(0, 120_000), () => setTimeout(() => response.destroy(), 20));
      else response.end(BODY);
    });
    const file = await httpFiles('m', url).open('w');
    expect(Buffer.from(await file.read(0, BODY.length))).toEqual(BODY);
  });

  it('reads an empty file', async () => {
    const url = await serve((_, response) => response.writeHead(416, { 'content-range': 'bytes */0' }).end());
    const file = await httpFiles('m', url).open('w');
    expect([file.size, (await file.read(0, 0)).length]).toEqual([0, 0]);
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

  it('knows the embedded model, addresses and names on the hub, and names them for anything else', async () => {
    const places = {
      models: new URL('https://host/models/'),
      hub: new URL('https://hub.invalid/'),
      keep: true,
    };
    const how = { signal: undefined, token: undefined };
    expect((await resolveWeb('fable-4m', places, how)).id).toBe('fable-4m');
    expect((await resolveWeb('https://host/x', places, how)).id).toBe('https://host/x');
    expect(addressFiles('https://host/a/m.gguf')?.gguf).toBe('m.gguf');
    const commit = 'a'.repeat(40);
    expect(await resolveWeb(`owner/name@${commit}`, places, how)).toMatchObject({
      id: 'owner/name',
      revision: commit,
    });
    for (const wrong of [
      '',
      'gpt-9',
      '../fable-4m',
      'a/../b',
      'a/b/c',
      'a/b@../c',
      'file:///etc/passwd',
      'javascript:alert(1)',
      'https://',
    ]) {
      await expect(resolveWeb(wrong, places, how), wrong).rejects.toThrow(NotFoundError);
    }
  });
});
