/** A model at an https address that leads to files on this machine: pages may connect over https only. */
import type { BrowserContext } from 'playwright-core';

/** @param files by name; what is not there answers 404. */
export async function routeModel(
  context: BrowserContext,
  address: string,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  await context.route(`${address}**`, async (route) => {
    const request = route.request();
    const headers = {
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'range',
      'access-control-expose-headers': 'content-range, content-length, accept-ranges, etag',
      'accept-ranges': 'bytes',
    };
    if (request.method() === 'OPTIONS') return route.fulfill({ status: 204, headers });
    const bytes = files.get(request.url().slice(address.length).replace(/\?.*$/, ''));
    if (!bytes) return route.fulfill({ status: 404, headers });
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers()['range'] ?? '');
    if (!range) return route.fulfill({ status: 200, headers, body: Buffer.from(bytes) });
    const from = Number(range[1]);
    const to = Math.min(range[2] ? Number(range[2]) + 1 : bytes.length, bytes.length);
    return route.fulfill({
      status: 206,
      headers: { ...headers, 'content-range': `bytes ${from}-${to - 1}/${bytes.length}` },
      body: Buffer.from(bytes.subarray(from, to)),
    });
  });
}
