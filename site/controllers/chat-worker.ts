/** The thread in which chat templates run: one message in, one text out. `@huggingface/jinja` interprets, it has no eval. */
import { Template } from '@huggingface/jinja';
import { messageOf } from '../../shared/errors.ts';
import type { ChatTemplate } from '../../engine/api.ts';

export interface Rendering extends ChatTemplate {
  readonly text: string;
}

export interface Rendered {
  readonly text?: string;
  readonly error?: string;
}

/** The part of a worker's global scope that is used: the page's types know a window only. */
interface Scope {
  postMessage(message: Rendered): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<Rendering>) => void): void;
}
const scope = self as unknown as Scope;

function render({ template, bosToken, eosToken, text }: Rendering): Rendered {
  try {
    const rendered = new Template(template).render({
      messages: [{ role: 'user', content: text }],
      add_generation_prompt: true,
      bos_token: bosToken,
      eos_token: eosToken,
    });
    return { text: rendered };
  } catch (error) {
    return { error: messageOf(error).slice(0, 300) };
  }
}

scope.addEventListener('message', ({ data }) => scope.postMessage(render(data)));
// Says that it is ready.
scope.postMessage({});
