// SPDX-License-Identifier: Apache-2.0
import { COUNTERS, type Labels, type Meter, type RequestLabels } from './meter.ts';

/** Upper bounds of the duration buckets, in seconds. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Of one series: how often, how long in all (seconds), and how many at or below each bound. */
interface Histogram {
  count: number;
  sum: number;
  buckets: number[];
}

/**
 * Counters and durations in the Prometheus text format (version 0.0.4).
 */
export class Metrics implements Meter {
  readonly #counters = new Map<string, Map<string, number>>();
  readonly #durations = new Map<string, Histogram>();
  #inFlight = 0;

  started(): void {
    this.#inFlight += 1;
  }

  finished(labels: RequestLabels, seconds: number): void {
    this.#inFlight -= 1;
    this.count('http_requests_total', { ...labels });
    const key = series({ method: labels.method, route: labels.route });
    const histogram = this.#durations.get(key) ?? { count: 0, sum: 0, buckets: BOUNDS.map(() => 0) };
    histogram.count += 1;
    histogram.sum += seconds;
    BOUNDS.forEach((bound, index) => {
      if (seconds <= bound) histogram.buckets[index] = (histogram.buckets[index] ?? 0) + 1;
    });
    this.#durations.set(key, histogram);
  }

  count(name: keyof typeof COUNTERS, labels: Labels, by = 1): void {
    const counter = this.#counters.get(name) ?? new Map<string, number>();
    const key = series(labels);
    counter.set(key, (counter.get(key) ?? 0) + by);
    this.#counters.set(name, counter);
  }

  /**
   * @param up 1 for each part of the vault that works, 0 for each that does not
   * @param recordKeys pairs that are ready; undefined while the vault is not open
   */
  text(up: Readonly<Record<string, boolean>>, recordKeys?: number): string {
    const lines: string[] = [];
    const head = (name: string, type: string, help: string) =>
      lines.push(`# HELP ${PREFIX}${name} ${help}`, `# TYPE ${PREFIX}${name} ${type}`);
    for (const [name, help] of Object.entries(COUNTERS)) {
      head(name, 'counter', help);
      for (const [key, value] of this.#counters.get(name) ?? [])
        lines.push(`${PREFIX}${name}{${key}} ${value}`);
    }
    head('http_request_duration_seconds', 'histogram', 'Time from request to answer.');
    for (const [key, { count, sum, buckets }] of this.#durations) {
      const name = `${PREFIX}http_request_duration_seconds`;
      BOUNDS.forEach((bound, index) => {
        lines.push(`${name}_bucket{${key},le="${bound}"} ${buckets[index]}`);
      });
      lines.push(`${name}_bucket{${key},le="+Inf"} ${count}`, `${name}_sum{${key}} ${sum.toFixed(6)}`);
      lines.push(`${name}_count{${key}} ${count}`);
    }
    head('http_requests_in_flight', 'gauge', 'Requests being answered now.');
    lines.push(`${PREFIX}http_requests_in_flight ${this.#inFlight}`);
    head('up', 'gauge', 'Parts of the vault that work.');
    for (const [part, works] of Object.entries(up))
      lines.push(`${PREFIX}up{part="${part}"} ${works ? 1 : 0}`);
    if (recordKeys !== undefined) {
      head('record_keys_ready', 'gauge', 'Key pairs that are ready for new records.');
      lines.push(`${PREFIX}record_keys_ready ${recordKeys}`);
    }
    head('resident_memory_bytes', 'gauge', 'Memory of the API process.');
    lines.push(`${PREFIX}resident_memory_bytes ${process.memoryUsage.rss()}`);
    head('start_time_seconds', 'gauge', 'When the API process started.');
    lines.push(`${PREFIX}start_time_seconds ${(performance.timeOrigin / 1000).toFixed(3)}`);
    return `${lines.join('\n')}\n`;
  }
}

const PREFIX = 'enclave_vault_';

function series(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, '_')}"`)
    .join(',');
}
