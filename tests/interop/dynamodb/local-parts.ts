// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { makeFolders } from '../../../tools/admin/src/dev/folders.ts';
import { parseDevOptions } from '../../../tools/admin/src/dev/options.ts';
import { type AuditSession, LocalVault } from '../../../tools/admin/src/dev/vault.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** KMS, parent and enclaves of `enclave-vault dev`, for an API that keeps its items elsewhere. */
export interface LocalParts {
  readonly session: AuditSession;
  /** Path of the parent's socket. */
  readonly parent: string;
  stop(): Promise<void>;
}

export async function startLocalParts(): Promise<LocalParts> {
  const options = parseDevOptions(['--port', '0', '--ephemeral', '--canary-interval', '0'], {}, ROOT);
  const folders = makeFolders(options);
  const vault = new LocalVault(options, ROOT, folders, () => false);
  const stop = async (): Promise<void> => {
    await vault.stop();
    folders.remove();
  };
  try {
    await vault.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { session: vault.session(), parent: join(folders.run, 'parent.sock'), stop };
}
