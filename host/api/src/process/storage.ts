// SPDX-License-Identifier: Apache-2.0
import type { VaultKmsClient } from '@enclave-vault/host-kms';
import type { Store } from '@enclave-vault/vault';
import { serverAdapters } from './adapters.ts';
import type { ClosableSink } from './assemble.ts';
import type { ApiSettings } from './settings.ts';

export interface Storage {
  readonly store: Store;
  /** Opens the sink, for those who write. The caller closes it. @throws {SinkError} */
  readonly sink: () => Promise<ClosableSink>;
  readonly kms: VaultKmsClient;
}

/**
 * Store, sink and KMS as an API's settings choose them, for a command of its operator beside the API. The caller closes store and KMS.
 * @throws {StoreError}
 */
export async function openStorage(settings: ApiSettings): Promise<Storage> {
  const adapters = serverAdapters({ ...settings, authorizers: null }, () => undefined);
  const kms = adapters.kms();
  return { store: await adapters.store(), sink: adapters.sink, kms };
}
