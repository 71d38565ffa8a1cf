/** Starts the service worker, once the first table is there and the page has nothing else to do. */
import type { Session } from '../controllers/session.ts';
import { siteAddress } from '../place.ts';
import type { KeepAsk } from './files.ts';

/** Milliseconds after the first table: fetching for later must not slow down what is looked at now. */
const LATER = 1500;

/** Without service workers, or where the browser forbids them, the page is as it was. */
export async function keepForOffline(session: Session): Promise<void> {
  if (!('serviceWorker' in navigator) || !isSecureContext) return;
  await new Promise((resolve) => setTimeout(resolve, LATER));
  const site = siteAddress();
  try {
    await navigator.serviceWorker.register(new URL('sw.js', site), {
      scope: site.pathname,
      updateViaCache: 'none',
    });
    if (session.store.state.info?.device.name !== 'webgpu') return;
    const { active } = await navigator.serviceWorker.ready;
    active?.postMessage({ keep: 'webgpu' } satisfies KeepAsk);
  } catch {
    // Storage is full or off, or a file did not come: the next visit tries again.
  }
}
