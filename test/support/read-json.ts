/** JSON files of the checkout or of `../shared`, parsed and not yet trusted. */
import { readFileSync } from 'node:fs';
import { pathOf } from './addresses.ts';

/** @param address as in {@link pathOf}: `shared/…` or a path in the checkout. */
export function readJson(address: string): unknown {
  return JSON.parse(readFileSync(pathOf(address), 'utf8'));
}
