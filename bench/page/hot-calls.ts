// SPDX-License-Identifier: Apache-2.0
import type { Row } from '../system/measure.ts';

/** Operations whose records' keys the enclave should have. */
const HOT = ['decrypt-hot', 'expressions'];

/** Why an operation on hot records asked KMS all the same; nothing where none did. */
export function hotCalls<R extends Row>(rows: readonly R[], hot: number, nameOf: (row: R) => string): string {
  const asked = rows
    .filter(({ operation, kmsCalls }) => HOT.includes(operation) && kmsCalls !== null && kmsCalls > 0)
    .map((row) => {
      const calls = Math.round((row.kmsCalls ?? 0) * row.perSecond * row.elapsed);
      const said = `${calls.toLocaleString('en-US')} calls`;
      return `**${row.operation}** with ${nameOf(row)} (${calls === hot ? `${said}, one for each` : `about ${said}`})`;
    });
  if (asked.length === 0) return '';
  return `
Hot records ask KMS only when their keys are not in the enclave yet, or were there [for a minute](key-cache.md). The hot set has ${hot.toLocaleString('en-US')} records, and reads of that kind fell into the measured time of ${asked.join(', ')}: their figures are of both kinds of reads.`;
}
