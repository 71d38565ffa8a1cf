/**
 * The engine's frame: a page without content, of this server's own origin, that widgets in other people's pages talk
 * to. So neither the engine's scripts, wasm and workers nor its downloads need anything of the page around it.
 */
import { LIVE_CONNECT, LIVE_VERSION } from '../../shared/live-protocol.ts';
import { startEngine } from '../engine/start.ts';
import { LiveDesk } from './desk.ts';

const desk = new LiveDesk(startEngine());

addEventListener('message', ({ data, ports: [port], source }: MessageEvent<unknown>) => {
  if (source !== parent || parent === window || !port) return;
  if (typeof data !== 'object' || data === null || (data as { type?: unknown }).type !== LIVE_CONNECT) return;
  desk.serve(port);
  port.postMessage({ type: 'ready', version: LIVE_VERSION });
});
