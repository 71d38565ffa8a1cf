/** The engine's own thread: the library and its host, wired to the page's messages. */
import { configureRuntime, LensModel } from '../../engine/web-model.ts';
import { siteAddress } from '../place.ts';
import { EngineHost } from './host.ts';
import type { FromWorker, ToWorker } from './protocol.ts';

/** The part of a worker's global scope that is used: the page's types know a window only. */
interface Scope {
  postMessage(message: FromWorker, transfer: ArrayBuffer[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<ToWorker>) => void): void;
}
const scope = self as unknown as Scope;

const root = siteAddress();
configureRuntime({
  base: new URL(`ort/${__ORT_VERSION__}/`, root),
  models: new URL('models/', root),
});

const host = new EngineHost({
  load: async ({ source, files }, options) => {
    if (!files) return LensModel.load(source, options);
    const { blobFiles } = await import('../../engine/blob-source.ts');
    return LensModel.load(blobFiles(files), options);
  },
  post: (message, transfer) => scope.postMessage(message, transfer),
});
scope.addEventListener('message', ({ data }) => host.receive(data));
