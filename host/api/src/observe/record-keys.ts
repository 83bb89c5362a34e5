// SPDX-License-Identifier: Apache-2.0
import type { RecordKeyFigures } from '@enclave-vault/vault';
import type { COUNTERS, Labels, Meter } from './meter.ts';

type Counted = Exclude<keyof RecordKeyFigures, 'ready'>;

const SERIES: Readonly<Record<Counted, readonly [keyof typeof COUNTERS, Labels]>> = {
  fromPool: ['record_keys_total', { from: 'pool' }],
  fromKms: ['record_keys_total', { from: 'kms' }],
  made: ['record_keys_made_total', { result: 'ok' }],
  failed: ['record_keys_made_total', { result: 'failed' }],
  dropped: ['record_keys_made_total', { result: 'dropped' }],
};
const COUNTED = Object.keys(SERIES) as Counted[];

/**
 * Hands on what the vault counted since it was called last: the vault knows no meter, and a Lambda function's runs only while it
 * answers.
 * @param figures undefined while the vault is not open
 */
export function recordKeyCounts(figures: () => RecordKeyFigures | undefined, meter: Meter): () => void {
  const told: Record<Counted, number> = { fromPool: 0, fromKms: 0, made: 0, failed: 0, dropped: 0 };
  return () => {
    const now = figures();
    if (now === undefined) return;
    for (const counted of COUNTED) {
      const more = now[counted] - told[counted];
      if (more <= 0) continue;
      meter.count(...SERIES[counted], more);
      told[counted] += more;
    }
  };
}
