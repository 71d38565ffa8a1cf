/** The built library, as tests see it: what others import, not the sources. */
import { pathToFileURL } from 'node:url';
import type * as Entry from '../../engine/node.ts';
import { pathOf } from './addresses.ts';

export type Library = typeof Entry;

/** `dist/lib/node.js`. Build first: `npm run build:lib`. */
export async function importLibrary(): Promise<Library> {
  return (await import(pathToFileURL(pathOf('dist/lib/node.js')).href)) as Library;
}
