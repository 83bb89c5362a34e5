// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { AdminError } from '../errors.ts';
import type { Prefix } from './checked-rows.ts';
import { openOwn } from './own-file.ts';

/** How far a job has come. Nothing of it is a value of a field. */
export interface JobState {
  readonly v: 1;
  readonly what: 'import' | 'export';
  /** Of this job alone: what makes a row's idempotency key, with its number. */
  readonly job: string;
  /** RFC 3339. */
  readonly began: string;
  /** What must be the same for the job to go on: caller, form of the input, choices. */
  readonly fingerprint: string;
  /** The input as far as it was read. */
  readonly input: Prefix;
  /** Rows 1 to this one are done, and stand in the files. */
  readonly settled: number;
  /** Rows beyond this one were never sent. */
  readonly reserved: number;
  /** RFC 3339: those between were not sent before. */
  readonly since: string;
  /** Lengths of the files that belong to this, in bytes. */
  readonly files: Readonly<Record<string, number>>;
  readonly counts: Counts;
  /** Of all runs together. */
  readonly seconds: number;
  readonly finished: boolean;
}

export interface Counts {
  readonly done: number;
  /** Of those: records of which some names have no result. */
  readonly incomplete: number;
  /** By code. */
  readonly refused: Readonly<Record<string, number>>;
}

const KEY = 'job';

/**
 * The file by which a job goes on: SQLite, of one row, for what it does with power cuts and for its lock, which the kernel
 * gives back however the holder ends.
 */
export class JobFile {
  readonly #db: DatabaseSync;

  private constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** @throws {AdminError} `job_other`: it is no such file, or in use by another process; `file_unwritable`: it is not this user's own */
  static open(path: string): JobFile {
    // Created here so that it is never readable by others, not even for a moment.
    closeSync(openOwn(path, constants.O_RDWR | constants.O_CREAT));
    const db = new DatabaseSync(path, { timeout: 0 });
    try {
      db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL; BEGIN EXCLUSIVE');
      db.exec('CREATE TABLE IF NOT EXISTS job (key TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT; COMMIT');
      return new JobFile(db);
    } catch (error) {
      db.close();
      const locked = error instanceof Error && /locked|busy/i.test(error.message);
      throw new AdminError(
        'job_other',
        locked ? `another command works with ${path}: let it end first` : `${path} is not the state of a job`,
      );
    }
  }

  /** @throws {AdminError} `job_other` */
  read(): JobState | undefined {
    try {
      const row = this.#db.prepare('SELECT state FROM job WHERE key = ?').get(KEY);
      if (row === undefined) return undefined;
      const state = JSON.parse(String(row.state)) as JobState;
      if (state.v === 1) return state;
    } catch {
      // Said below.
    }
    throw new AdminError('job_other', 'the state of the job cannot be read, or is that of another version');
  }

  /** Durable when it returns; a crash leaves the old state or the new one. */
  save(state: JobState): void {
    this.#db
      .prepare(
        'INSERT INTO job (key, state) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET state = excluded.state',
      )
      .run(KEY, JSON.stringify(state));
  }

  close(): void {
    this.#db.close();
  }
}
