/**
 * Progress on standard error: one line that is written over on a terminal; elsewhere a line every two seconds, so
 * that a quick run says nothing and a long one shows that it lives.
 */
import type { Terminal } from './terminal.ts';

export interface Progress {
  say(text: string): void;
  /** Takes the line away. */
  end(): void;
}

/** Milliseconds between lines. */
const INTERVAL = { terminal: 50, elsewhere: 2000 } as const;

export function makeProgress({ note, stderrIsTerminal, columns }: Terminal): Progress {
  let last = performance.now() - (stderrIsTerminal ? INTERVAL.terminal : 0);
  let shown = false;
  return {
    say(text) {
      const now = performance.now();
      if (now - last < (stderrIsTerminal ? INTERVAL.terminal : INTERVAL.elsewhere)) return;
      last = now;
      note(stderrIsTerminal ? `\r\u001b[K${text.slice(0, columns - 1)}` : `${text}\n`);
      shown = stderrIsTerminal;
    },
    end() {
      if (shown) note('\r\u001b[K');
      shown = false;
    },
  };
}

/** `4.2 of 8.8 MB` */
export function megabytes(loaded: number, total: number): string {
  const mb = (bytes: number) => (bytes / 1e6).toFixed(1);
  return `${mb(loaded)} of ${mb(total)} MB`;
}
