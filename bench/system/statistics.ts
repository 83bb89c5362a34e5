// SPDX-License-Identifier: Apache-2.0

/** The exact quantile of a sample by nearest rank: the smallest value that so large a share is not above. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** Of fewer than this a p99.9 is one or two of the slowest, and no percentile. */
export const SAMPLES_OF_P999 = 5_000;

export const median = (values: readonly number[]): number => quantile(values, 0.5);
