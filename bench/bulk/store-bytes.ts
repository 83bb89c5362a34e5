// SPDX-License-Identifier: Apache-2.0
import { DatabaseSync } from 'node:sqlite';

/** Bytes that a database has with all that is committed, but without its write-ahead log, which holds pages twice: while another process writes to it. */
export function storeBytes(path: string): number {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 10_000 });
  try {
    const of = (pragma: string): number => Number(database.prepare(`PRAGMA ${pragma}`).get()?.[pragma]);
    return of('page_count') * of('page_size');
  } finally {
    database.close();
  }
}
