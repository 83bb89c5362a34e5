// SPDX-License-Identifier: Apache-2.0
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { recordIds } from '@enclave-vault/vault';
import { AdminError } from '../errors.ts';
import { openOperatorStorage, type Place } from '../storage/storage.ts';

/**
 * Writes the ids of a tenant's records into a file, by the store, unless a job that goes on has it already: whole or not at all.
 * @param state of the job: where there is one, the file is that job's
 * @throws {AdminError} `output_exists`
 */
export async function writeAllIds(
  path: string,
  state: string,
  { place, tenant }: { readonly place: Place; readonly tenant: string },
): Promise<void> {
  if (existsSync(path)) {
    if (existsSync(state)) return;
    throw new AdminError(
      'output_exists',
      `${path} is there already: move it away, or export those with --ids`,
    );
  }
  const { store, kms } = await openOperatorStorage(place);
  const temporary = `${path}.new`;
  rmSync(temporary, { force: true });
  const file = openSync(temporary, 'wx', 0o600);
  try {
    for await (const ids of recordIds(store, tenant))
      writeSync(file, ids.map((id) => `${JSON.stringify({ id })}\n`).join(''));
    fsyncSync(file);
  } finally {
    closeSync(file);
    await store.close();
    kms.close();
  }
  renameSync(temporary, path);
}
