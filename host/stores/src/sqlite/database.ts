// SPDX-License-Identifier: Apache-2.0
import { chmodSync, closeSync, fsyncSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '@enclave-vault/vault';
import { asStoreError } from './sqlite-errors.ts';

/** "EVLT": says whose file it is (PRAGMA application_id). */
const APPLICATION_ID = 0x45564c54;
/** Version of the tables below (PRAGMA user_version). */
const USER_VERSION = 1;
/** How long to wait for another process while opening, in milliseconds. */
const OPENING_MS = 5_000;
/** How long a statement waits afterwards. It blocks the whole process: the group commit has patience without. */
const BUSY_MS = 10;

/**
 * A rowid table: records are larger than what a WITHOUT ROWID table keeps in its tree (a quarter of a page), and
 * creating and reading them was 2 to 3 times as fast. `expires`: seconds since the epoch, of items with a `_ttl`.
 */
const TABLES = `
  CREATE TABLE items (
    pk TEXT NOT NULL,
    sk TEXT NOT NULL,
    body BLOB NOT NULL,
    expires INTEGER,
    PRIMARY KEY (pk, sk)
  ) STRICT;
  CREATE INDEX expiring ON items (expires) WHERE expires IS NOT NULL;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${USER_VERSION};
`;

/**
 * Opens the database, and makes it when there is none. The file, and those that SQLite puts beside it, are for their
 * owner only.
 * @throws {StoreError} `not_a_vault`, `wrong_version`, `corrupt`, `unavailable`
 */
export function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    ensureFile(path);
    database = new DatabaseSync(path, { timeout: OPENING_MS });
    if (isNew(database)) create(database);
    // Durable at every commit: in WAL mode FULL syncs the log before a commit returns.
    const [mode] = database.prepare('PRAGMA journal_mode = WAL').all();
    if (mode?.journal_mode !== 'wal') throw new StoreError('unavailable', 'the file system has no WAL');
    database.exec(`
      PRAGMA synchronous = FULL;
      PRAGMA secure_delete = ON;
      PRAGMA trusted_schema = OFF;
      PRAGMA temp_store = MEMORY;
      PRAGMA cache_size = -16000;
      PRAGMA busy_timeout = ${BUSY_MS};
    `);
    database.enableDefensive(true);
    return database;
  } catch (error) {
    database?.close();
    throw asStoreError(error);
  }
}

function ensureFile(path: string): void {
  try {
    closeSync(openSync(path, 'ax', 0o600));
    // The name of a new file is durable once its directory is.
    const directory = openSync(dirname(path), 'r');
    fsyncSync(directory);
    closeSync(directory);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
      throw new StoreError('unavailable', 'the database file cannot be made', { cause: error });
    }
    const file = statSync(path);
    if (!file.isFile()) throw new StoreError('not_a_vault', 'not a file');
    if ((file.mode & 0o077) !== 0) chmodSync(path, 0o600);
  }
}

/** @throws {StoreError} when the file is of something else, or of another version */
function isNew(database: DatabaseSync): boolean {
  const application = number(database, 'PRAGMA application_id');
  const version = number(database, 'PRAGMA user_version');
  if (application === 0 && version === 0 && number(database, 'SELECT count(*) FROM sqlite_schema') === 0)
    return true;
  if (application !== APPLICATION_ID)
    throw new StoreError('not_a_vault', 'the database is of another program');
  if (version !== USER_VERSION) {
    throw new StoreError('wrong_version', `the database has version ${version}, not ${USER_VERSION}`);
  }
  return false;
}

function create(database: DatabaseSync): void {
  database.exec('BEGIN EXCLUSIVE');
  try {
    // Another process may have been quicker.
    if (isNew(database)) database.exec(TABLES);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

function number(database: DatabaseSync, query: string): number {
  const [value] = Object.values(database.prepare(query).get() ?? {});
  return Number(value);
}
