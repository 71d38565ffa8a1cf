/** Products of head matrices on the device: one session a graph, made on first use. */
import type { OnnxModel } from '../shared/graph/onnx.ts';
import type { Runtime, Session, Tensor } from './runtime.ts';

export class HeadProducts {
  readonly #runtime: Runtime;
  readonly #graphs: Readonly<Record<string, () => OnnxModel>>;
  readonly #sessions = new Map<string, Session>();

  /** @param graphs by the name of the one output of each. */
  constructor(runtime: Runtime, graphs: Readonly<Record<string, () => OnnxModel>>) {
    this.#runtime = runtime;
    this.#graphs = graphs;
  }

  async run(name: string, feeds: Readonly<Record<string, Tensor>>): Promise<Float32Array> {
    const graph = this.#graphs[name];
    if (!graph) throw new RangeError(`heads: no product named ${name}`);
    const session = this.#sessions.get(name) ?? (await this.#runtime.session(`heads: ${name}`, graph()));
    this.#sessions.set(name, session);
    const tensor = (await session.run(feeds))[name] as Tensor;
    const data = await this.#runtime.read(tensor);
    if (tensor.location === 'gpu-buffer') tensor.dispose();
    return data;
  }

  floats(data: Float32Array, ...dims: number[]): Tensor {
    return this.#runtime.floats(data, dims);
  }

  async dispose(): Promise<void> {
    for (const session of this.#sessions.values()) await session.release();
    this.#sessions.clear();
  }
}
