/** Shared traces on every platform, with what the command line writes of a real run. */
import { describe } from 'vitest';
import { blockedCases, tracePageCases } from '../cases/http-trace-pages.ts';
import { uploadCases } from '../cases/http-trace-uploads.ts';
import { traceCases } from '../cases/http-traces.ts';
import { PLATFORMS, serving } from '../support/platforms.ts';
import { freshTrace, idOf } from '../support/real-trace.ts';

describe.each(PLATFORMS)('on %s', (_, start) => {
  const { base } = serving(start);
  describe('traces', () => traceCases(base, 90));
  describe('uploads', () => uploadCases(base));
  describe('pages', () => tracePageCases(base));
});

const blocked = await freshTrace();
const ORIGIN = 'https://lens.example.org';

describe.each(PLATFORMS)('with variables on %s', (_, start) => {
  const variables = {
    BLOCKED_TRACES: `${'0'.repeat(64)} ${idOf(blocked)}`,
    TRACE_DAYS: '0',
    TRACE_BYTES: '200000',
    PUBLIC_ORIGIN: ORIGIN,
  };
  const { base } = serving(start, { variables });
  blockedCases(base, { id: idOf(blocked), trace: blocked }, ORIGIN);
});
