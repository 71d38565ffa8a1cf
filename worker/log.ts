/** The log: one line of JSON an event, which the platform's log search reads. */
import type { Log, LogFields } from './ports.ts';

/** Characters of an error's message or stack that are kept. */
const LONGEST = 1000;

/** JSON escapes every control character, so that nothing a caller sends can begin a line of its own. */
export const consoleLog: Log = {
  write(level, event, fields = {}) {
    console[level](JSON.stringify({ level, event, ...fields }));
  },
};

/** An error for the log: its kind and where it was thrown. A parser's message quotes its input, so it is left out. */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  const where = /\n\s+at [^]*/.exec(error.stack ?? '')?.[0].trim();
  return {
    error: error.name,
    ...(error instanceof SyntaxError ? {} : { message: error.message.slice(0, LONGEST) }),
    ...(where === undefined ? {} : { stack: where.slice(0, LONGEST) }),
  };
}
