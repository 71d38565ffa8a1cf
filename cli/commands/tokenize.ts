/** `residscope tokenize MODEL TEXT` */
import { COMMON_OPTIONS, commonArguments, parse } from '../arguments.ts';
import { HELP } from '../help.ts';
import { resolvePrompt, withModel } from '../open-model.ts';
import { makeProgress } from '../progress.ts';
import type { Terminal } from '../terminal.ts';

export async function tokenize(args: readonly string[], terminal: Terminal): Promise<void> {
  const { values, positionals } = parse(args, COMMON_OPTIONS);
  if (values.help) return terminal.print(HELP.tokenize);
  const common = commonArguments(values, positionals, { emptyText: true });
  const result = await withModel(common, terminal, makeProgress(terminal), async ({ tokenizer }) => {
    const { encoding, text, fromIds } = await resolvePrompt(common.prompt, tokenizer, {
      emptyText: true,
      signal: terminal.signal,
    });
    const { ids, tokens, offsets } = encoding;
    return { ids, tokens, offsets, ...(fromIds ? { text } : {}) };
  });
  await terminal.print(`${JSON.stringify(result)}\n`);
}
