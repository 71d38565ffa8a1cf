/**
 * Rate limits on Deno: counters in KV, a fixed window by the clock, shared by all processes on the same store. An
 * address is stored as a hash whose salt is thrown away after a day.
 */
import { addressHash } from './address.ts';
import type { Budget, RateDecision, RateLimit, RatePolicy } from './ports.ts';

/** Milliseconds. */
const DAY = 86_400_000;
/** Times a count is tried again when another process was faster. */
const TRIES = 10;

export class DenoRateLimit implements RateLimit {
  readonly #kv: Deno.Kv;
  readonly #policies: ReadonlyMap<Budget, RatePolicy>;
  #salt: { readonly day: number; readonly value: Promise<string> } | undefined;
  /** Counts under way in this process by key, one after the other, so that only other processes are in the way. */
  readonly #queues = new Map<string, Promise<unknown>>();

  constructor(kv: Deno.Kv, policies: ReadonlyMap<Budget, RatePolicy>) {
    this.#kv = kv;
    this.#policies = policies;
  }

  policy(budget: Budget): RatePolicy | undefined {
    return this.#policies.get(budget);
  }

  async take(budget: Budget, address: string): Promise<RateDecision> {
    const policy = this.#policies.get(budget);
    if (!policy) return { allowed: true, reset: 0 };
    const now = Date.now();
    const length = policy.window * 1000;
    const window = Math.floor(now / length);
    const left = (window + 1) * length - now;
    const key = [
      'rate',
      budget,
      window,
      await addressHash(address, await this.#saltOf(Math.floor(now / DAY))),
    ];
    const count = await this.#inTurn(key.join(), () => this.#count(key, policy.requests, left + length));
    return {
      allowed: count <= policy.requests,
      remaining: Math.max(0, policy.requests - count),
      reset: left / 1000,
    };
  }

  /** Requests of this window with this one; what is refused isn't written, so that a flood costs reads only. */
  async #count(key: Deno.KvKey, limit: number, expireIn: number): Promise<number> {
    for (let tries = 0; tries < TRIES; tries++) {
      const entry = await this.#kv.get<number>(key);
      const count = (entry.value ?? 0) + 1;
      if (count > limit) return count;
      const { ok } = await this.#kv.atomic().check(entry).set(key, count, { expireIn }).commit();
      if (ok) return count;
    }
    throw new Error(`rate limit: expected to count within ${TRIES} tries: too many processes at once`);
  }

  async #inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(key) ?? Promise.resolve();
    const turn = before.then(work, work);
    this.#queues.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.#queues.get(key) === turn) this.#queues.delete(key);
    }
  }

  #saltOf(day: number): Promise<string> {
    if (this.#salt?.day !== day) {
      const salt = { day, value: this.#sharedSalt(day) };
      this.#salt = salt;
      // What failed is tried again by the next request.
      salt.value.catch(() => (this.#salt = this.#salt === salt ? undefined : this.#salt));
    }
    return this.#salt.value;
  }

  /** Made by whichever process needs it first. */
  async #sharedSalt(day: number): Promise<string> {
    const key = ['rate salt', day];
    const fresh = crypto.randomUUID();
    const { ok } = await this.#kv
      .atomic()
      .check({ key, versionstamp: null })
      .set(key, fresh, { expireIn: DAY })
      .commit();
    return ok ? fresh : ((await this.#kv.get<string>(key)).value ?? fresh);
  }
}
