// SPDX-License-Identifier: Apache-2.0
import { atRest } from '../kms-latency/rest.ts';
import { figure, table } from '../support/table.ts';
import type { Load } from './load.ts';
import { measure, type Row, type Settings } from './measure.ts';
import { SAMPLES_OF_P999 } from './statistics.ts';
import type { Measured } from './vault.ts';

/** Requests that come at a rate of their own, whether or not those before were answered. */
export interface OpenRow {
  /** Of the most that clients which wait for their answers got, the best of their numbers. */
  readonly share: number;
  /** Requests a second that came. */
  readonly rate: number;
  readonly row: Row;
  /** Absent in older results: the pool of key pairs was being filled after the operation before, by a KMS on the same cores. */
  readonly rested?: true;
}

/** Those whose cost is not one of the others'. */
const OPERATIONS = ['get', 'create', 'decrypt-hot', 'decrypt-cold'];
/** More than are under way at once while the vault keeps up; a request that finds none free waits, and its latency counts that. */
const CONNECTIONS = 512;

/** @param closed rows of clients that wait for their answers */
export async function openLoop(
  load: Load,
  measured: Measured,
  closed: readonly Row[],
  shares: readonly number[],
  settings: Settings,
  said: (row: Row) => void,
): Promise<OpenRow[]> {
  const found: OpenRow[] = [];
  for (const operation of OPERATIONS) {
    const speeds = closed.filter((row) => row.operation === operation).map(({ perSecond }) => perSecond);
    if (speeds.length === 0) continue;
    for (const share of shares) {
      const rate = share * Math.max(...speeds);
      await atRest(() => measured.kmsCalls());
      const row = await measure(load, measured, operation, CONNECTIONS, { ...settings, rate });
      found.push({ share, rate, row, rested: true });
      said(row);
    }
  }
  return found;
}

export function openTable(rows: readonly OpenRow[]): string {
  return table(
    ['operation', 'share of the most', 'came/s', 'answered/s', 'median ms', 'p99 ms', 'p99.9 ms', 'refused'],
    rows.map(({ share, rate, row }) => [
      row.operation,
      `${(share * 100).toFixed(0)} %`,
      figure(rate),
      figure(row.perSecond),
      figure(row.median),
      figure(row.p99),
      row.requests < SAMPLES_OF_P999 ? '–' : figure(row.p999),
      Object.entries(row.errors)
        .map(([what, count]) => `${count} × ${what}`)
        .join(', ') || '0',
    ]),
  );
}
