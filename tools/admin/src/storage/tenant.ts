// SPDX-License-Identifier: Apache-2.0
import { type CreatedKey, systemClock, Vault } from '@enclave-vault/vault';
import { AdminError } from '../errors.ts';
import type { OperatorStorage } from './storage.ts';

/**
 * Makes an administrator's key of a tenant: the vault again, beside the API's own process. The store orders their writes, and both
 * add to one sink. Closes the storage.
 */
export async function bootstrapTenant(storage: OperatorStorage, tenant: string): Promise<CreatedKey> {
  const { store, kms, schema, allowOrphans, ...opened } = storage;
  const sink = await opened.sink();
  const enclave = { decrypt: asksNone, attestation: asksNone };
  const clock = systemClock();
  const vault = await Vault.open({ store, kms, sink, enclave, clock, schema, allowOrphans });
  try {
    return await vault.keys.bootstrap(tenant);
  } finally {
    await vault.close();
    await sink.close();
    kms.close();
  }
}

async function asksNone(): Promise<never> {
  throw new AdminError('request_failed', 'this command asks no enclave');
}
