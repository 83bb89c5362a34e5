// SPDX-License-Identifier: Apache-2.0
import type { Store } from '../ports/store.ts';
import { isTombstone, RECORD_SCAN_PREFIX, recordKey } from './record-item.ts';

const PAGE = 500;
/** Reads at once: each takes a network's time where the store is a table. */
const READS = 32;

/**
 * Ids of a tenant's records, in pages, for who operates the vault: no call of the API lists them. What the store says is not
 * authenticated here. A record that it hides is not among them (`verifyAudit` finds that); one of another tenant that it slips in is
 * not found when it is asked for.
 * @throws {StoreError}
 */
export async function* recordIds(store: Store, tenant: string): AsyncGenerator<readonly string[]> {
  let after: string | null = null;
  do {
    // Keys alone: on AWS the API's role may scan nothing else.
    const options = { limit: PAGE, keysOnly: true, ...(after === null ? {} : { after }) };
    const page: Awaited<ReturnType<Store['scan']>> = await store.scan(RECORD_SCAN_PREFIX, options);
    const ids = page.items.map(({ pk }) => pk.slice(RECORD_SCAN_PREFIX.length));
    const own: string[] = [];
    for (let at = 0; at < ids.length; at += READS) {
      const some = ids.slice(at, at + READS);
      const held = await Promise.all(some.map((id) => isOwn(store, tenant, id)));
      own.push(...some.filter((_, i) => held[i]));
    }
    yield own;
    after = page.next;
  } while (after !== null);
}

async function isOwn(store: Store, tenant: string, id: string): Promise<boolean> {
  const { pk, sk } = recordKey(id);
  const item = await store.get(pk, sk, { attributes: ['_tn', '_del'] });
  return item !== undefined && item._tn === tenant && !isTombstone(item);
}
