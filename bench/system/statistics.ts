// SPDX-License-Identifier: Apache-2.0

/** The exact quantile of a sample by nearest rank: the smallest value that so large a share is not above. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** The slowest hundredth of a sample, slowest first: what {@link pooledP999} needs of it. */
export const slowestOf = (values: readonly number[]): number[] =>
  values.toSorted((a, b) => b - a).slice(0, Math.ceil(values.length / 100));

/** The exact p99.9 of several samples as one, as {@link quantile} has it. Of ten of one size at most: the slowest thousandth of all may lie in one of them. */
export const pooledP999 = (slowest: readonly (readonly number[])[], count: number): number =>
  slowest.flat().toSorted((a, b) => b - a)[Math.floor(count / 1000)] ?? Number.NaN;

/** Of fewer than this a p99.9 is one or two of the slowest, and no percentile. */
export const SAMPLES_OF_P999 = 5_000;

export const median = (values: readonly number[]): number => quantile(values, 0.5);
