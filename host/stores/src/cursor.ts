// SPDX-License-Identifier: Apache-2.0
import { type ItemKey, StoreError } from '@enclave-vault/vault';

/** @returns where a scan goes on: after this key */
export function formatCursor({ pk, sk }: ItemKey): string {
  return JSON.stringify([pk, sk]);
}

/** @throws {StoreError} `invalid` */
export function parseCursor(cursor: string): { pk: string; sk: string } {
  try {
    const [pk, sk] = JSON.parse(cursor);
    if (typeof pk === 'string' && typeof sk === 'string') return { pk, sk };
  } catch {
    // Not one of ours either.
  }
  throw new StoreError('invalid', 'not a cursor');
}
