/** A prompt in tokens: as it is, or in the model's chat template, whose code comes when it is first used. */
import type { Engine } from '../engine/client.ts';
import type { ModelInfo, Tokenized } from '../engine/protocol.ts';
import type { ViewState } from './view-state.ts';

/** @throws {InputError} what is wrong with the template, in its own words. */
export async function encode(
  engine: Engine,
  { chat: template }: ModelInfo,
  { text, bos, chat }: Pick<ViewState, 'text' | 'bos' | 'chat'>,
): Promise<Tokenized> {
  if (!chat || !template) return engine.tokenize(text, bos);
  const { renderChat } = await import('./chat-template.ts');
  // A template writes its own special tokens.
  return engine.tokenize(await renderChat(template, text), false);
}
