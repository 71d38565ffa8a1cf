/** What the routes of stored traces share: finding one, reading it, and saying why not. */
import type { TraceData } from '../../shared/trace/data.ts';
import { parseTrace } from '../../shared/trace/decode.ts';
import { STORE_DEADLINE, within } from '../deadline.ts';
import { consoleLog, errorFields } from '../log.ts';
import type { Ports, TraceRecord, TraceSharing } from '../ports.ts';
import { HttpProblem } from '../problem.ts';
import { isTraceId } from '../trace-sharing.ts';
import { problem } from './answers.ts';

/** Seconds: names with a hash in them never change what they hold. */
const YEAR = 31_536_000;
/** Seconds that a shared cache may keep what its owner or the operator may take away. */
const SHARED = 3600;

/** Of every route that names a trace. */
export const TRACE_PROBLEMS = {
  404: problem('There is no such trace, or no longer.'),
  410: problem('The operator has taken the trace away.'),
  501: problem('This server keeps no traces.'),
  503: problem('The store does not answer.'),
} as const;

/** Of storing one. */
export const UPLOAD_PROBLEMS = {
  400: problem('The body is not JSON in UTF-8, or does not unpack.'),
  403: problem('The page that asks belongs to another site.'),
  413: problem('The trace is over the limit, as sent or unpacked.'),
  415: problem('The body is not declared as a trace or as JSON, plain or gzip.'),
  422: problem('The trace is not a valid one.'),
  410: TRACE_PROBLEMS[410],
  501: TRACE_PROBLEMS[501],
  503: TRACE_PROBLEMS[503],
} as const;

/** Of deleting one. */
export const DELETE_PROBLEMS = {
  ...TRACE_PROBLEMS,
  401: problem('No token came.'),
  403: problem('The token is another’s, or the page that asks belongs to another site.'),
} as const;

/** @throws {HttpProblem} 501 */
export function sharingOf({ traces }: Ports): TraceSharing {
  if (traces) return traces;
  throw new HttpProblem(
    'unsupported',
    501,
    'traces: this server has no store for them: keep the file yourself',
  );
}

/** @throws {HttpProblem} 404, 410, 501, 503 */
export async function findRecord(ports: Ports, id: string): Promise<TraceRecord> {
  const { store, blocked } = sharingOf(ports);
  if (!isTraceId(id)) throw absent('an id has 64 lower-case hex digits');
  if (blocked.has(id)) throw takenAway();
  const state = await storeAnswer(ports, store.get(id));
  if (state === 'absent') throw absent('it expired, was deleted, or never was here');
  if (state === 'blocked') throw takenAway();
  return state;
}

/** What is stored was checked when it came; reading checks it again. */
export function readRecord({ bytes }: TraceRecord): TraceData {
  return parseTrace(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes));
}

/** @throws {HttpProblem} 503 when the store fails or takes too long. @param ms milliseconds. */
export async function storeAnswer<T>(ports: Ports, work: Promise<T>, ms = STORE_DEADLINE): Promise<T> {
  try {
    return await within(work, 'traces', ms);
  } catch (error) {
    ports.metrics?.count('store_errors', 'traces');
    (ports.log ?? consoleLog).write('error', 'traces', errorFields(error));
    throw new HttpProblem(
      'unavailable',
      503,
      'traces: the store does not answer: try again',
      {},
      { 'Retry-After': '5' },
    );
  }
}

export function absent(why: string): HttpProblem {
  return new HttpProblem('not-found', 404, `traces: there is no such trace: ${why}`);
}

export function takenAway(): HttpProblem {
  return new HttpProblem('blocked', 410, 'traces: the operator of this server has taken this trace away');
}

/** Never longer than the trace lives. */
export function cacheControl({ expiresAt }: TraceRecord): string {
  const left = expiresAt === undefined ? YEAR : Math.floor((expiresAt - Date.now()) / 1000);
  const seconds = Math.max(0, Math.min(YEAR, left));
  return `public, max-age=${seconds}, s-maxage=${Math.min(seconds, SHARED)}, immutable`;
}

/** The server's own address, without a slash at the end. */
export function originOf(sharing: TraceSharing, request: Request): string {
  return sharing.origin ?? new URL(request.url).origin;
}

/**
 * Storing and deleting is for this server's own pages and for programs: a page elsewhere would do it in its reader's
 * name.
 *
 * @throws {HttpProblem} 403
 */
export function refuseOtherSites(sharing: TraceSharing, request: Request): void {
  const origin = request.headers.get('Origin');
  const site = request.headers.get('Sec-Fetch-Site');
  const own = new Set([originOf(sharing, request), new URL(request.url).origin]);
  if ((origin === null || own.has(origin)) && site !== 'cross-site' && site !== 'same-site') return;
  throw new HttpProblem(
    'forbidden',
    403,
    'traces: expected a request from this server’s own page or from a program, got one from a page elsewhere',
  );
}
