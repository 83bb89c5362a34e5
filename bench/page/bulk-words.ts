// SPDX-License-Identifier: Apache-2.0
import { BULK_OPTIONS } from '../bulk/options.ts';
import type { BulkResult } from '../bulk/result.ts';
import { KMS_PAIRS, KMS_SYMMETRIC } from '../model/quotas.ts';
import { figure } from '../support/table.ts';
import { commandOf } from './command.ts';

/** KMS's, requests a second: the lower of the two Regions. */
export const QUOTA = { pairs: KMS_PAIRS, others: Math.min(...Object.values(KMS_SYMMETRIC)) };

/** The number of records is always named: it is what the run is about. */
export function commandOfBulk({ settings }: BulkResult): string {
  const { records, format, concurrency, batch, exportMinutes, vault } = settings;
  const others = { format, concurrency, 'export-minutes': exportMinutes };
  const { records: _, ...presets } = BULK_OPTIONS;
  return [commandOf('bulk', presets, { records, ...others }), ...vault, ...(batch ? ['--batch'] : [])].join(
    ' ',
  );
}

export function duration(seconds: number): string {
  if (seconds < 120) return `${figure(seconds)} s`;
  return seconds < 7200 ? `${figure(seconds / 60)} minutes` : `${figure(seconds / 3600)} hours`;
}
