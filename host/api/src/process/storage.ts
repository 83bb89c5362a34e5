// SPDX-License-Identifier: Apache-2.0
import type { VaultKmsClient } from '@enclave-vault/host-kms';
import type { Store } from '@enclave-vault/vault';
import { serverAdapters } from './adapters.ts';
import type { ClosableSink } from './assemble.ts';
import type { ApiSettings } from './settings.ts';

export interface Storage {
  readonly store: Store;
  readonly sink: ClosableSink;
  readonly kms: VaultKmsClient;
}

/**
 * Store, sink and KMS as an API's settings choose them, for a command of its operator beside the API. The caller closes them.
 * @throws {StoreError} @throws {SinkError}
 */
export async function openStorage(settings: ApiSettings): Promise<Storage> {
  const adapters = serverAdapters({ ...settings, authorizers: null }, () => undefined);
  const kms = adapters.kms();
  const [store, sink] = await Promise.all([adapters.store(), adapters.sink()]);
  return { store, sink, kms };
}
