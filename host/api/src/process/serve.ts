// SPDX-License-Identifier: Apache-2.0
import type { AddressInfo } from 'node:net';
import { createVaultKms } from '@enclave-vault/host-kms';
import type { Log } from '@enclave-vault/parent';
import { FileAuditSink, SqliteStore } from '@enclave-vault/stores';
import { type Report, type Store, StoreError, systemClock, Vault } from '@enclave-vault/vault';
import type { FastifyInstance } from 'fastify';
import { createApp } from '../app.ts';
import { ParentClient } from '../enclave-client.ts';
import { ConfigError } from '../errors.ts';
import { bootstrapAdminKey } from './bootstrap.ts';
import type { ApiConfig } from './config.ts';
import { healthCheck } from './health.ts';
import { OpeningVault } from './opening.ts';

/** Requests under way are given so long when the process ends, in milliseconds. */
const DRAIN_MS = 3_500;

/** A running API server. */
export interface ApiServer {
  readonly url: string;
  readonly port: number;
  readonly isOpen: boolean;
  stop(): Promise<void>;
}

/**
 * Wires the vault to its store, KMS, sink and enclaves, and listens. Returns when it listens and the vault is open,
 * or could not be opened at the first try.
 * @param onFatal called when the vault can never open
 * @throws {ConfigError}
 */
export async function serve(
  config: ApiConfig,
  log: Log,
  onFatal: (error: unknown) => void,
): Promise<ApiServer> {
  const store = openStore(config.database);
  const sink = await FileAuditSink.open(config.auditLog);
  const kms = createVaultKms({ ...config.kms, credentials: config.credentials });
  const parent = new ParentClient(config.parent);
  const opening = new OpeningVault({
    log,
    open: async () => {
      const vault = await Vault.open({
        store,
        kms,
        sink,
        enclave: parent,
        clock: systemClock(),
        schema: config.schema,
        allowOrphans: config.allowOrphans,
        report: (report) => log('warn', 'report', reportFields(report)),
      });
      const { adminKeyFile } = config;
      if (adminKeyFile !== null && (await bootstrapAdminKey(vault, store, adminKeyFile))) {
        log('info', 'admin_key_written');
      }
      return vault;
    },
  });
  const app = await createApp({
    vault: () => opening.vault,
    schema: config.schema,
    health: healthCheck({
      vault: opening,
      headsNotInSink: () => (opening.isOpen ? opening.vault.headsNotInSink : 0),
      store: () => store.get('SYSTEM', 'health'),
      parent: () => parent.health(),
    }),
    log,
    oidc: config.oidc,
    allowedHosts: config.allowedHosts,
    rates: config.rates,
    ...(config.tls === null ? {} : { tls: config.tls }),
  });
  // The vault opens while the server begins to listen.
  const tried = new Promise<void>((resolve) => opening.open(resolve).catch(onFatal));
  const port = await listen(app, config);
  await tried;
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  return {
    url: `${config.tls === null ? 'http' : 'https'}://${host}:${port}`,
    port,
    isOpen: opening.isOpen,
    stop: async () => {
      opening.stop();
      await drain(app);
      parent.close();
      kms.close();
      if (opening.isOpen) await opening.vault.close();
      else await store.close();
      await sink.close();
    },
  };
}

function openStore(path: string): Store {
  try {
    return SqliteStore.open(path);
  } catch (error) {
    if (error instanceof StoreError && error.code !== 'unavailable')
      throw new ConfigError(`database: ${error.code}`);
    throw error;
  }
}

async function listen(app: FastifyInstance, { host, port }: ApiConfig): Promise<number> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EADDRINUSE') throw new ConfigError('port is in use');
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL')
      throw new ConfigError('host and port cannot be listened at');
    throw error;
  }
  return (app.server.address() as AddressInfo).port;
}

/** Takes no more connections and waits until requests under way are answered, at most 3.5 s. */
async function drain(app: FastifyInstance): Promise<void> {
  // A connection becomes idle when its answer is out; nobody may start a new request on it.
  const idle = setInterval(() => app.server.closeIdleConnections(), 20);
  const late = setTimeout(() => app.server.closeAllConnections(), DRAIN_MS);
  await app.close();
  clearInterval(idle);
  clearTimeout(late);
}

function reportFields({ event, requestId, ...report }: Report): Record<string, unknown> {
  return { report: event, ...(requestId === undefined ? {} : { request_id: requestId }), ...report };
}
