// SPDX-License-Identifier: Apache-2.0
import { OUTCOMES } from './classify.ts';
import type { Place } from './probes.ts';
import type { Reading } from './run.ts';

/**
 * The line that a run writes: CloudWatch makes three metrics of it, with the dimension `Canary` (CloudWatch User Guide,
 * "Specification: Embedded metric format"). Zeros are written too, so that no data always means no run.
 * @param now ms since the epoch
 */
export function reportLine(
  namespace: string,
  place: Place,
  readings: readonly Reading[],
  now: number,
): string {
  const counts = OUTCOMES.map((outcome) => [
    outcome,
    readings.filter((reading) => reading.outcome === outcome).length,
  ]);
  return JSON.stringify({
    _aws: {
      Timestamp: now,
      CloudWatchMetrics: [
        {
          Namespace: namespace,
          Dimensions: [['Canary']],
          Metrics: OUTCOMES.map((Name) => ({ Name, Unit: 'Count' })),
        },
      ],
    },
    Canary: place,
    ...Object.fromEntries(counts),
    readings,
  });
}

/** Past the console, which Lambda's runtime wraps in words of its own: metrics are made of lines that are JSON alone. */
export function writeLine(line: string): void {
  process.stdout.write(`${line}\n`);
}
