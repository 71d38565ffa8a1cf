/** What operators and hostile callers see, on every platform: limits, ids, logs, headers. */
import { describe } from 'vitest';
import { limitCases, SMALL_LIMITS } from '../cases/http-limits.ts';
import { observedCases } from '../cases/http-observed.ts';
import { safetyCases } from '../cases/http-safety.ts';
import { PLATFORMS, serving } from '../support/platforms.ts';

describe.each(PLATFORMS)('on %s', (_, start) => {
  const running = serving(start);
  describe('observed', () => observedCases(running.base, () => running.server().output()));
  describe('safety', () => safetyCases(running.base));
});

/** Each platform's word for where a request comes from; on Deno, of a proxy that is trusted. */
const FROM: Readonly<Record<string, (address: string) => Record<string, string>>> = {
  workerd: (address) => ({ 'CF-Connecting-IP': address }),
  Deno: (address) => ({ 'X-Forwarded-For': `198.51.100.9, ${address}` }),
};

describe.each(PLATFORMS)('small limits on %s', (name, start) => {
  const { base } = serving(start, { variables: { ...SMALL_LIMITS, TRUSTED_PROXIES: '1' } });
  limitCases(base, FROM[name] ?? (() => ({})), name === 'Deno');
});
