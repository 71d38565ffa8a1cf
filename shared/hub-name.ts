/** How a model of the Hugging Face hub is named: `owner/name`, `owner/name@revision`, `owner/name/FILE.gguf`. */

export const DEFAULT_HUB = 'https://huggingface.co';

/** What a string names on the hub. */
export interface HubName {
  /** `owner/name` */
  readonly repo: string;
  readonly revision: string | undefined;
  /** One file of it, which is the model by itself. */
  readonly gguf: string | undefined;
}

const NAME =
  /^(?<repo>[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*)(?:\/(?<gguf>[\w-][\w.-]*\.gguf))?(?:@(?<revision>[\w][\w./-]*))?$/;

/** @returns undefined for a string that can't name a model on the hub. */
export function parseHubName(source: string): HubName | undefined {
  const { repo, revision, gguf } = NAME.exec(source)?.groups ?? {};
  if (repo === undefined || source.length > 300 || source.includes('..')) return undefined;
  return { repo, revision, gguf };
}
