// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';
import { type CreatedKey, systemClock, Vault } from '@enclave-vault/vault';
import { AdminError, UsageError } from '../errors.ts';
import { PLACE_OPTIONS, placeOf } from '../storage/place.ts';
import { openOperatorStorage, type Place } from '../storage/storage.ts';

const TENANT = /^[a-z][a-z0-9-]{0,62}$/;

/**
 * `enclave-vault tenants create NAME`: makes an administrator's key of a tenant and prints it once. A tenant is what has
 * keys: no request can make the first one, so it takes the API's role, which a running local vault lends its owner, and on AWS
 * whoever may assume it has.
 */
export async function tenants(args: readonly string[]): Promise<number> {
  const { values, positionals } = read(args);
  const [verb, tenant, ...rest] = positionals;
  if (verb !== 'create' || tenant === undefined || rest.length > 0)
    throw new UsageError('tenants takes create NAME');
  if (!TENANT.test(tenant)) throw new UsageError('a tenant is named like acme-health: a-z, 0-9 and hyphens');
  const { id, token } = await bootstrap(placeOf(values), tenant);
  process.stdout.write(`${JSON.stringify({ tenant, id, token }, null, 2)}\n`);
  return 0;
}

function read(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: PLACE_OPTIONS });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the options cannot be read');
  }
}

/** The vault again, beside the API's own process: the store orders their writes, and both add to one sink. */
async function bootstrap(place: Place, tenant: string): Promise<CreatedKey> {
  const { store, kms, schema, allowOrphans, ...opened } = await openOperatorStorage(place);
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
