// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_KEY_CACHE } from '@enclave-vault/protocol';
import { figure, table } from '../support/table.ts';
import { hotTotals, notAllHot, ofHotSet, steadyCalls } from '../system/hot.ts';
import type { Row } from '../system/measure.ts';

/** KMS calls a decryption of a hot set that are wanted at most. */
const WANTED = 0.05;

/** Why an operation on hot records asked KMS all the same; nothing where none did. */
export function hotCalls<R extends Row>(rows: readonly R[], hot: number, nameOf: (row: R) => string): string {
  const asked = rows.filter(notAllHot).map((row) => {
    const calls = Math.round((row.kmsCalls ?? 0) * row.perSecond * row.elapsed);
    const said = `${calls.toLocaleString('en-US')} calls`;
    return `**${row.operation}** with ${nameOf(row)} (${calls === hot ? `${said} a round, one for each record` : `about ${said} a round`})`;
  });
  if (asked.length === 0) return '';
  return `
Hot records ask KMS only when their keys are not in the enclave yet, or were there [for a minute](key-cache.md). The hot set has ${hot.toLocaleString('en-US')} records, and reads of that kind fell into the measured time of ${asked.join(', ')}: their figures are of both kinds of reads.`;
}

/** What is wanted of hot decryptions in calls of KMS, what was measured, and what it comes to in the long run. */
export function wantedCalls(
  rows: readonly Row[],
  { hot, enclaves = 1 }: { readonly hot: number; readonly enclaves?: number },
): string {
  const { calls, decrypts } = hotTotals(rows);
  const speeds = rows.filter((row) => ofHotSet(row) && row.perSecond > 0);
  const slow = speeds.toSorted((a, b) => a.perSecond - b.perSecond)[0];
  const fast = speeds.toSorted((a, b) => b.perSecond - a.perSecond)[0];
  // A set that is larger than what is kept is not hot.
  if (decrypts === 0 || slow === undefined || fast === undefined || hot > DEFAULT_KEY_CACHE.entries)
    return '';
  const measured = calls / decrypts;
  const longRun = [...new Set([slow, fast])].map((row) => ({
    row,
    calls: steadyCalls(hot * enclaves, row.perSecond),
  }));
  const [age, records] = [DEFAULT_KEY_CACHE.ageMs / 1000, hot.toLocaleString('en-US')];
  const reached = [measured, ...longRun.map((one) => one.calls)].every((one) => one < WANTED);
  return `${table(
    ['KMS calls a decryption of a hot set', ''],
    [
      ['wanted, under', figure(WANTED)],
      [
        `measured: all rounds of decrypt-hot and expressions together, ${Math.round(calls).toLocaleString('en-US')} calls in ${decrypts.toLocaleString('en-US')} decryptions`,
        figure(measured),
      ],
      ...longRun.map((one) => [
        `reckoned for the long run at ${figure(one.row.perSecond)} a second (${one.row.operation}, ${one.row.clients} ${one.row.clients === 1 ? 'client' : 'clients'})`,
        figure(one.calls),
      ]),
    ],
  )}

${reached ? 'Reached' : 'Not reached in all of them'}. Before each measurement all keys are asked for once; those calls are not counted. Calls within the measured time are. In the long run each of the ${records} keys is asked for once in ${age} s${enclaves > 1 ? ` by each of the ${enclaves} enclaves` : ''}: ${records}${enclaves > 1 ? ` × ${enclaves}` : ''} / (${age} s × decryptions a second), at least one in ${DEFAULT_KEY_CACHE.uses.toLocaleString('en-US')}, as often as one answer of KMS is used.
A hot set of this size that is read less than ${figure((hot * enclaves) / (age * WANTED))} times a second costs more than is wanted.`;
}
