/** Leads a browser's requests for the hub to the double on this machine: pages may connect over https only. */
import type { BrowserContext } from 'playwright-core';
import type { HubServer } from './hub-server.ts';

export async function routeHub(context: BrowserContext, { hub }: HubServer): Promise<void> {
  await context.route('https://huggingface.co/**', async (route) => {
    const { pathname, search } = new URL(route.request().url());
    // Follows the redirect to the double's storage, as a browser does.
    const response = await route.fetch({ url: new URL(pathname.slice(1) + search, hub).href });
    await route.fulfill({ response });
  });
}
