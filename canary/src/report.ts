// SPDX-License-Identifier: Apache-2.0
import type { Verdict } from './classify.ts';
import type { Place } from './probes.ts';
import type { Reading } from './run.ts';
import type { CanaryConfig } from './settings.ts';

const DAY_MS = 86_400_000;

/** Who reports on AWS by a line: the two functions that probe, and the control. */
export type Reporter = Exclude<Place, 'parent' | 'local'> | 'control';

/** What each of them counts: an alarm stands on a metric that its canary writes, and on no other. */
export const METRICS: Readonly<Record<Reporter, readonly Verdict[]>> = {
  inside: ['ExpectedDenied', 'UnexpectedAllow', 'PolicyDrift', 'CanaryError', 'AsDeployed'],
  outside: ['ExpectedDenied', 'UnexpectedAllow', 'CanaryError'],
  control: ['ControlPassed', 'CanaryError'],
};

/**
 * The line that a run writes: CloudWatch makes its metrics of it, and one more where a certificate's end is known, with the
 * dimension `Canary` (CloudWatch User Guide, "Specification: Embedded metric format"). Zeros are written too, so that no
 * data always means no run.
 * @param now ms since the epoch
 */
export function reportLine(
  { metricsNamespace, certificateEnds }: Pick<CanaryConfig, 'metricsNamespace' | 'certificateEnds'>,
  place: Reporter,
  readings: readonly Reading[],
  now: number,
): string {
  const counts = METRICS[place].map((outcome) => [
    outcome,
    readings.filter((reading) => reading.outcome === outcome).length,
  ]);
  // Below zero once it has ended.
  const left =
    certificateEnds === undefined
      ? {}
      : { CertificateDaysLeft: Math.floor((certificateEnds - now) / DAY_MS) };
  return JSON.stringify({
    _aws: {
      Timestamp: now,
      CloudWatchMetrics: [
        {
          Namespace: metricsNamespace,
          Dimensions: [['Canary']],
          Metrics: [...METRICS[place], ...Object.keys(left)].map((Name) => ({ Name, Unit: 'Count' })),
        },
      ],
    },
    Canary: place,
    ...Object.fromEntries(counts),
    ...left,
    readings,
  });
}

/** Past the console, which Lambda's runtime wraps in words of its own: metrics are made of lines that are JSON alone. */
export function writeLine(line: string): void {
  process.stdout.write(`${line}\n`);
}
