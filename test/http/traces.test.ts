/** Shared traces on every platform, with what the command line writes of a real run. */
import { describe } from 'vitest';
import { uploadCases } from '../cases/http-trace-uploads.ts';
import { traceCases } from '../cases/http-traces.ts';
import { PLATFORMS, serving } from '../support/platforms.ts';

describe.each(PLATFORMS)('on %s', (_, start) => {
  const { base } = serving(start);
  describe('traces', () => traceCases(base, 90));
  describe('uploads', () => uploadCases(base));
});
