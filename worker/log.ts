/** The log: one line of JSON an event, which the platform's log search reads. */
import type { Log, LogFields, LogLevel } from './ports.ts';

/** Characters of an error's message or stack that are kept. */
const LONGEST = 1000;

/** JSON escapes every control character, so that nothing a caller sends can begin a line of its own. */
export const consoleLog: Log = {
  write(level, event, fields = {}) {
    console[level](JSON.stringify({ level, event, ...fields }));
  },
};

/** Milliseconds that a line may wait, and lines that wait at most. */
const WAIT = 100;
const WAITING = 200;

/**
 * As {@link consoleLog}, many lines at a time where processes live on between requests: writing each by itself costs
 * more than a warm answer. Errors, and what waits before them, are written at once.
 */
export class BufferedLog implements Log {
  #lines: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  write(level: LogLevel, event: string, fields: LogFields = {}): void {
    this.#lines.push(JSON.stringify({ level, event, ...fields }));
    if (level === 'error' || this.#lines.length >= WAITING) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), WAIT);
  }

  flush(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length === 0) return;
    console.info(this.#lines.join('\n'));
    this.#lines = [];
  }
}

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
