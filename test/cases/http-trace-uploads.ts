/** Uploads that no server may take: too large, badly packed, not JSON, no trace; and that nothing of them is kept. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../shared/formats/json.ts';
import { LIMITS } from '../../shared/limits.ts';
import { canonicalOf, freshTrace, idOf, realTrace } from '../support/real-trace.ts';
import { seeded } from '../support/random.ts';
import { type Base, expectProblem, request } from './http-client.ts';
import { TRACE_TYPE, upload } from './http-traces.ts';

const GZIP = { 'Content-Encoding': 'gzip' };

function gzipped(data: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(gzipSync(data));
}

/** `changed(trace, 'lens.topIds.shape', [9])`: the trace with another value there. */
function changed(trace: JsonObject, path: string, value: unknown): JsonObject {
  const [name = '', ...rest] = path.split('.');
  const inner = rest.length === 0 ? value : changed(trace[name] as JsonObject, rest.join('.'), value);
  return { ...trace, [name]: inner };
}

/** A trace whose canonical form is of exactly this many bytes. */
async function traceOf(bytes: number): Promise<JsonObject> {
  const trace = await freshTrace({ padding: '' });
  return { ...trace, padding: 'x'.repeat(bytes - Buffer.byteLength(canonicalOf(trace))) };
}

