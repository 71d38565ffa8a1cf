/**
 * Renders chat templates in a thread of their own, because a template is a program out of a model's files: it can
 * reach nothing there, and one that doesn't end is ended. The same rendering is not asked for twice.
 */
import { InputError } from '../../shared/errors.ts';
import type { ChatTemplate } from '../../engine/api.ts';
import type { Rendered, Rendering } from './chat-worker.ts';

/** Milliseconds; the first time counts from when the thread's code is there. */
const LIMIT = 2000;
/** Characters of a template, and of what it may make of a prompt. */
const TEMPLATE_LIMIT = 100_000;
const TEXT_LIMIT = 200_000;

interface Thread {
  readonly worker: Worker;
  readonly ready: Promise<void>;
}

let thread: Thread | undefined;
let last: { readonly ask: Rendering; readonly text: Promise<string> } | undefined;

function start(): Thread {
  const worker = new Worker(new URL('./chat-worker.ts', import.meta.url), {
    type: 'module',
    name: 'residscope-chat',
  });
  const ready = new Promise<void>((resolve, reject) => {
    worker.addEventListener('message', () => resolve(), { once: true });
    worker.addEventListener('error', () => reject(new InputError('chat template: its code did not load')), {
      once: true,
    });
  });
  ready.catch(() => (thread = undefined));
  return { worker, ready };
}

/**
 * The prompt as the one message of a user, with the place opened where the model would answer.
 *
 * @throws {InputError} with the template's own complaint.
 */
export function renderChat(chat: ChatTemplate, text: string): Promise<string> {
  const ask: Rendering = { ...chat, text };
  if (last?.ask.text === text && last.ask.template === chat.template) return last.text;
  const rendering = render(ask);
  last = { ask, text: rendering };
  rendering.catch(() => (last = undefined));
  return rendering;
}

/** One after the other: answers come in the order of the questions. */
let queue: Promise<unknown> = Promise.resolve();

function render(ask: Rendering): Promise<string> {
  const rendering = queue.then(() => renderNow(ask));
  queue = rendering.catch(() => undefined);
  return rendering;
}

async function renderNow(ask: Rendering): Promise<string> {
  if (ask.template.length > TEMPLATE_LIMIT) {
    throw new InputError(
      `chat template: ${ask.template.length} characters, more than the ${TEMPLATE_LIMIT} that are read here`,
    );
  }
  thread ??= start();
  const { worker, ready } = thread;
  await ready;
  const { text, error } = await new Promise<Rendered>((resolve) => {
    const end = (answer: Rendered): void => {
      clearTimeout(timer);
      worker.onmessage = null;
      resolve(answer);
    };
    const timer = setTimeout(() => {
      worker.terminate();
      thread = undefined;
      end({ error: `it did not end within ${LIMIT / 1000} s` });
    }, LIMIT);
    worker.onmessage = ({ data }: MessageEvent<Rendered>) => end(data);
    worker.postMessage(ask);
  });
  if (error !== undefined) {
    throw new InputError(
      `The model’s chat template can’t be used: ${error}. Switch it off to run the prompt as it is.`,
    );
  }
  if (text === undefined || text.length > TEXT_LIMIT) {
    throw new InputError(
      `The model’s chat template made ${text?.length ?? 'no'} characters of this prompt; ${TEXT_LIMIT} can be used.`,
    );
  }
  return text;
}
