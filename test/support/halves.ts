/**
 * f16 compute without a GPU: the same graphs on wasm, whose runtime casts where it has no kernel for half floats. What
 * goes into a product and comes out of it is rounded as on a GPU; sums inside it are f32.
 */
import type { LoadOptions } from '../../engine/api.ts';
import { Model } from '../../engine/model.ts';
import { openModel } from '../../engine/open-model.ts';
import { openRuntime } from '../../engine/ort-node.ts';
import { resolveNode } from '../../engine/resolve-node.ts';

/** Opens a model on wasm as if that had f16: no reader is offered this. */
export async function loadInHalves(source: string, options: LoadOptions = {}): Promise<Model> {
  const platform = {
    resolve: resolveNode,
    openRuntime: async () => {
      const loaded = await openRuntime('wasm');
      return { ...loaded, device: { ...loaded.device, f16: true } };
    },
  };
  return new Model(await openModel(platform, source, { compute: 'f16', ...options }));
}
