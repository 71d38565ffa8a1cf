/** The operator's variables, the same on every platform; docs/deploy.md has the table. */
import { InputError } from '../shared/errors.ts';
import { BUDGETS, type Budget, type LoggedRequests, type RatePolicy } from './ports.ts';

/** What the platform holds under these names: text, or nothing. */
export type Variables = Readonly<Record<string, unknown>>;

/** Seconds of a rate limit's window. Cloudflare's binding knows 10 and 60. */
export const RATE_WINDOW = 60;

/** Requests an address may make a minute, where no variable says otherwise. */
export const RATE_DEFAULTS: Readonly<Record<Budget, number>> = { read: 1200, tokenize: 600, upload: 60 };

/** `RATE_READ`, `RATE_TOKENIZE`, `RATE_UPLOAD`: requests a minute; 0 is no limit. */
export function ratePolicies(variables: Variables): ReadonlyMap<Budget, RatePolicy> {
  const policies = new Map<Budget, RatePolicy>();
  for (const budget of BUDGETS) {
    const requests = wholeNumber(variables, `RATE_${budget.toUpperCase()}`, RATE_DEFAULTS[budget]);
    if (requests > 0) policies.set(budget, { requests, window: RATE_WINDOW });
  }
  return policies;
}

/** @throws {InputError} `RATE_READ: expected a whole number, 0 or more, got "many"` */
export function wholeNumber(variables: Variables, name: string, otherwise: number): number {
  const text = textOf(variables, name);
  if (text === undefined) return otherwise;
  if (!/^\d{1,9}$/.test(text)) {
    throw new InputError(`${name}: expected a whole number, 0 or more, got ${JSON.stringify(text)}`);
  }
  return Number(text);
}

/** `LOG_REQUESTS`: `all`, or `failed` for those alone that end in an error. @throws {InputError} for another word. */
export function logRequestsOf(variables: Variables, otherwise: LoggedRequests): LoggedRequests {
  const text = textOf(variables, 'LOG_REQUESTS') ?? otherwise;
  if (text === 'all' || text === 'failed') return text;
  throw new InputError(`LOG_REQUESTS: expected all or failed, got ${JSON.stringify(text)}`);
}

/** Undefined when it is missing or empty. */
export function textOf(variables: Variables, name: string): string | undefined {
  const value = variables[name];
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

/**
 * `CONTACT`: where people report a trace.
 *
 * @throws {InputError} when it is neither a mail address nor an https one: it becomes a link.
 */
export function contactOf(variables: Variables): { readonly contact?: string } {
  const contact = textOf(variables, 'CONTACT');
  if (contact === undefined) return {};
  if (/^(?:(?:mailto:)?[^\s@:/?#]+@[^\s@:/?#]+|https:\/\/[^\s/]+\S*)$/.test(contact)) return { contact };
  throw new InputError(`CONTACT: expected a mail address or https://…, got ${JSON.stringify(contact)}`);
}
