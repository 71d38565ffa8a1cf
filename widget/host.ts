/** Whose widget this is: the server that the script came from knows its traces by id and has the engine. */
import type { TraceData } from '../shared/trace/data.ts';
import { promptOf } from './view.ts';

/** Set by the build; in no build, as in tests, nobody hosts it. */
declare const __WIDGET_IS_HOSTED__: boolean | undefined;

/**
 * The folder of the script, with a slash at its end; undefined in a bundle or a file of somebody else's, whose
 * address says nothing about a server of ours.
 */
export function scriptHost(): URL | undefined {
  const script: string = import.meta.url;
  if (typeof __WIDGET_IS_HOSTED__ === 'undefined' || !__WIDGET_IS_HOSTED__ || !/^https?:/.test(script))
    return undefined;
  return new URL('.', script);
}

/** What `host` says, as a folder. Undefined: not an address of a server. */
export function hostOf(text: string | null, base: string): URL | undefined {
  if (text === null || !URL.canParse(text, base)) return undefined;
  const url = new URL(text, base);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return new URL('.', url);
}

/**
 * Where a lens opens in the page of its host: a stored one as it is, others by their prompt, which stays in the browser.
 *
 * @param id of a stored trace.
 */
export function pageAddress(
  host: URL | undefined,
  id: string | undefined,
  trace: TraceData,
): URL | undefined {
  if (!host || id !== undefined) return host && new URL(`t/${id ?? ''}`, host);
  const fragment = new URLSearchParams({ model: trace.model.id, prompt: promptOf(trace) });
  return new URL(`#${fragment.toString().replaceAll('+', '%20')}`, host);
}
