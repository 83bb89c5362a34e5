// SPDX-License-Identifier: Apache-2.0
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  type Item,
  type Operation,
  type QueryOptions,
  type ScanOptions,
  type ScanPage,
  type Store,
  StoreError,
  type TransactOptions,
} from '@enclave-vault/vault';
import { formatCursor, parseCursor } from '../cursor.ts';
import { decodeBody } from './body.ts';
import { openDatabase } from './database.ts';
import { GroupCommit } from './group-commit.ts';
import { asStoreError } from './sqlite-errors.ts';
import { prepare } from './transaction.ts';

/** Greater than whatever follows a prefix. */
const LAST = '\u{10ffff}';

/** A store in one SQLite file. One process writes at a time; others may read, and write in between. */
export class SqliteStore implements Store {
  readonly #database: DatabaseSync;
  readonly #commits: GroupCommit;
  readonly #get: StatementSync;
  readonly #ascending: StatementSync;
  readonly #descending: StatementSync;
  readonly #scan: StatementSync;
  readonly #scanKeys: StatementSync;
  #closed = false;

  private constructor(database: DatabaseSync) {
    this.#database = database;
    this.#commits = new GroupCommit(database);
    this.#get = database.prepare('SELECT body FROM items WHERE pk = ? AND sk = ?');
    const range = 'SELECT pk, sk, body FROM items WHERE pk = ? AND sk > ? AND sk < ? ORDER BY sk';
    this.#ascending = database.prepare(`${range} ASC LIMIT ?`);
    this.#descending = database.prepare(`${range} DESC LIMIT ?`);
    const scan = 'FROM items WHERE (pk, sk) > (?, ?) AND pk < ? ORDER BY pk, sk LIMIT ?';
    this.#scan = database.prepare(`SELECT pk, sk, body ${scan}`);
    this.#scanKeys = database.prepare(`SELECT pk, sk ${scan}`);
  }

  /**
   * Opens a database file, and makes it when there is none; its directory must be there.
   * @throws {StoreError} `not_a_vault`, `wrong_version`, `corrupt`, `unavailable`
   */
  static open(path: string): SqliteStore {
    return new SqliteStore(openDatabase(path));
  }

  async get(pk: string, sk: string): Promise<Item | undefined> {
    return this.#read(() => {
      const row = this.#get.get(pk, sk);
      return row === undefined ? undefined : itemOf({ ...row, pk, sk });
    });
  }

  async query(pk: string, options: QueryOptions): Promise<readonly Item[]> {
    const { after = '', before = LAST, limit, reverse = false } = options;
    return this.#read(() =>
      (reverse ? this.#descending : this.#ascending).all(pk, after, before, limit).map(itemOrKey),
    );
  }

  async scan(pkPrefix: string, { after, limit, keysOnly = false }: ScanOptions): Promise<ScanPage> {
    return this.#read(() => {
      const before = after === undefined ? undefined : parseCursor(after);
      // Never below the prefix: all that lies between would be stepped through, each audit entry of the vault, say.
      const { pk, sk } = before !== undefined && before.pk >= pkPrefix ? before : { pk: pkPrefix, sk: '' };
      const statement = keysOnly ? this.#scanKeys : this.#scan;
      const rows = statement.all(pk, sk, pkPrefix + LAST, limit);
      const items = rows.map(keysOnly ? keyOf : itemOrKey);
      const last = items.length < limit ? undefined : items.at(-1);
      return { items, next: last === undefined ? null : formatCursor(last) };
    });
  }

  async transact(operations: readonly Operation[], { erase = false }: TransactOptions = {}): Promise<void> {
    this.#demandOpen();
    await this.#commits.submit(prepare(operations), erase);
  }

  /** Writes what is waiting and closes the file. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#commits.finish();
    this.#database.close();
  }

  #read<T>(read: () => T): T {
    this.#demandOpen();
    try {
      return read();
    } catch (error) {
      throw asStoreError(error);
    }
  }

  #demandOpen(): void {
    if (this.#closed) throw new StoreError('closed');
    this.#commits.demandSound();
  }
}

function itemOf({ pk, sk, body }: Record<string, unknown>): Item {
  if (typeof pk !== 'string' || typeof sk !== 'string' || !(body instanceof Uint8Array)) {
    throw new StoreError('corrupt');
  }
  return decodeBody(pk, sk, body);
}

/** An item among others: one that cannot be read has no attributes, and does not take the others with it. */
function itemOrKey(row: Record<string, unknown>): Item {
  try {
    return itemOf(row);
  } catch (error) {
    if (typeof row.pk !== 'string' || typeof row.sk !== 'string') throw error;
    return keyOf(row);
  }
}

function keyOf({ pk, sk }: Record<string, unknown>): Item {
  return Object.assign(Object.create(null), { pk, sk });
}
