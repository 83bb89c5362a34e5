// SPDX-License-Identifier: Apache-2.0
import { type Item, type Store, StoreConflict, StoreError } from '@enclave-vault/vault';

/** Says whose table it is, as application_id and user_version do in a SQLite file. */
const MARKER = { pk: 'SYSTEM', sk: 'store', format: 'enclave-vault' } as const;
/** Version of the layout. */
const VERSION = 1;

/**
 * Looks for the marker, and writes it into an empty table.
 * @throws {StoreError} `not_a_vault`, `wrong_version`, `corrupt`, `unavailable`
 */
export async function demandVault(store: Store): Promise<void> {
  const found = await find(store);
  if (found !== undefined) return checkMarker(found);
  const { items } = await store.scan('', { limit: 1, keysOnly: true });
  if (items.length > 0) {
    // Between the two looks another process may have begun.
    return checkMarker((await find(store)) ?? items[0]);
  }
  try {
    await store.transact([{ put: { ...MARKER, version: VERSION }, if: { absent: true } }]);
  } catch (error) {
    if (!(error instanceof StoreConflict)) throw error;
    // Another process was quicker.
    checkMarker(await find(store));
  }
}

async function find(store: Store): Promise<Item | undefined> {
  try {
    return await store.get(MARKER.pk, MARKER.sk);
  } catch (error) {
    // A table with other keys refuses ours.
    const other = error instanceof StoreError && error.code === 'invalid';
    throw other ? new StoreError('not_a_vault', 'the table has other keys than pk and sk') : error;
  }
}

function checkMarker(item: Item | undefined): void {
  if (item?.format !== MARKER.format) {
    throw new StoreError('not_a_vault', 'the table holds something else than a vault');
  }
  if (item.version !== VERSION) {
    throw new StoreError('wrong_version', `the table has version ${Number(item.version)}, not ${VERSION}`);
  }
}
