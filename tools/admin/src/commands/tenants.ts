// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createVaultKms } from '@enclave-vault/host-kms';
import { FileAuditSink, SqliteStore } from '@enclave-vault/stores';
import { type CreatedKey, defaultSchema, parseSchema, systemClock, Vault } from '@enclave-vault/vault';
import { findRunning } from '../dev/control.ts';
import { files } from '../dev/folders.ts';
import { askSocket } from '../dev/hypervisor.ts';
import type { AuditSession } from '../dev/vault.ts';
import { AdminError, UsageError } from '../errors.ts';

const TENANT = /^[a-z][a-z0-9-]{0,62}$/;

/**
 * `enclave-vault tenants create NAME`: makes an administrator's key of a tenant and prints it once. A tenant is what has
 * keys: no request can make the first one, so it takes the API's role, which the running vault lends its owner.
 */
export async function tenants(args: readonly string[]): Promise<number> {
  const { values, positionals } = read(args);
  const [verb, tenant, ...rest] = positionals;
  if (verb !== 'create' || tenant === undefined || rest.length > 0)
    throw new UsageError('tenants takes create NAME');
  if (!TENANT.test(tenant)) throw new UsageError('a tenant is named like acme-health: a-z, 0-9 and hyphens');
  const base = process.env.INIT_CWD ?? '.';
  const data = resolve(base, values.data ?? process.env.ENCLAVE_VAULT_DATA ?? '.vault');
  const running = await findRunning(files(data).running);
  if (running === undefined) throw new AdminError('vault_not_running', `no vault runs on ${data}: start it`);
  const session: unknown = await askSocket(running.control, 'GET', '/session');
  const { id, token } = await bootstrap(session as AuditSession, tenant);
  process.stdout.write(`${JSON.stringify({ tenant, id, token }, null, 2)}\n`);
  return 0;
}

function read(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: { data: { type: 'string' } } });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the options cannot be read');
  }
}

/** The vault again, beside the API's process: the store orders their writes, and both add to one sink. */
async function bootstrap(session: AuditSession, tenant: string): Promise<CreatedKey> {
  const kms = createVaultKms({ ...session.kms, credentials: session.credentials });
  const store = SqliteStore.open(session.database);
  const sink = await FileAuditSink.open(session.auditLog);
  const enclave = { decrypt: asksNone, attestation: asksNone };
  const schema = session.schema === undefined ? defaultSchema() : parseSchema(session.schema);
  const vault = await Vault.open({ store, kms, sink, enclave, clock: systemClock(), schema });
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
