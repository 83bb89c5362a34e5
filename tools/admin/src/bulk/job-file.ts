// SPDX-License-Identifier: Apache-2.0
import { chmodSync, closeSync, constants, lstatSync, openSync, readSync, rmSync, statSync } from 'node:fs';
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
const CREATE = 'CREATE TABLE job (key TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT';
/** What SQLite's files begin with, and what follows: a journal that is rolled back (https://www.sqlite.org/fileformat.html, 1.3). */
const HEADER = 'SQLite format 3\0';
const ROLLED_BACK = { at: 18, bytes: Buffer.of(1, 1) };

/**
 * The file by which a job goes on: SQLite, of one row, for what it does with power cuts and for its lock, which the kernel
 * gives back however the holder ends.
 */
export class JobFile {
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #made: boolean;

  private constructor(path: string, db: DatabaseSync, made: boolean) {
    this.#path = path;
    this.#db = db;
    this.#made = made;
  }

  /**
   * Opens what is there, an empty file or one of ours, or makes it. What is another program's stays as it is.
   * @throws {AdminError} `job_other`: it is no such file, or in use by another process; `file_unwritable`: it is not this user's own
   */
  static open(path: string): JobFile {
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there !== undefined && !mayBeState(path)) throw notState(path);
    // Created here so that it is never readable by others, not even for a moment.
    closeSync(openOwn(path, constants.O_RDWR | constants.O_CREAT));
    const db = new DatabaseSync(path, { timeout: 0 });
    try {
      db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL; BEGIN EXCLUSIVE');
      demandOwnTable(path, db);
      db.exec(`${CREATE.replace('TABLE', 'TABLE IF NOT EXISTS')}; COMMIT`);
      return new JobFile(path, db, there === undefined);
    } catch (error) {
      db.close();
      if (there !== undefined) chmodSync(path, there.mode & 0o7777);
      if (error instanceof Error && /locked|busy/i.test(error.message))
        throw new AdminError('job_other', `another command works with ${path}: let it end first`);
      throw notState(path);
    }
  }

  /** Whether a job goes on from there. Nothing is made. @throws {AdminError} as {@link open} does */
  static begun(path: string): boolean {
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return false;
    const file = JobFile.open(path);
    try {
      return file.read() !== undefined;
    } finally {
      file.close();
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

  /** Closes it where nothing came of the job: takes away what this call made, and leaves in what was there before no job. */
  discard(): void {
    if (!this.#made) this.#db.exec('DELETE FROM job');
    this.close();
    if (this.#made) rmSync(this.#path, { force: true });
  }
}

const notState = (path: string): AdminError =>
  new AdminError('job_other', `${path} is not the state of a job: name another --state`);

/** By its first bytes, before SQLite or anything else touches it. What cannot be read is not judged here. */
function mayBeState(path: string): boolean {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const first = Buffer.alloc(ROLLED_BACK.at + ROLLED_BACK.bytes.length);
    const length = readSync(file, first);
    return (
      length === 0 ||
      (first.toString('latin1').startsWith(HEADER) &&
        first.subarray(ROLLED_BACK.at).equals(ROLLED_BACK.bytes))
    );
  } catch {
    return true;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** @throws {AdminError} `job_other`: there is something else in it, or was */
function demandOwnTable(path: string, db: DatabaseSync): void {
  // The index of a primary key has no text.
  const held = db.prepare('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL').all();
  const own = held.length === 0 ? statSync(path).size === 0 : held.length === 1 && held[0]?.sql === CREATE;
  if (!own) throw notState(path);
}
