// SPDX-License-Identifier: Apache-2.0
import { DEFAULT_KEY_CACHE } from '@enclave-vault/protocol';
import type { Row } from './measure.ts';

/** Operations whose records' keys the enclave should have. */
const HOT = ['decrypt-hot', 'expressions'];

/** Decryptions of the hot set, whether or not KMS was asked. */
export const ofHotSet = ({ operation }: Pick<Row, 'operation'>): boolean => HOT.includes(operation);

/** Reads of the hot set that asked KMS all the same: the row's figures are of both kinds. */
export const notAllHot = (row: Pick<Row, 'operation' | 'kmsCalls'>): boolean =>
  ofHotSet(row) && (row.kmsCalls ?? 0) > 0;

/** KMS calls and decryptions of all hot rows together; rounds of which the calls are not known are left out. */
export function hotTotals(rows: readonly Row[]): { readonly calls: number; readonly decrypts: number } {
  const parts = rows
    .filter(ofHotSet)
    // Older results know of the median round alone.
    .flatMap((row) => row.rounds ?? [row])
    .flatMap(({ kmsCalls, requests }) =>
      kmsCalls === null ? [] : [{ calls: kmsCalls * requests, requests }],
    );
  return {
    calls: parts.reduce((sum, { calls }) => sum + calls, 0),
    decrypts: parts.reduce((sum, { requests }) => sum + requests, 0),
  };
}

/**
 * KMS calls a decryption of a hot set that is read for longer than a key is kept: each key is asked for anew when it is as old as keys get, or was used
 * as often as they are.
 * @param hot records, times enclaves: each keeps keys of its own. As many as are kept at most
 */
export function steadyCalls(hot: number, perSecond: number): number {
  const { ageMs, uses } = DEFAULT_KEY_CACHE;
  return Math.min(1, Math.max(hot / ((ageMs / 1000) * perSecond), 1 / uses));
}
