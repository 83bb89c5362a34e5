// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { SqliteStore } from '@enclave-vault/stores/sqlite';
import type { Item } from '@enclave-vault/vault';
import type { Probe } from '../probes.ts';

/** Records, with what stays of deleted ones, that are looked through for one of each key. */
const MAX_LOOKED_AT = 1_000;
const PAGE = 50;

/** A wrapped private key as a thief of the store would find it, and the context that it was wrapped under. */
export type Stolen = Pick<Probe, 'context' | 'ciphertext'>;

/**
 * The first wrapped private key of the store for each of the keys that wrapped any, by the key's ARN. A probe with one asks what an attacker would ask, who has
 * a copy of the store.
 * @throws {StoreError} @throws {NoStore}
 */
export async function firstWrapped(
  database: string,
  keys: readonly string[],
): Promise<ReadonlyMap<string, Stolen>> {
  // To open one would make it.
  if (!existsSync(database)) throw new NoStore();
  const store = SqliteStore.open(database);
  try {
    const found = new Map<string, Stolen>();
    let after: string | undefined;
    for (let seen = 0; seen < MAX_LOOKED_AT && found.size < keys.length; seen += PAGE) {
      const page = await store.scan('VAULT##', { limit: PAGE, ...(after === undefined ? {} : { after }) });
      for (const item of page.items) {
        const { _kk: key } = item;
        if (typeof key === 'string' && keys.includes(key) && !found.has(key)) take(found, key, item, keys[0]);
      }
      if (page.next === null) break;
      after = page.next;
    }
    return found;
  } finally {
    await store.close();
  }
}

function take(found: Map<string, Stolen>, key: string, item: Item, own: string | undefined): void {
  const { _id: vault_id, _tn: tenant_id, _sk: ciphertext } = item;
  if (!(ciphertext instanceof Uint8Array) || typeof vault_id !== 'string' || typeof tenant_id !== 'string')
    return;
  // The private keys of imported records were wrapped without a context.
  found.set(key, { ciphertext, context: key === own ? { vault_id, tenant_id } : undefined });
}

class NoStore extends Error {
  readonly code = 'no_store';
}
