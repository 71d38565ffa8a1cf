/**
 * Rate limits on Deno: counters in KV, a fixed window by the clock, shared by all processes on the same store. An
 * address is stored as a hash whose salt is thrown away after a day.
 *
 * A write for every request would cost more than a warm answer. So a process takes units of an address's budget from
 * the counter several at a time, atomically: one at first, twice as many each time it comes back, never more than
 * {@link SHARE} of what is left. All processes together pass no more than the limit; what one holds unspent when the
 * counter is used up is lost to the others, which is why shares shrink to one towards the end.
 */
import { addressHash } from './address.ts';
import type { Budget, RateDecision, RateLimit, RatePolicy } from './ports.ts';

/** Milliseconds. */
const DAY = 86_400_000;
/** Times a count is tried again when another process was faster. */
const TRIES = 10;
/** Of what is left of a budget, what a process takes at most. */
const SHARE = 1 / 8;
/** Addresses that a process remembers in a window. Those driven out lose what they hold unspent. */
const ADDRESSES = 20_000;

/** What this process knows of one budget of one address in the window. */
interface Account {
  /** Units taken from the counter and not used yet. */
  unspent: number;
  /** Units that all processes have taken, when this one last looked. */
  taken: number;
  /** Units to take next. */
  next: number;
  /** Under way, for all requests that wait for it. */
  taking: Promise<void> | undefined;
}

export class DenoRateLimit implements RateLimit {
  readonly #kv: Deno.Kv;
  readonly #policies: ReadonlyMap<Budget, RatePolicy>;
  readonly #clock: () => number;
  #salt: { readonly day: number; readonly value: Promise<string> } | undefined;
  /** By budget, window and address; in memory only. */
  readonly #accounts = new Map<string, Account>();

  /** @param clock milliseconds since 1970. */
  constructor(kv: Deno.Kv, policies: ReadonlyMap<Budget, RatePolicy>, clock: () => number = Date.now) {
    this.#kv = kv;
    this.#policies = policies;
    this.#clock = clock;
  }

  policy(budget: Budget): RatePolicy | undefined {
    return this.#policies.get(budget);
  }

  async take(budget: Budget, address: string): Promise<RateDecision> {
    const policy = this.#policies.get(budget);
    if (!policy) return { allowed: true, reset: 0 };
    const now = this.#clock();
    const length = policy.window * 1000;
    const window = Math.floor(now / length);
    const left = (window + 1) * length - now;
    const account = this.#accountOf(`${budget} ${window} ${address}`);
    while (account.unspent === 0 && account.taken < policy.requests) {
      account.taking ??= this.#takeUnits(account, policy.requests, left + length, async () => [
        'rate',
        budget,
        window,
        await addressHash(address, await this.#saltOf(Math.floor(now / DAY))),
      ]).finally(() => (account.taking = undefined));
      await account.taking;
    }
    // A counter only grows: once it is used up, it is for the rest of the window, and costs no more reads.
    const allowed = account.unspent > 0;
    if (allowed) account.unspent--;
    return {
      allowed,
      remaining: Math.max(0, policy.requests - account.taken) + account.unspent,
      reset: left / 1000,
    };
  }

  #accountOf(name: string): Account {
    const known = this.#accounts.get(name);
    if (known) return known;
    const account: Account = { unspent: 0, taken: 0, next: 1, taking: undefined };
    this.#accounts.set(name, account);
    // Oldest first, so that windows that are over go first.
    for (const oldest of this.#accounts.keys()) {
      if (this.#accounts.size <= ADDRESSES) break;
      this.#accounts.delete(oldest);
    }
    return account;
  }

  /** Takes the account's next units from the counter, as many of them as there are. @param expireIn milliseconds. */
  async #takeUnits(
    account: Account,
    limit: number,
    expireIn: number,
    keyOf: () => Promise<Deno.KvKey>,
  ): Promise<void> {
    const key = await keyOf();
    for (let tries = 0; tries < TRIES; tries++) {
      const entry = await this.#kv.get<number>(key);
      const before = entry.value ?? 0;
      const units = Math.min(account.next, Math.max(1, Math.floor((limit - before) * SHARE)));
      // What is refused isn't written, so that a flood costs reads only.
      if (before >= limit) {
        account.taken = before;
        return;
      }
      const { ok } = await this.#kv
        .atomic()
        .check(entry)
        .set(key, before + units, { expireIn })
        .commit();
      if (!ok) continue;
      account.taken = before + units;
      account.unspent += units;
      account.next *= 2;
      return;
    }
    throw new Error(`rate limit: expected to count within ${TRIES} tries: too many processes at once`);
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
