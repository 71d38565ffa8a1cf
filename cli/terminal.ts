/** What a command sees of the process: the two streams, their width and colours, and a way to be stopped. */
import type { WriteStream } from 'node:tty';

export interface Terminal {
  /** Results. Resolves when the text has been taken. */
  readonly print: (text: string) => Promise<void>;
  /** Progress and notes, never results. */
  readonly note: (text: string) => void;
  readonly stderrIsTerminal: boolean;
  /** Characters in a line of standard output. */
  readonly columns: number;
  readonly colors: ColorDepth;
  /** Whether the terminal says that its background is light. */
  readonly lightBackground: boolean;
  readonly signal: AbortSignal;
}

export type ColorDepth = 'none' | '256' | 'true';

type Environment = Readonly<Record<string, string | undefined>>;

/** What a file or a pipe is given: wide enough for a short prompt in one block. */
const DEFAULT_COLUMNS = 120;
const MIN_COLUMNS = 40;

/** Colours only on a terminal; `NO_COLOR` turns them off, `FORCE_COLOR` (0, 2, 3) decides either way. */
export function colorDepth(env: Environment, stream: Partial<WriteStream>): ColorDepth {
  const force = env.FORCE_COLOR;
  if (force !== undefined)
    return force === '0' || force === 'false' ? 'none' : force === '3' ? 'true' : '256';
  if ((env.NO_COLOR ?? '') !== '' || stream.isTTY !== true || env.TERM === 'dumb') return 'none';
  const bits = stream.getColorDepth?.(env) ?? 1;
  return bits >= 24 ? 'true' : bits >= 8 ? '256' : 'none';
}

export function columnsOf(env: Environment, stream: Partial<WriteStream>): number {
  const said = stream.isTTY === true ? stream.columns : Number(env.COLUMNS);
  return said !== undefined && Number.isInteger(said) && said > 0
    ? Math.max(said, MIN_COLUMNS)
    : DEFAULT_COLUMNS;
}

/** `COLORFGBG=0;15`: the last number is the background, 7 and 15 are light. */
export function hasLightBackground(env: Environment): boolean {
  return ['7', '15'].includes(env.COLORFGBG?.split(';').at(-1) ?? '');
}

/** The process's own streams. A reader that goes away early (`| head`) ends the process without a word. */
export function processTerminal(signal: AbortSignal): Terminal {
  const { stdout, stderr, env } = process;
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  }
  return {
    print: (text) =>
      new Promise((resolve) => {
        stdout.write(text, () => resolve());
      }),
    note: (text) => void stderr.write(text),
    stderrIsTerminal: stderr.isTTY,
    columns: columnsOf(env, stdout),
    colors: colorDepth(env, stdout),
    lightBackground: hasLightBackground(env),
    signal,
  };
}
