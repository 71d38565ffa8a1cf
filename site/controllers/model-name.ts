/** What a reader types to name a model, made into the string that names it everywhere. */

const HUB = /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*(?:\/[\w-][\w.-]*\.gguf)?(?:@[\w][\w./-]*)?$/;

/**
 * `owner/name`, `owner/name@revision`, or an address; a page of the hub is taken for the model that it shows.
 *
 * @param revision goes behind a hub id that has none.
 * @returns undefined for what can't name a model.
 */
export function namedSource(text: string, revision = ''): string | undefined {
  const name = text.trim();
  const page = /^https:\/\/huggingface\.co\/([^/]+\/[^/?#]+)\/?(?:tree\/([\w.-]+)\/?)?$/.exec(name);
  const hub = page ? [page[1], page[2]].filter((part) => part !== undefined).join('@') : name;
  if (HUB.test(hub)) {
    const at = revision.trim();
    return at === '' || hub.includes('@') ? hub : `${hub}@${at}`;
  }
  if (!/^https?:\/\//.test(name) || !URL.canParse(name)) return undefined;
  // Without a token or a name in it: it goes into this page's address.
  const { username, password } = new URL(name);
  return username === '' && password === '' ? name : undefined;
}
