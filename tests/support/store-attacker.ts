// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SqliteStore } from '@enclave-vault/stores';
import type { Item } from '@enclave-vault/vault';

/** Someone who may read and write everything in the store of a vault, at any time, and holds none of its keys. */
export class StoreAttacker {
  readonly #path: string;
  readonly #store: SqliteStore;

  constructor(data: string) {
    this.#path = join(data, 'vault.db');
    this.#store = SqliteStore.open(this.#path);
  }

  /** @throws when it is not there: an attack on nothing proves nothing */
  async item(pk: string, sk = 'v0'): Promise<Item> {
    const found = await this.#store.get(pk, sk);
    if (found === undefined) throw new Error(`there is no ${pk} ${sk}`);
    return { ...found };
  }

  record(id: string): Promise<Item> {
    return this.item(`VAULT##${id}`);
  }

  key(id: string): Promise<Item> {
    return this.item(`KEY##${id}`);
  }

  /** Entry n of a chain, or its head. */
  entry(log: string, n: number | 'head'): Promise<Item> {
    return this.item(`LOG##${log}`, n === 'head' ? n : entryKey(n));
  }

  /** All items of a partition, or of all partitions that begin so. */
  async all(pkPrefix: string): Promise<readonly Item[]> {
    return (await this.#store.scan(pkPrefix, { limit: 100_000 })).items;
  }

  async put(...items: readonly Item[]): Promise<void> {
    await this.#store.transact(items.map((put) => ({ put })));
  }

  async remove(...items: readonly { readonly pk: string; readonly sk: string }[]): Promise<void> {
    await this.#store.transact(items.map(({ pk, sk }) => ({ remove: { pk, sk } })));
  }

  /** Below the store's own interface: whatever SQL can do to the file. */
  sql(run: (database: DatabaseSync) => void): void {
    const database = new DatabaseSync(this.#path, { timeout: 5_000 });
    try {
      run(database);
    } finally {
      database.close();
    }
  }

  async close(): Promise<void> {
    await this.#store.close();
  }
}

/** Sort key of entry n of a chain. */
export function entryKey(n: number): string {
  return String(n).padStart(12, '0');
}

/** Bytes of an attribute with one bit turned. */
export function flip(value: unknown): Buffer {
  const bytes = Buffer.from(value as Uint8Array);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  return bytes;
}

/** An item without an attribute. */
export function without(item: Item, name: string): Item {
  const { [name]: _, ...rest } = item;
  return rest as Item;
}
