// SPDX-License-Identifier: Apache-2.0
import { access, constants, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Store, Vault } from '@enclave-vault/vault';

/**
 * The default tenant's index of API keys (formats of host/vault), whose first key this is about. A scan for keys of
 * any tenant would read all of a DynamoDB table at every start.
 */
const DEFAULT_KEYS = 'KEYS##default';

/**
 * Makes the first administrator's key when the default tenant has no key, and writes it to a file of mode 0600:
 * it is never printed. A marker beside the file shows a start that died between the two: the key it made is
 * known to nobody, so another is made.
 * @returns whether a key was made
 */
export async function bootstrapAdminKey(vault: Vault, store: Store, file: string): Promise<boolean> {
  const marker = `${file}.pending`;
  const interrupted = await exists(marker);
  if (!interrupted && !(await hasNoKey(store))) return false;
  await writeDurably(marker, '');
  const { token } = await vault.keys.bootstrap();
  await writeDurably(file, `${token}\n`);
  await rm(marker);
  return true;
}

async function hasNoKey(store: Store): Promise<boolean> {
  return (await store.query(DEFAULT_KEYS, { limit: 1 })).length === 0;
}

/** All of it or nothing, for its owner only, and on the disk before it returns. */
async function writeDurably(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await rm(temporary, { force: true });
  const handle = await open(temporary, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
  const folder = await open(dirname(path), constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
