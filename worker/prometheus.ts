/**
 * Counters in Prometheus's text format 0.0.4. Labels are route patterns, methods and statuses: few values each. Written
 * here because prom-client reads the process, the cluster and the disk of Node, which this server has no permission for.
 */
import type { Counter, Metrics, RequestCount } from './ports.ts';

/** Upper bounds of the histogram, in seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

const COUNTERS: Readonly<Record<Counter, readonly [name: string, label: string, help: string]>> = {
  prompt_cache: ['residscope_prompt_cache_total', 'result', 'Texts found in the prompt cache, or not.'],
  store_errors: ['residscope_store_errors_total', 'store', 'Failures and time-outs of stores.'],
  rate_limited: ['residscope_rate_limited_total', 'budget', 'Requests refused with 429.'],
};

interface Histogram {
  /** Of each bucket by itself; the last is above all bounds. */
  readonly counts: number[];
  /** Seconds. */
  sum: number;
}

export class PrometheusMetrics implements Metrics {
  readonly #requests = new Map<string, number>();
  readonly #times = new Map<string, Histogram>();
  readonly #counters = new Map<Counter, Map<string, number>>();

  request({ method, route, status, ms }: RequestCount): void {
    const labels = `method="${escaped(method)}",route="${escaped(route)}",status="${status}"`;
    this.#requests.set(labels, (this.#requests.get(labels) ?? 0) + 1);
    const seconds = ms / 1000;
    const label = `route="${escaped(route)}"`;
    const times = this.#times.get(label) ?? { counts: new Array<number>(BUCKETS.length + 1).fill(0), sum: 0 };
    this.#times.set(label, times);
    const found = BUCKETS.findIndex((bound) => seconds <= bound);
    const bucket = found < 0 ? BUCKETS.length : found;
    times.counts[bucket] = (times.counts[bucket] ?? 0) + 1;
    times.sum += seconds;
  }

  count(counter: Counter, label: string): void {
    const labels = this.#counters.get(counter) ?? new Map<string, number>();
    this.#counters.set(counter, labels);
    labels.set(label, (labels.get(label) ?? 0) + 1);
  }

  /** Everything since the process started, of this process alone. */
  text(): string {
    return `${[...this.#requestLines(), ...this.#timeLines(), ...this.#counterLines()].join('\n')}\n`;
  }

  *#requestLines(): Generator<string> {
    yield* head('residscope_http_requests_total', 'counter', 'Requests answered.');
    for (const [labels, count] of this.#requests) yield `residscope_http_requests_total{${labels}} ${count}`;
  }

  *#timeLines(): Generator<string> {
    const name = 'residscope_http_request_duration_seconds';
    yield* head(name, 'histogram', 'Seconds to the head of the answer.');
    for (const [label, { counts, sum }] of this.#times) {
      let total = 0;
      for (const [i, count] of counts.entries()) {
        total += count;
        yield `${name}_bucket{${label},le="${BUCKETS[i] ?? '+Inf'}"} ${total}`;
      }
      yield `${name}_sum{${label}} ${sum}`;
      yield `${name}_count{${label}} ${total}`;
    }
  }

  *#counterLines(): Generator<string> {
    for (const counter of Object.keys(COUNTERS) as Counter[]) {
      const [name, label, help] = COUNTERS[counter];
      yield* head(name, 'counter', help);
      for (const [value, count] of this.#counters.get(counter) ?? []) {
        yield `${name}{${label}="${escaped(value)}"} ${count}`;
      }
    }
  }
}

function* head(name: string, type: string, help: string): Generator<string> {
  yield `# HELP ${name} ${help}`;
  yield `# TYPE ${name} ${type}`;
}

function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`));
}
