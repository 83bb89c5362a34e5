// SPDX-License-Identifier: Apache-2.0
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Operation } from '@enclave-vault/vault';
import { encodeBody } from '../../host/stores/src/sqlite/body.ts';
import { CHUNK, idOf, timeOf } from './ids.ts';
import type { Shape } from './shape.ts';

/** What a folder was filled with: kept beside its database, so that a run goes on where one before ended. */
export interface Filled {
  readonly shape: Shape;
  /** When each chunk was written, milliseconds since the epoch. */
  readonly millis: number[];
  /** Ids of records that the vault itself made, spread among the others, in the order of time. */
  readonly real: string[];
  /** Seconds that the synthetic rows took, without the real ones. */
  seconds: number;
}

const FILE = 'scale.json';

export function readFilled(folder: string, shape: Shape): Filled {
  try {
    return JSON.parse(readFileSync(join(folder, FILE), 'utf8')) as Filled;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { shape, millis: [], real: [], seconds: 0 };
  }
}

function keepFilled(folder: string, filled: Filled): void {
  writeFileSync(join(folder, `${FILE}.new`), JSON.stringify(filled));
  renameSync(join(folder, `${FILE}.new`), join(folder, FILE));
}

export interface FillOptions {
  readonly folder: string;
  readonly database: string;
  /** Synthetic records that shall be there in the end, whole chunks. */
  readonly records: number;
  readonly reals: number;
  readonly filled: Filled;
  /** What a create of the synthetic record writes. */
  readonly make: (id: string, micros: number) => readonly Operation[];
  /** Has the vault make one. @returns its id */
  readonly makeReal: () => Promise<string>;
  readonly progress: (records: number, perSecond: number) => void;
}

/** So many of them, evenly drawn. */
const thinned = (real: readonly string[], keep: number): readonly string[] =>
  Array.from({ length: keep }, (_, i) => real[Math.floor((i * real.length) / keep)] ?? '');

/** Parts of a file that are held against each other. */
const PARTS = 10;

/** Whether the records that the vault made lie everywhere in the file: each part has at least half of its share. */
export function isSpread({ real, millis }: Pick<Filled, 'real' | 'millis'>): boolean {
  const parts = Math.min(PARTS, millis.length);
  const found = new Array<number>(parts).fill(0);
  for (const id of real) {
    const time = timeOf(id);
    const chunk = Math.max(
      0,
      millis.findLastIndex((began) => began <= time),
    );
    const part = Math.floor((chunk * parts) / millis.length);
    found[part] = (found[part] ?? 0) + 1;
  }
  const least = Math.floor(real.length / parts / 2);
  return found.every((n) => n >= least);
}

/**
 * Puts rows into the database beside the vault that runs on it, thousands a transaction and without syncs. Real records come in between,
 * so that they lie everywhere in the file and its index: of those that a smaller file had as many stay as its part of the larger one has.
 */
export async function fill(options: FillOptions): Promise<void> {
  const { filled, folder, records, reals } = options;
  const database = new DatabaseSync(options.database, { timeout: 10_000 });
  database.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -256000; PRAGMA wal_autocheckpoint = 16000');
  const put = database.prepare('INSERT INTO items (pk, sk, body, expires) VALUES (?, ?, ?, NULL)');
  const chunks = Math.ceil(records / CHUNK);
  const share = (done: number): number => Math.ceil((reals * done) / chunks);
  const kept = share(Math.min(filled.millis.length, chunks));
  if (filled.real.length > kept) filled.real.splice(0, Infinity, ...thinned(filled.real, kept));
  let told = 0;
  for (let at = filled.millis.length; at < chunks; at++) {
    const began = performance.now();
    filled.millis.push(Date.now());
    const ids = Array.from({ length: CHUNK }, (_, i) => idOf(at * CHUNK + i, filled.millis)).sort();
    database.exec('BEGIN IMMEDIATE');
    for (const id of ids) {
      for (const operation of options.make(id, Date.now() * 1000)) {
        if ('put' in operation) put.run(operation.put.pk, operation.put.sk, encodeBody(operation.put));
      }
    }
    database.exec('COMMIT');
    filled.seconds += (performance.now() - began) / 1000;
    while (filled.real.length < share(at + 1)) filled.real.push(await options.makeReal());
    keepFilled(folder, filled);
    if (Date.now() - told > 5_000) {
      told = Date.now();
      options.progress((at + 1) * CHUNK, (CHUNK / (performance.now() - began)) * 1000);
    }
  }
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
}
