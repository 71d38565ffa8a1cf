/** In a page: loads models as the page's engine does and tells how that went to whoever drives the browser. */
import type { LoadOptions } from '../../engine/api.ts';
import type * as Web from '../../engine/web.ts';

export interface VisitRequest {
  readonly source: string;
  readonly hub: string;
  /** The folder of onnxruntime-web's files, as the built page has it. */
  readonly runtime: string;
  readonly ids: readonly number[];
  readonly options?: Pick<LoadOptions, 'token' | 'memory'>;
  /** Runs with other hooks too, which takes other sessions. */
  readonly again?: boolean;
}

export interface Visit {
  /** The last position's top token. */
  readonly top: number;
  readonly revision: string | undefined;
  readonly note: string | undefined;
  readonly checks: readonly (readonly [name: string, status: string])[];
  /** Bytes that had arrived when the first row came, and in the end. */
  readonly loadedAtFirstRow: number;
  readonly loaded: number;
  readonly total: number;
  /** Numbers in the weights. */
  readonly parameters: number;
  readonly tellings: number;
  /** Milliseconds. */
  readonly firstRow: number;
  readonly done: number;
}

/** Where the driver may look while a visit goes on. */
export interface VisitState {
  firstRow: number | undefined;
  done: boolean;
}

const library = import(/* @vite-ignore */ `${location.origin}/dist/lib/web.js`) as Promise<typeof Web>;
const state: VisitState = { firstRow: undefined, done: false };

async function visit({ source, hub, runtime, ids, options, again = false }: VisitRequest): Promise<Visit> {
  const { LensModel, configureRuntime } = await library;
  configureRuntime({ base: new URL(runtime, location.href), hub: new URL(hub) });
  let tellings = 0;
  const started = performance.now();
  Object.assign(state, { firstRow: undefined, done: false });
  const model = await LensModel.load(source, { ...options, device: 'wasm', onProgress: () => tellings++ });
  try {
    let [top, loadedAtFirstRow] = [-1, -1];
    let checks: Visit['checks'] = [];
    for await (const event of model.stream(ids)) {
      if (event.type === 'readings') {
        top = event.readings.topIds[(ids.length - 1) * event.readings.k] ?? -1;
        if (state.firstRow === undefined) {
          loadedAtFirstRow = model.progress.loadedBytes;
          state.firstRow = performance.now() - started;
        }
      }
      if (event.type === 'checks') checks = event.checks.map((c) => [c.name, c.status]);
    }
    if (again) for (const tensor of (await model.runWithCache(ids)).values()) tensor.dispose();
    state.done = true;
    return {
      top,
      revision: model.revision,
      note: model.note,
      checks,
      loadedAtFirstRow,
      loaded: model.progress.loadedBytes,
      total: model.progress.totalBytes,
      parameters: [...model.spec.shapes.values()].reduce((n, s) => n + s.reduce((a, b) => a * b, 1), 0),
      tellings,
      firstRow: state.firstRow ?? NaN,
      done: performance.now() - started,
    };
  } finally {
    await model.dispose();
  }
}

/** What the driver of the browser finds in this page. */
export interface LoadingPage {
  readonly loading: {
    readonly visit: typeof visit;
    readonly state: VisitState;
    listKept(): Promise<Web.KeptModel[]>;
    deleteKept(id: string): Promise<boolean>;
    askPersistence(): Promise<boolean>;
  };
}

Object.assign(globalThis, {
  loading: {
    visit,
    state,
    listKept: async () => (await library).listKept(),
    deleteKept: async (id) => (await library).deleteKept(id),
    askPersistence: async () => (await library).askPersistence(),
  },
} satisfies LoadingPage);
