/** The API on every platform, as real processes with real stores on this machine. */
import { describe } from 'vitest';
import { descriptionCases } from '../cases/http-description.ts';
import { errorCases } from '../cases/http-errors.ts';
import { fuzzCases } from '../cases/http-fuzz.ts';
import { apiCases } from '../cases/http.ts';
import { PLATFORMS, serving } from '../support/platforms.ts';

describe.each(PLATFORMS)('on %s', (_, start) => {
  const { base } = serving(start);
  describe('calls', () => apiCases(base));
  describe('description', () => descriptionCases(base));
  describe('errors', () => errorCases(base));
  describe('fuzz', () => fuzzCases(base));
});
