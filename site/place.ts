/** Where the site is served: at a server's root, or under any path of a static host. */

/** The folder that holds index.html, with a slash at its end. The same in the page's thread and in others. */
export function siteAddress(): URL {
  // What is built lies in assets/, beside index.html; Vite's own server has no such folder.
  const here = import.meta.url;
  return import.meta.env.DEV ? new URL('/', location.href) : new URL('../', here);
}
