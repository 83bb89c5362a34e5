// SPDX-License-Identifier: Apache-2.0
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { StoreConflict, StoreError } from '@enclave-vault/vault';
import { decodeBody } from './body.ts';
import { asStoreError, isBusy } from './sqlite-errors.ts';
import { type Change, holds } from './transaction.ts';

interface Waiting {
  readonly changes: readonly Change[];
  readonly erase: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Most transactions in one group: what is committed together is also lost together, and blocks the process. */
const GROUP = 500;
const PURGED = 500;
const PURGE_EVERY_MS = 60_000;
/** How long a group waits for another process that writes, and how often it looks, in milliseconds. */
const BUSY_LIMIT_MS = 5_000;
const BUSY_PAUSE_MS = 10;
const CHECKPOINT_PAUSE_MS = 200;

/**
 * Writes all transactions that come in while the one before is being made durable as one transaction of SQLite: they
 * share its sync. Each has its own conditions, sees those before it in the group, and is done or not done by itself.
 */
export class GroupCommit {
  readonly #database: DatabaseSync;
  readonly #get: StatementSync;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #purge: StatementSync;
  #queue: Waiting[] = [];
  #scheduled = false;
  #busySince: number | undefined;
  /** By the monotonic clock: one that was ahead once would end all purging until then. */
  #purged = Number.NEGATIVE_INFINITY;
  #checkpoint: NodeJS.Timeout | undefined;
  #failed = false;
  #finished = false;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#get = database.prepare('SELECT body FROM items WHERE pk = ? AND sk = ?');
    // Not INSERT OR REPLACE: that gives a row another place, at the end, and nothing new ever comes into the hole it leaves among rows
    // that stay. A database whose records are each changed once would be twice as large.
    this.#put = database.prepare(`
      INSERT INTO items (pk, sk, body, expires) VALUES (?, ?, ?, ?)
      ON CONFLICT (pk, sk) DO UPDATE SET body = excluded.body, expires = excluded.expires
    `);
    this.#remove = database.prepare('DELETE FROM items WHERE pk = ? AND sk = ?');
    this.#purge = database.prepare(
      `DELETE FROM items WHERE rowid IN (SELECT rowid FROM items WHERE expires <= ? LIMIT ${PURGED})`,
    );
  }

  /** Resolves when the transaction is durable. @throws {StoreConflict} @throws {StoreError} */
  submit(changes: readonly Change[], erase: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ changes, erase, resolve, reject });
      this.#schedule();
    });
  }

  /** Writes what is waiting, without pausing for another process; nothing is tried after it. */
  finish(): void {
    this.#finished = true;
    while (this.#queue.length > 0) {
      this.#busySince = Number.NEGATIVE_INFINITY;
      this.#flush();
    }
    if (this.#checkpoint === undefined) return;
    clearTimeout(this.#checkpoint);
    this.#checkpoint = undefined;
    // What closes the file empties its log only where nobody else has it open.
    this.#emptyLog();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // After the events that are already in: whatever they submit shares the sync.
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    const group = this.#queue.splice(0, GROUP);
    if (group.length === 0) return;
    try {
      this.#database.exec('BEGIN IMMEDIATE');
    } catch (error) {
      this.#delay(group, error);
      return;
    }
    this.#busySince = undefined;
    try {
      const refusals = group.map(({ changes }) => this.#apply(changes));
      this.#removeExpired();
      this.#database.exec('COMMIT');
      if (group.some(({ erase }, index) => erase && refusals[index] === undefined)) this.#emptyLog();
      this.#settle(group, refusals);
    } catch (error) {
      this.#rollback();
      for (const { reject } of group) reject(asStoreError(error));
    }
    if (this.#queue.length > 0) this.#schedule();
  }

  /** Another process writes: the group waits its turn without blocking this one. */
  #delay(group: Waiting[], error: unknown): void {
    const now = performance.now();
    this.#busySince ??= now;
    if (isBusy(error) && now - this.#busySince < BUSY_LIMIT_MS) {
      this.#queue.unshift(...group);
      this.#scheduled = true;
      setTimeout(() => this.#flush(), BUSY_PAUSE_MS);
      return;
    }
    this.#busySince = undefined;
    for (const { reject } of group) reject(asStoreError(error));
    // Whoever is behind them has a turn as well, whether anything else comes or not.
    if (this.#queue.length > 0) this.#schedule();
  }

  #settle(group: readonly Waiting[], refusals: readonly (StoreError | undefined)[]): void {
    group.forEach(({ resolve, reject }, index) => {
      const refusal = refusals[index];
      if (refusal === undefined) resolve();
      else reject(refusal);
    });
  }

  /** @returns why none of the changes was made: a condition that does not hold, or whose row cannot be read */
  #apply(changes: readonly Change[]): StoreError | undefined {
    try {
      const conflict = changes.findIndex((change) => !this.#holds(change));
      if (conflict >= 0) return new StoreConflict(conflict);
    } catch (error) {
      // A row that is no item fails who asks for it, and nobody else of the group.
      if (error instanceof StoreError) return error;
      throw error;
    }
    for (const { pk, sk, body, expires } of changes) {
      if (body === null) this.#remove.run(pk, sk);
      else if (body !== undefined) this.#put.run(pk, sk, body, expires);
    }
    return undefined;
  }

  #holds({ pk, sk, condition }: Change): boolean {
    if (condition === undefined) return true;
    const body = this.#get.get(pk, sk)?.body;
    if (!(body instanceof Uint8Array)) return holds(condition, undefined);
    // That something is there is known without reading it.
    return holds(condition, 'absent' in condition ? { pk, sk } : decodeBody(pk, sk, body));
  }

  #removeExpired(): void {
    const now = performance.now();
    if (now - this.#purged < PURGE_EVERY_MS) return;
    const { changes } = this.#purge.run(Math.floor(Date.now() / 1000));
    // A full batch says that there are more: the next group goes on.
    if (Number(changes) < PURGED) this.#purged = now;
  }

  /** Copies the write-ahead log into the database and cuts it off: what was removed is in neither file then. */
  #emptyLog(): void {
    if (this.#checkpoint !== undefined) return;
    let done = false;
    try {
      const [result] = this.#database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all();
      done = result?.busy === 0;
    } catch {
      // What was committed is committed. Try again.
    }
    if (done || this.#finished) return;
    this.#checkpoint = setTimeout(() => {
      this.#checkpoint = undefined;
      this.#emptyLog();
    }, CHECKPOINT_PAUSE_MS);
    this.#checkpoint.unref();
  }

  #rollback(): void {
    try {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
    } catch {
      this.#failed = true;
    }
  }

  /** @throws {StoreError} `unavailable` once a transaction could neither be ended nor undone */
  demandSound(): void {
    if (this.#failed) throw new StoreError('unavailable', 'a transaction could not be undone');
  }
}
