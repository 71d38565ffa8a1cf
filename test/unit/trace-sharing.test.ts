/** The operator's variables of stored traces, and the page that tells people why there is none. */
import { describe, expect, it } from 'vitest';
import { problemPage } from '../../worker/problem-page.ts';
import { HttpProblem } from '../../worker/problem.ts';
import { isTraceId, traceRules } from '../../worker/trace-sharing.ts';

const A = 'a'.repeat(64);
const B = '0123456789abcdef'.repeat(4);

describe('variables of stored traces', () => {
  it('have defaults: 90 days, 2 MiB, nothing blocked, the request’s own address', () => {
    const rules = { days: 90, bytes: 2_097_152, blocked: new Set() };
    expect(traceRules({})).toEqual(rules);
    expect(traceRules({ TRACE_DAYS: ' ', BLOCKED_TRACES: '', PUBLIC_ORIGIN: '' })).toEqual(rules);
  });

  it('are taken as they are, and never above what a trace may have', () => {
    expect(traceRules({ TRACE_DAYS: '0', TRACE_BYTES: '1000' })).toMatchObject({ days: 0, bytes: 1000 });
    expect(traceRules({ TRACE_BYTES: '99999999' }).bytes).toBe(2_097_152);
    expect(traceRules({ BLOCKED_TRACES: `${A},\n ${B} ` }).blocked).toEqual(new Set([A, B]));
    for (const origin of ['https://lens.example.org', 'http://localhost:8787'])
      expect(traceRules({ PUBLIC_ORIGIN: origin }).origin).toBe(origin);
  });

  const WRONG: [Record<string, string>, string][] = [
    [{ TRACE_DAYS: 'many' }, 'TRACE_DAYS: expected a whole number, 0 or more, got "many"'],
    [{ TRACE_BYTES: '-1' }, 'TRACE_BYTES: expected a whole number'],
    [
      { BLOCKED_TRACES: `${A} ${A.slice(1)}` },
      'BLOCKED_TRACES: expected ids of 64 lower-case hex digits, got "aaa',
    ],
    [{ BLOCKED_TRACES: A.toUpperCase() }, 'BLOCKED_TRACES: expected ids'],
    ...['https://a.org/', 'https://a.org/x', 'a.org', 'ftp://a.org', 'https://u@a.org', 'https://A.org'].map(
      (origin): [Record<string, string>, string] => [
        { PUBLIC_ORIGIN: origin },
        'PUBLIC_ORIGIN: expected https://HOST, got',
      ],
    ),
  ];
  it.each(WRONG)('are refused by name when they make no sense: %j', (variables, words) => {
    expect(() => traceRules(variables)).toThrow(words);
  });

  it('know an id', () => {
    expect([A, B].map(isTraceId)).toEqual([true, true]);
    expect(['', A.slice(1), `${A}a`, A.toUpperCase(), `${A}\n`, `g${A.slice(1)}`].some(isTraceId)).toBe(
      false,
    );
  });
});

describe('the page of a problem', () => {
  it('says what and why, as text, with nothing to load, under a policy that fits its style', async () => {
    const page = await problemPage(
      new HttpProblem('blocked', 410, '<b>"why"</b>', {}, { 'Retry-After': '5' }),
    );
    expect([page.status, page.headers.get('Retry-After')]).toEqual([410, '5']);
    expect(page.headers.get('Content-Type')).toBe('text/html; charset=utf-8');
    const html = await page.text();
    expect(html).toContain('<h1>This was taken away by the operator</h1>');
    expect(html).toContain('&lt;b&gt;&quot;why&quot;&lt;/b&gt;');
    expect(html).not.toMatch(/<(?:script|link|img|b)\b/);
    const style = /<style>([^]*)<\/style>/.exec(html)?.[1] ?? '';
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(style));
    const hash = Buffer.from(digest).toString('base64');
    expect(page.headers.get('Content-Security-Policy')).toContain(`style-src 'sha256-${hash}'`);
  });
});
