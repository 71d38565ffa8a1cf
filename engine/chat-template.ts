/**
 * A model's chat template, as tokenizer_config.json (or a GGUF's metadata) has it; `open-weights.ts` puts that of
 * chat_template.jinja there where it has none. Rendering it is the page's affair.
 */
import type { JsonObject } from '../shared/formats/json.ts';
import type { ChatTemplate } from './api.ts';

/** Of several named templates the default one. @returns nothing for a model that has none. */
export function readChatTemplate(tokenizerConfig: JsonObject): ChatTemplate | undefined {
  const template = templateOf(tokenizerConfig['chat_template']);
  if (template === undefined) return undefined;
  return {
    template,
    bosToken: tokenText(tokenizerConfig['bos_token']),
    eosToken: tokenText(tokenizerConfig['eos_token']),
  };
}

function templateOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  if (!Array.isArray(value)) return undefined;
  const named = (value as readonly unknown[]).find((entry) => field(entry, 'name') === 'default');
  const template = field(named, 'template');
  return typeof template === 'string' ? template : undefined;
}

/** `"<s>"`, or `{ "content": "<s>", … }`. */
function tokenText(value: unknown): string {
  const text = typeof value === 'string' ? value : field(value, 'content');
  return typeof text === 'string' ? text : '';
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