export function uploadCases(base: Base): void {
  it('takes a trace of exactly 2 MiB, plain and packed, and no more', async () => {
    const full = await traceOf(LIMITS.traceBytes);
    expect((await upload(base, canonicalOf(full))).status).toBe(201);
    expect((await upload(base, gzipped(canonicalOf(full)), GZIP)).status).toBe(200);
    const { text } = await request(base, `/v1/traces/${idOf(full)}`);
    expect(text).toBe(canonicalOf(full));
    const over = await traceOf(LIMITS.traceBytes + 1);
    const answer = await upload(base, canonicalOf(over));
    expectProblem(answer, 413, 'too-large', /^body: expected at most 2097152 bytes/);
    expect(answer.json).toHaveProperty('limit', LIMITS.traceBytes);
    expectProblem(await upload(base, gzipped(canonicalOf(over)), GZIP), 413, 'too-large', /2097152 bytes/);
    expect((await request(base, `/v1/traces/${idOf(over)}`)).status).toBe(404);
  });

  it('unpacks a zip bomb up to the limit and no further', async () => {
    const bomb = gzipped(Buffer.alloc(256 * 1024 * 1024));
    expect(bomb.byteLength).toBeLessThan(300_000);
    expectProblem(await upload(base, bomb, GZIP), 413, 'too-large', /^body: expected at most 2097152 bytes/);
    // One inside another is bytes that are no JSON.
    expectProblem(await upload(base, gzipped(bomb), GZIP), 400, 'invalid-json', /expected (UTF-8|JSON)/);
    expect((await request(base, '/healthz')).status).toBe(200);
  });

  it('stops at the limit of a body that does not say how long it is', async () => {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent > LIMITS.traceBytes) controller.close();
        else controller.enqueue(Buffer.alloc(65_536, ' '));
        sent += 65_536;
      },
    });
    const init = { method: 'POST', headers: { 'Content-Type': TRACE_TYPE }, body, duplex: 'half' };
    expectProblem(await request(base, '/v1/traces', init), 413, 'too-large', /^body: expected at most/);
  });

  it('refuses gzip that breaks off, is damaged, or is none', async () => {
    const packed = gzipped(JSON.stringify(await freshTrace()));
    const damaged = packed.slice();
    damaged.fill(255, 1000, 1100);
    for (const wrong of [
      packed.slice(0, -9),
      packed.slice(0, 500),
      damaged,
      Uint8Array.from(Buffer.from('{}')),
      new Uint8Array(0),
    ]) {
      const answer = await upload(base, wrong, GZIP);
      expectProblem(answer, 400, 'invalid-encoding', /^body: expected gzip/);
    }
  });

  it.each(['br', 'deflate', 'zstd', 'gzip, gzip', 'x'])('refuses the encoding %j', async (encoding) => {
    const answer = await upload(base, '{}', { 'Content-Encoding': encoding });
    expectProblem(answer, 415, 'media-type', /^Content-Encoding: expected none or gzip, got/);
    expect(answer.headers.get('Accept-Encoding')).toBe('gzip, identity');
  });

  it.each([
    'text/plain',
    'multipart/form-data',
    'application/x-www-form-urlencoded',
    'application/jsonp',
    '',
  ])('refuses the media type %j', async (type) => {
    const answer = await upload(base, '{}', { 'Content-Type': type });
    expectProblem(
      answer,
      415,
      'media-type',
      /^Content-Type: expected application\/vnd\.residscope\.trace\+json or/,
    );
    expect(answer.headers.get('Accept')).toContain(TRACE_TYPE);
  });

  it.each(['', '{', '{"format":"residscope.trace",', "{'version':1}", '[1,]', 'NaN'])(
    'refuses %j as JSON',
    async (body) => {
      expectProblem(await upload(base, body), 400, 'invalid-json', /^body: expected JSON/);
    },
  );

  it('refuses bytes that are no UTF-8', async () => {
    const bytes = Uint8Array.from(Buffer.from(JSON.stringify(await freshTrace())));
    bytes[bytes.indexOf(0x22) + 1] = 0xff;
    expectProblem(await upload(base, bytes), 400, 'invalid-json', /^body: expected UTF-8/);
    expectProblem(await upload(base, gzipped(bytes), GZIP), 400, 'invalid-json', /^body: expected UTF-8/);
  });

  describe('no valid trace', () => {
    it.each(['null', '[]', '5', '"residscope.trace"', '{}', '[[[[[[[[[[]]]]]]]]]]'])('%s', async (body) => {
      expectProblem(await upload(base, body), 422, 'invalid-trace', /^trace/);
    });

    const WRONG: [string, unknown, RegExp][] = [
      ['format', 'residscope.other', /format/],
      ['version', 2, /version/],
      ['version', '1', /version/],
      ['version', 1.5, /version/],
      ['model.layers', 7, /lens|layers/],
      ['model.vocab', 10, /vocab|ids/],
      ['model.id', 5, /model\.id/],
      ['model.weightHash', 'XY', /weightHash/],
      ['prompt.ids', [0, 286], /prompt/],
      ['prompt.ids', [], /prompt\.ids/],
      ['prompt.pieces', ['a'], /prompt\.pieces/],
      ['tokens.texts', [], /tokens/],
      ['lens.topIds.shape', [9, 9, 9], /lens\.topIds/],
      ['lens.topIds.shape', [9, -9, 10], /lens\.topIds/],
      ['lens.topIds.shape', [2 ** 31, 2 ** 31, 1], /lens\.topIds/],
      ['lens.topIds.dtype', 'f32', /lens\.topIds/],
      ['lens.topIds.data', '', /lens\.topIds/],
      ['lens.topIds.data', '!!!!', /lens\.topIds/],
      ['lens.topLogprobs', null, /lens\.topLogprobs/],
      ['lens.rows', [], /lens\.rows/],
      ['checks', {}, /checks/],
      ['checks', Array.from({ length: 65 }, () => ({})), /checks/],
      ['interventions', [{}], /interventions/],
      ['timings', { done: '1' }, /timings/],
    ];
    it.each(WRONG)('%s: %j', async (path, value, words) => {
      const trace = changed(await freshTrace(), path, value);
      expectProblem(await upload(base, trace), 422, 'invalid-trace', words);
      expect((await request(base, `/v1/traces/${idOf(trace)}`)).status).toBe(404);
    });

    it('tables of numbers that no reading can be', async () => {
      const trace = await freshTrace();
      const { lens } = trace as { lens: { topLogprobs: { data: string }; topIds: { data: string } } };
      const table = (data: string, at: number, write: (view: DataView) => void): string => {
        const bytes = Buffer.from(data, 'base64');
        write(new DataView(bytes.buffer, bytes.byteOffset + at, 4));
        return bytes.toString('base64');
      };
      const infinite = table(lens.topLogprobs.data, 0, (view) => view.setFloat32(0, Infinity, true));
      const positive = table(lens.topLogprobs.data, 0, (view) => view.setFloat32(0, 5, true));
      const unknown = table(lens.topIds.data, 0, (view) => view.setInt32(0, 4096, true));
      for (const [path, data] of [
        ['lens.topLogprobs.data', infinite],
        ['lens.topLogprobs.data', positive],
        ['lens.topIds.data', unknown],
      ] as const)
        expectProblem(await upload(base, changed(trace, path, data)), 422, 'invalid-trace', /lens\.top/);
    });

    it('names and texts that would hurt a reader', async () => {
      const json = JSON.stringify(await freshTrace());
      const inside = (more: string): string => `{${more},${json.slice(1)}`;
      const deep = `${'['.repeat(40)}${']'.repeat(40)}`;
      for (const more of [
        '"__proto__":{"polluted":true}',
        '"constructor":1',
        '"x":{"prototype":1}',
        '"x":"\\ud800"',
        '"\\udc00":1',
        '"x":1e999',
        `"x":${deep}`,
        `"x":${'['.repeat(200_000)}${']'.repeat(200_000)}`,
      ])
        expectProblem(await upload(base, inside(more)), 422, 'invalid-trace', /./);
      const { polluted } = {} as { polluted?: boolean };
      expect(polluted).toBeUndefined();
      expect((await request(base, '/healthz')).status).toBe(200);
    });
  });

  it('of 300 traces damaged at random (seed 20261123) fails at none', async () => {
    const random = seeded(20_261_123);
    const json = JSON.stringify(await realTrace());
    const statuses = new Set<number>();
    for (let done = 0; done < 300; done += 6) {
      const answers = await Promise.all(
        Array.from({ length: 6 }, () => {
          const at = random.below(json.length);
          const put = random.pick([
            '',
            '"',
            '}',
            ']',
            '0',
            '-1',
            '9e9',
            'A',
            '\\u0000',
            '{}',
            '[',
            ',"__proto__":',
          ]);
          const body = json.slice(0, at) + put + json.slice(at + 1 + random.below(3));
          return random.below(2) > 0 ? upload(base, body) : upload(base, gzipped(body), GZIP);
        }),
      );
      for (const { status } of answers) statuses.add(status);
    }
    // What stays a trace is stored.
    expect([...statuses].filter((status) => ![200, 201, 400, 422].includes(status))).toEqual([]);
    expect(statuses.size).toBeGreaterThan(1);
  });
}
