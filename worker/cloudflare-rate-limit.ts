/**
 * Rate limits on Cloudflare: one binding a budget, counted in each data centre by itself. A binding tells only whether
 * a request passes, and its limit stands in wrangler.toml, where the variables of the same numbers stand too (a test
 * compares them).
 */
import { addressHash } from './address.ts';
import type { Budget, RateDecision, RateLimit as RateLimitPort, RatePolicy } from './ports.ts';

/** Milliseconds. */
const DAY = 86_400_000;

export class CloudflareRateLimit implements RateLimitPort {
  readonly #policies: ReadonlyMap<Budget, RatePolicy>;
  readonly #bindings: Readonly<Partial<Record<Budget, RateLimit>>>;
  readonly #salt: string;

  /** @param salt a secret of the operator's; without one the hash hides an address from a glance, not from a search. */
  constructor(
    policies: ReadonlyMap<Budget, RatePolicy>,
    bindings: Readonly<Partial<Record<Budget, RateLimit | undefined>>>,
    salt = '',
  ) {
    this.#policies = policies;
    this.#bindings = bindings as Readonly<Partial<Record<Budget, RateLimit>>>;
    this.#salt = salt;
  }

  policy(budget: Budget): RatePolicy | undefined {
    return this.#bindings[budget] && this.#policies.get(budget);
  }

  async take(budget: Budget, address: string): Promise<RateDecision> {
    const window = this.#policies.get(budget)?.window ?? 0;
    const today = Math.floor(Date.now() / DAY);
    const key = await addressHash(address, `${this.#salt}\n${today}`);
    const outcome = await this.#bindings[budget]?.limit({ key });
    return { allowed: outcome?.success ?? true, reset: window };
  }
}
