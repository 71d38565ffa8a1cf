/** Bodies as they come from outside: declared, packed, too long, cut short. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readBody, type BodyRules } from '../../worker/body.ts';
import { HttpProblem } from '../../worker/problem.ts';

const JSON_TYPE = { 'Content-Type': 'application/json' };
const PACKED = { ...JSON_TYPE, 'Content-Encoding': 'gzip' };

function send(body: BodyInit, headers: Record<string, string>): Request {
  return new Request('http://localhost/', { method: 'POST', body, headers });
}

async function problemOf(body: BodyInit, headers: Record<string, string>, rules: BodyRules) {
  const error: unknown = await readBody(send(body, headers), rules).catch((thrown: unknown) => thrown);
  if (!(error instanceof HttpProblem)) throw new Error('expected a problem');
  return [error.status, error.kind, error.message];
}

describe('a packed body', () => {
  const text = JSON.stringify({ a: 'é'.repeat(500) });

  it('is unpacked where that is allowed, and refused elsewhere', async () => {
    expect(await readBody(send(gzipSync(text), PACKED), { limit: 5000, gzip: true })).toBe(text);
    expect(await problemOf(gzipSync(text), PACKED, { limit: 5000 })).toEqual([
      415,
      'media-type',
      'Content-Encoding: expected none, got "gzip"',
    ]);
    expect(
      (await problemOf(text, { ...JSON_TYPE, 'Content-Encoding': 'br' }, { limit: 5000, gzip: true }))[2],
    ).toBe('Content-Encoding: expected none or gzip, got "br"');
  });

  it('may not be larger than the limit when it is unpacked, to the byte', async () => {
    const limit = 1_000_000;
    const full = gzipSync('x'.repeat(limit));
    expect((await readBody(send(full, PACKED), { limit, gzip: true })).length).toBe(limit);
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    expect(bomb.byteLength).toBeLessThan(limit);
    for (const body of [gzipSync('x'.repeat(limit + 1)), bomb]) {
      expect((await problemOf(body, PACKED, { limit, gzip: true })).slice(0, 2)).toEqual([413, 'too-large']);
    }
  });

  it('must be gzip to its end', async () => {
    const packed = gzipSync(text);
    for (const body of [
      packed.subarray(0, -1),
      packed.subarray(0, 20),
      Buffer.concat([packed, Buffer.from('more')]),
      Buffer.from(text),
      Buffer.alloc(0),
    ]) {
      expect(await problemOf(body, PACKED, { limit: 5000, gzip: true })).toEqual([
        400,
        'invalid-encoding',
        'body: expected gzip, as its Content-Encoding says',
      ]);
    }
    const damaged = Buffer.from(packed);
    damaged.writeUInt8((damaged[damaged.length - 6] ?? 0) ^ 1, damaged.length - 6);
    expect((await problemOf(damaged, PACKED, { limit: 5000, gzip: true }))[1]).toBe('invalid-encoding');
  });

  it('must be UTF-8 inside', async () => {
    expect((await problemOf(gzipSync(Buffer.from([0xff])), PACKED, { limit: 100, gzip: true }))[1]).toBe(
      'invalid-json',
    );
  });
});

describe('a plain body', () => {
  it('is counted as it comes, whatever its length says', async () => {
    let sent = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1000;
        if (sent > 5000) controller.close();
        else controller.enqueue(new Uint8Array(1000).fill(0x20));
      },
    });
    const init = {
      method: 'POST',
      body: stream,
      headers: { ...JSON_TYPE, 'Content-Length': '1' },
      duplex: 'half',
    };
    const request = new Request('http://localhost/', init);
    await expect(readBody(request, { limit: 4999 })).rejects.toThrow('body: expected at most 4999 bytes');
  });

  it('may be of several types', async () => {
    const rules = { limit: 10, types: ['application/json', 'application/vnd.a+json'] };
    const body = await readBody(
      send('{}', { 'Content-Type': 'application/vnd.A+json; charset=utf-8' }),
      rules,
    );
    expect(body).toBe('{}');
    expect((await problemOf('{}', { 'Content-Type': 'text/html' }, rules))[2]).toBe(
      'Content-Type: expected application/json or application/vnd.a+json, got "text/html"',
    );
  });
});
