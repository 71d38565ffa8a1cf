#!/usr/bin/env node
/** `residscope`: the library on the command line. Ctrl-C stops a run between blocks; a second one ends the process. */
import { run } from './run.ts';
import { processTerminal } from './terminal.ts';

const controller = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());

const status = await run(process.argv.slice(2), processTerminal(controller.signal));
// The runtime's threads would keep the process alive.
process.exit(status);
