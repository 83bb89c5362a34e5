// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_KEY_CACHE } from '@enclave-vault/protocol';
import type { Row } from './measure.ts';

/** Keys that an enclave keeps by default (docs/key-cache.md). */
export const CACHED_KEYS = DEFAULT_KEY_CACHE.entries;

/** Says of which rows the cold set came again although the enclaves keep its keys: these asked KMS for a part alone. Empty where there are none. */
export function repeatedCold<R extends Pick<Row, 'coldRepeated' | 'operation'>>(
  rows: readonly R[],
  /** Records of the cold set for each enclave. */
  coldEach: (row: R) => number,
  nameOf: (row: R) => string,
): string {
  const found = rows.filter((row) => row.coldRepeated && coldEach(row) <= CACHED_KEYS);
  if (found.length === 0) return '';
  return `Not all cold: ${found.map((row) => `**${row.operation}** ${nameOf(row)}`).join(', ')} went through the cold set more than once, and it has no more records than the ${CACHED_KEYS.toLocaleString('en-US')} that an enclave keeps keys of, so that KMS was not asked for each.`;
}
