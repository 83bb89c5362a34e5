// SPDX-License-Identifier: Apache-2.0
import { StoreError } from '@enclave-vault/vault';

/** Primary result codes (https://www.sqlite.org/rescode.html). */
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return undefined;
  // The low byte of an extended code is the primary one.
  return error.errcode & 0xff;
}

/** Whether another connection holds what this one needs. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error);
  return code === SQLITE_BUSY || code === SQLITE_LOCKED;
}

/** SQLite's error as the store's. Errors that are the store's already stay as they are. */
export function asStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const code = resultCode(error);
  if (code === SQLITE_NOTADB)
    return new StoreError('not_a_vault', 'the file is not a database', { cause: error });
  if (code === SQLITE_CORRUPT) return new StoreError('corrupt', 'the database is damaged', { cause: error });
  return new StoreError('unavailable', `SQLite error ${code ?? 'unknown'}`, { cause: error });
}
