/** From the words of a call to an exit status. */
import { messageOf, ResidscopeError } from '../shared/errors.ts';
import { VERSION } from '../shared/version.ts';
import { oneLine, UsageError } from './arguments.ts';
import { activations } from './commands/activations.ts';
import { bake } from './commands/bake.ts';
import { dla } from './commands/dla.ts';
import { heads } from './commands/heads.ts';
import { lens } from './commands/lens.ts';
import { neurons } from './commands/neurons.ts';
import { pca } from './commands/pca.ts';
import { tokenize } from './commands/tokenize.ts';
import { HELP } from './help.ts';
import type { Terminal } from './terminal.ts';

const COMMANDS: Readonly<
  Record<string, ((args: readonly string[], terminal: Terminal) => Promise<void>) | undefined>
> = Object.assign(Object.create(null) as object, {
  tokenize,
  lens,
  activations,
  pca,
  bake,
  heads,
  dla,
  neurons,
});

/** Exit statuses. */
export const STATUS = { done: 0, failed: 1, wrongCall: 2 } as const;

/** Runs a call; what goes wrong becomes one line on standard error. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await dispatch(args, terminal);
    return STATUS.done;
  } catch (error) {
    if (error instanceof UsageError) {
      const command = args[0] !== undefined && args[0] in COMMANDS ? ` ${args[0]}` : '';
      terminal.note(`residscope: ${oneLine(error.message)} (residscope${command} --help says more)\n`);
      return STATUS.wrongCall;
    }
    terminal.note(`residscope: ${oneLine(describe(error))}\n`);
    if (process.env.RESIDSCOPE_DEBUG && error instanceof Error) terminal.note(`${error.stack ?? ''}\n`);
    return STATUS.failed;
  }
}

async function dispatch([name, ...rest]: readonly string[], terminal: Terminal): Promise<void> {
  if (name === undefined) throw new UsageError(`expected a command: ${Object.keys(COMMANDS).join(', ')}`);
  if (['--help', '-h', 'help'].includes(name)) return terminal.print(HELP.main);
  if (name === '--version') return terminal.print(`${VERSION}\n`);
  const command = COMMANDS[name];
  if (command === undefined) {
    throw new UsageError(`expected a command (${Object.keys(COMMANDS).join(', ')}), got "${name}"`);
  }
  await command(rest, terminal);
}

/** Our own errors say what to do; for others we say how to report them. */
function describe(error: unknown): string {
  if (error instanceof ResidscopeError) return error.message;
  return `unexpected: ${messageOf(error)}: run again with RESIDSCOPE_DEBUG=1 and report what it prints`;
}
