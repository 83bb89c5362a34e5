// SPDX-License-Identifier: Apache-2.0
import { createVaultKms, type VaultKmsClient, type VaultKmsCredentials } from '@enclave-vault/host-kms';
import type { Log } from '@enclave-vault/parent/log';
import {
  type AuditSink,
  type EnclaveClient,
  type Report,
  type Store,
  StoreError,
  systemClock,
  Vault,
} from '@enclave-vault/vault';
import type { ParentHealth } from '../enclave-client.ts';
import { ConfigError } from '../errors.ts';
import type { AppOptions } from '../options.ts';
import type { ApiConfig } from './config.ts';
import { healthCheck } from './health.ts';
import { OpeningVault } from './opening.ts';

/** A sink that holds something open. */
export type ClosableSink = AuditSink & { close(): Promise<void> };

/** The way to the enclaves. */
export type EnclaveLink = EnclaveClient & { health(): Promise<ParentHealth>; close(): void };

/** What a configuration chooses: made by those who know the adapters, so that each program loads its own alone. */
export interface Adapters {
  /** @throws {StoreError} */
  readonly store: () => Promise<Store>;
  readonly sink: () => Promise<ClosableSink>;
  readonly kms: () => VaultKmsClient;
  readonly parent: () => EnclaveLink;
  /** After the vault opened. */
  readonly opened?: (vault: Vault, store: Store) => Promise<void>;
}

/** A vault that opens, and what the application needs of it. */
export interface Assembly extends Required<Pick<AppOptions, 'vault' | 'schema' | 'health' | 'recordKeys'>> {
  readonly opening: OpeningVault;
  /** Ends the tries to open it, and closes all that is open. */
  close(): Promise<void>;
}

/** Wires the vault to its store, KMS, sink and enclaves. Nothing is asked of any of them before it is told to open. */
export function assemble(config: ApiConfig, adapters: Adapters, log: Log): Assembly {
  const kms = adapters.kms();
  const parent = adapters.parent();
  const open: { store?: Store; sink?: ClosableSink } = {};
  const opening = new OpeningVault({
    log,
    open: async () => {
      // Each of them once, however often the vault is tried, and though the other failed.
      const [store, sink] = await Promise.all([
        open.store ?? openStore(adapters).then((opened) => (open.store = opened)),
        open.sink ?? adapters.sink().then((opened) => (open.sink = opened)),
      ]);
      const vault = await Vault.open({
        store,
        kms,
        sink,
        enclave: parent,
        clock: systemClock(),
        schema: config.schema,
        allowOrphans: config.allowOrphans,
        keyPool: config.keyPool,
        ...(config.cluster.size === undefined ? {} : { processes: config.cluster.size }),
        report: (report) => log('warn', 'report', reportFields(report)),
      });
      await adapters.opened?.(vault, store);
      return vault;
    },
  });
  return {
    opening,
    vault: () => opening.vault,
    recordKeys: () => (opening.isOpen ? opening.vault.recordKeys : undefined),
    schema: config.schema,
    health: healthCheck({
      vault: opening,
      headsNotInSink: () => (opening.isOpen ? opening.vault.headsNotInSink : 0),
      store: async () => {
        if (open.store === undefined) throw new StoreError('unavailable');
        return await open.store.get('SYSTEM', 'health');
      },
      parent: () => parent.health(),
    }),
    close: async () => {
      opening.stop();
      parent.close();
      kms.close();
      if (opening.isOpen) await opening.vault.close();
      else await open.store?.close();
      await open.sink?.close();
    },
  };
}

async function openStore({ store }: Adapters): Promise<Store> {
  try {
    return await store();
  } catch (error) {
    // Another try opens no other file or table.
    if (error instanceof StoreError && error.code !== 'unavailable')
      throw new ConfigError(`store: ${error.code}`);
    throw error;
  }
}

/** KMS as it is configured. */
export function openKms(config: ApiConfig): VaultKmsClient {
  const { region, keys, kms } = config;
  return createVaultKms({
    region,
    keys,
    fips: kms.fips,
    ...(kms.endpoint === undefined ? {} : { endpoint: kms.endpoint }),
    ...(kms.ca === undefined ? {} : { ca: kms.ca }),
    ...credentialsOf(config),
  });
}

/** Fixed credentials; nothing where the SDK is to find some. */
export function credentialsOf({ credentials }: ApiConfig): { credentials?: VaultKmsCredentials } {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  if (accessKeyId === undefined || secretAccessKey === undefined) return {};
  const token = sessionToken === undefined ? {} : { sessionToken };
  return { credentials: { accessKeyId, secretAccessKey, ...token } };
}

function reportFields({ event, requestId, ...report }: Report): Record<string, unknown> {
  return { report: event, ...(requestId === undefined ? {} : { request_id: requestId }), ...report };
}
