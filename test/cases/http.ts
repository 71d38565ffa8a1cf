/** What any server of the API must answer, whatever platform it runs on. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../shared/limits.ts';
import { VERSION } from '../../shared/version.ts';
import { type Base, expectOpen, expectProblem, post, request } from './http-client.ts';

const THE = { ids: [0, 286], tokens: ['<|endoftext|>', 'The'], offsets: [[0, 0], [0, 3]] }; // prettier-ignore
const FAMILY = '👩‍👩‍👧‍👦';

/** A text that no other case uses, so that it is a miss. */
let count = 0;
function fresh(): string {
  return `The number ${process.pid}.${Date.now()}.${count++} is new`;
}

function query(parameters: Record<string, string>): string {
  return `/v1/tokenize?${new URLSearchParams(parameters).toString()}`;
}

export function apiCases(base: Base): void {
  describe('GET /healthz and /v1/models', () => {
    it('is alive', async () => {
      const answer = await request(base, '/healthz');
      expect([answer.status, answer.json]).toEqual([200, { status: 'ok', version: VERSION }]);
      expectOpen(answer);
    });

    it('lists the models with sizes and licence', async () => {
      const answer = await request(base, '/v1/models');
      expect(answer.status).toBe(200);
      expect(answer.json).toHaveProperty(
        'models.0',
        expect.objectContaining({
          id: 'fable-4m',
          source: 'embedded',
          license: 'Apache-2.0',
          vocabSize: 4096,
        }),
      );
      expect(answer.headers.get('Cache-Control')).toBe('public, max-age=300');
      expectOpen(answer);
    });

    it.each(['/healthz', '/v1/models', query({ model: 'fable-4m', text: 'The' })])(
      'HEAD %s',
      async (path) => {
        const head = await request(base, path, { method: 'HEAD' });
        const get = await request(base, path);
        expect([head.status, head.text]).toEqual([200, '']);
        expect(head.headers.get('Content-Type')).toBe(get.headers.get('Content-Type'));
        expectOpen(head);
      },
    );
  });

  describe('/v1/tokenize', () => {
    it('gives ids, tokens and UTF-16 offsets', async () => {
      const answer = await post(base, '/v1/tokenize', { model: 'fable-4m', text: 'The' });
      expect(answer.status).toBe(200);
      expect(answer.json).toMatchObject({ model: 'fable-4m', ...THE });
      expectOpen(answer);
    });

    it('puts bos in front or not, as told', async () => {
      for (const [bos, ids] of [
        ['auto', [0, 286]],
        [true, [0, 286]],
        [false, [286]],
      ] as const) {
        // prettier-ignore
        expect((await post(base, '/v1/tokenize', { model: 'fable-4m', text: 'The', bos })).json).toMatchObject({ ids });
        const get = await request(base, query({ model: 'fable-4m', text: 'The', bos: String(bos) }));
        expect(get.json).toMatchObject({ ids });
      }
    });

    it('takes several texts, in order', async () => {
      const known = fresh();
      await post(base, '/v1/tokenize', { model: 'fable-4m', text: known });
      const answer = await post(base, '/v1/tokenize', {
        model: 'fable-4m',
        texts: [known, '', fresh(), 'The', known],
      });
      expect(answer.status).toBe(200);
      expect(answer.json).toMatchObject({
        cached: false,
        results: [
          { cached: true },
          { ids: [0], offsets: [[0, 0]] },
          { cached: false },
          THE,
          { cached: true },
        ],
      });
      expect(answer.headers.get('X-Cache')).toBe('miss');
    });

    it('answers the second time from the cache, GET and POST alike', async () => {
      const text = fresh();
      const first = await request(base, query({ model: 'fable-4m', text }));
      const second = await request(base, query({ model: 'fable-4m', text }));
      const third = await post(base, '/v1/tokenize', { model: 'fable-4m', text });
      const batch = await post(base, '/v1/tokenize', { model: 'fable-4m', texts: [text, text] });
      expect([first, second, third, batch].map(({ headers }) => headers.get('X-Cache'))).toEqual(['miss', 'hit', 'hit', 'hit']); // prettier-ignore
      expect(first.json).toHaveProperty('cached', false);
      expect(second.json).toEqual({ ...(first.json as object), cached: true });
      expect(third.json).toEqual(second.json);
      for (const { headers } of [first, second, third, batch]) {
        expect(headers.get('Cache-Control')).toMatch(/^public, max-age=\d+/);
        expect(headers.get('ETag')).toMatch(/^"[0-9a-f]{64}-[hm]"$/);
      }
    });

    it('gives equal bytes the same strong tag and different bytes another', async () => {
      const text = fresh();
      const answers = [];
      for (let i = 0; i < 3; i++) answers.push(await request(base, query({ model: 'fable-4m', text })));
      const tags = answers.map(({ headers }) => headers.get('ETag'));
      expect(answers[1]?.text).toBe(answers[2]?.text);
      expect(tags[1]).toBe(tags[2]);
      expect(answers[0]?.text).not.toBe(answers[1]?.text);
      expect(tags[0]).not.toBe(tags[1]);
      const other = await request(base, query({ model: 'fable-4m', text: `${text}.` }));
      expect(tags).not.toContain(other.headers.get('ETag'));
    });

    it('says 304 to a reader who has it', async () => {
      const text = fresh();
      const path = query({ model: 'fable-4m', text });
      const first = (await request(base, path)).headers.get('ETag') ?? '';
      const second = (await request(base, path)).headers.get('ETag') ?? '';
      for (const tag of [first, second, `W/${first}`, `"other", ${second}`, '*']) {
        const answer = await request(base, path, { headers: { 'If-None-Match': tag } });
        expect([answer.status, answer.text, answer.headers.get('X-Cache')]).toEqual([304, '', 'hit']);
        expect([first, second]).toContain(answer.headers.get('ETag'));
        expectOpen(answer);
      }
      for (const tag of ['"other"', first.slice(1, -1), '']) {
        expect((await request(base, path, { headers: { 'If-None-Match': tag } })).status).toBe(200);
      }
    });

    it('takes lone surrogates as U+FFFD, and NUL and emoji as they are', async () => {
      const lone = await post(base, '/v1/tokenize', '{"model":"fable-4m","text":"a\\ud800b"}');
      const replaced = await post(base, '/v1/tokenize', { model: 'fable-4m', text: 'a\ufffdb' });
      expect([lone.status, lone.json]).toEqual([200, { ...(replaced.json as object), cached: false }]);
      for (const text of ['\0', 'a\0b', FAMILY, `${FAMILY} `.repeat(600), ' '.repeat(4000)]) {
        const answer = await post(base, '/v1/tokenize', { model: 'fable-4m', text, bos: false });
        expect(answer.status).toBe(200);
        const { ids } = answer.json as { ids: number[] };
        expect((await post(base, '/v1/detokenize', { model: 'fable-4m', ids })).json).toMatchObject({ text });
      }
    });

    it('takes a text of exactly 16 kB and no more', async () => {
      const full = `${'é'.repeat(LIMITS.textBytes / 2 - 1)}ab`;
      expect((await post(base, '/v1/tokenize', { model: 'fable-4m', text: full })).status).toBe(200);
      const over = await post(base, '/v1/tokenize', { model: 'fable-4m', texts: ['x', `${full}c`] });
      expectProblem(over, 413, 'too-large', /^texts\.1: expected at most 16384 bytes of UTF-8/);
      expect(over.json).toHaveProperty('limit', LIMITS.textBytes);
      expect(over.headers.get('Retry-After')).toBe('0');
      const get = await request(
        base,
        query({ model: 'fable-4m', text: 'x'.repeat(LIMITS.queryTextBytes + 1) }),
      );
      expectProblem(get, 413, 'too-large', /^text: expected at most 2048 bytes/);
    });

    it('takes 64 texts and no more', async () => {
      const texts = (length: number): string[] => Array.from({ length }, (_, i) => String(i % 7));
      expect((await post(base, '/v1/tokenize', { model: 'fable-4m', texts: texts(64) })).status).toBe(200);
      const over = await post(base, '/v1/tokenize', { model: 'fable-4m', texts: texts(65) });
      expectProblem(over, 422, 'invalid-request', /^texts: .*64/);
      expect(over.headers.get('Retry-After')).toBe('0');
    });

    const WRONG: [string, unknown, string][] = [
      ['null', null, ''],
      ['an array', [], ''],
      ['nothing in it', {}, '/model'],
      ['no text', { model: 'fable-4m' }, ''],
      ['text and texts', { model: 'fable-4m', text: 'a', texts: ['b'] }, ''],
      ['no texts', { model: 'fable-4m', texts: [] }, '/texts'],
      ['a number for a text', { model: 'fable-4m', text: 5 }, '/text'],
      ['null for a text', { model: 'fable-4m', text: null }, '/text'],
      ['an object among texts', { model: 'fable-4m', texts: ['a', {}] }, '/texts/1'],
      ['a list for a model', { model: ['fable-4m'], text: 'a' }, '/model'],
      ['a word for bos', { model: 'fable-4m', text: 'a', bos: 'yes' }, '/bos'],
      ['a member it does not know', { model: 'fable-4m', text: 'a', add_bos: true }, ''],
    ];

    it.each(WRONG)('refuses %s', async (_, body, pointer) => {
      const answer = await post(base, '/v1/tokenize', body);
      expectProblem(answer, 422, 'invalid-request', /./);
      expect(answer.json).toHaveProperty('errors.0.pointer', pointer);
      expectOpen(answer);
    });

    it.each(['', '{', '{"model":"fable-4m",', 'model=fable-4m&text=a', "{'model':1}"])(
      'refuses %j as JSON',
      async (body) => {
        expectProblem(await post(base, '/v1/tokenize', body), 400, 'invalid-json', /expected JSON/);
      },
    );

    it('refuses a query without model or text', async () => {
      for (const path of ['/v1/tokenize', query({ model: 'fable-4m' }), query({ text: 'a' })]) {
        expectProblem(await request(base, path), 422, 'invalid-request', /./);
      }
      expectProblem(
        await request(base, `${query({ model: 'fable-4m', text: 'a' })}&text=b`),
        422,
        'invalid-request',
        /text/,
      );
    });
  });

  describe('/v1/detokenize', () => {
    it('gives the text, specials kept', async () => {
      const answer = await post(base, '/v1/detokenize', { model: 'fable-4m', ids: [0, 286] });
      expect([answer.status, answer.json]).toEqual([200, { model: 'fable-4m', text: '<|endoftext|>The' }]);
      expectOpen(answer);
      expect((await post(base, '/v1/detokenize', { model: 'fable-4m', ids: [] })).json).toMatchObject({
        text: '',
      });
    });

    it('names an id that the vocabulary does not have', async () => {
      const answer = await post(base, '/v1/detokenize', { model: 'fable-4m', ids: [1, 4096] });
      expectProblem(answer, 422, 'invalid-request', /no token 4096: expected a whole number from 0 to 4095/);
    });

    it.each([[[-1]], [[0.5]], [['1']], [[1e300]], [null], ['286'], [{ length: 1 }]])(
      'refuses ids %j',
      async (ids) => {
        expectProblem(
          await post(base, '/v1/detokenize', { model: 'fable-4m', ids }),
          422,
          'invalid-request',
          /^ids/,
        );
      },
    );

    it('takes 16,384 ids and no more', async () => {
      const ids = (length: number): number[] => new Array<number>(length).fill(286);
      expect((await post(base, '/v1/detokenize', { model: 'fable-4m', ids: ids(LIMITS.ids) })).status).toBe(
        200,
      );
      const over = await post(base, '/v1/detokenize', { model: 'fable-4m', ids: ids(LIMITS.ids + 1) });
      expectProblem(over, 422, 'invalid-request', /^ids/);
      expect(over.headers.get('Retry-After')).toBe('0');
    });
  });
}
