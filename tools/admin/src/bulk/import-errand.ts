// SPDX-License-Identifier: Apache-2.0
import type { Errand } from './errand.ts';
import { member } from './schema.ts';

const ID = /^v_[0-9A-Za-z]{1,62}$/;

/** Where an id is written, and where a row that was refused. */
export const idOf = (result: unknown): string | undefined => {
  const id = member(result, 'id');
  return typeof id === 'string' && ID.test(id) ? id : undefined;
};

/**
 * Makes a record of each row. A row's key is the job's and its number: sent again, by this run or a later one, it gets the answer that
 * the first sending got.
 * @param keep whether a refused row's values are kept
 */
export function importErrand(job: string, { keep }: { readonly keep: boolean }): Errand {
  const item: Errand['item'] = ({ n, text }) => `{"fields":${text},"idempotency_key":"import-${job}-${n}"}`;
  return {
    path: '/v1/vaults:batch',
    ask: undefined,
    item,
    body: (rows) => `{"items":[${rows.map(item).join(',')}]}`,
    done: ({ n }, result) => {
      const id = idOf(result);
      return id === undefined ? undefined : { ok: true, text: `${JSON.stringify({ row: n, id })}\n` };
    },
    refused: ({ text }, outcome) => (keep ? { ...outcome, kept: `${text}\n` } : outcome),
  };
}
