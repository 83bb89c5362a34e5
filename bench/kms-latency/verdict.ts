// SPDX-License-Identifier: Apache-2.0
import { type LatencyResult, type LatencyRow, ratios } from './result.ts';

/** What was asked for: the same throughput within 10 % where KMS takes 30 ms. */
export const WANTED = { share: 0.9, latencyMs: 30 } as const;

export type Verdict = 'reached' | 'not reached' | 'not decided';

/** A difference to what is wanted that is smaller than the noise decides nothing, in either direction. */
export function verdictOf(measured: number, noise: number): Verdict {
  if (Number.isNaN(measured) || noise > Math.abs(measured - WANTED.share)) return 'not decided';
  return measured >= WANTED.share ? 'reached' : 'not reached';
}

/** What a slow KMS leaves of the throughput at least, and with how many clients; NaN where nothing of it was measured. */
export function leastLeft(
  rows: LatencyResult['rows'],
  which: (row: LatencyRow) => boolean,
): { readonly share: number; readonly clients: number } {
  const [worst] = ratios(rows.filter(which)).toSorted((a, b) => a.ratio - b.ratio);
  return { share: worst?.ratio ?? Number.NaN, clients: worst?.row.clients ?? 0 };
}

/** A slow KMS makes nothing faster: what is above 1 is noise. */
export const noiseOf = (rows: LatencyResult['rows']): number =>
  Math.max(0, ...ratios(rows).map(({ ratio }) => ratio - 1));

export const isReady = ({ operation, pool }: LatencyRow): boolean => operation === 'create' && pool;
export const isWithoutPool = ({ operation, pool }: LatencyRow): boolean => operation === 'create' && !pool;
export const isHot = ({ operation }: LatencyRow): boolean => operation === 'decrypt-hot';
