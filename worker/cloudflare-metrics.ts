/**
 * Counters on Cloudflare: points of an Analytics Engine dataset. `blob1` is `request` or a counter's name, then method,
 * route and status or the counter's label; `double1` milliseconds; docs/deploy.md has queries.
 */
import type { Counter, Metrics, RequestCount } from './ports.ts';

export class CloudflareMetrics implements Metrics {
  readonly #dataset: AnalyticsEngineDataset;

  constructor(dataset: AnalyticsEngineDataset) {
    this.#dataset = dataset;
  }

  request({ method, route, status, ms }: RequestCount): void {
    this.#dataset.writeDataPoint({
      indexes: [route],
      blobs: ['request', method, route, String(status)],
      doubles: [ms],
    });
  }

  count(counter: Counter, label: string): void {
    this.#dataset.writeDataPoint({ indexes: [counter], blobs: [counter, label], doubles: [0] });
  }
}
