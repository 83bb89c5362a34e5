// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';
import { UsageError } from '../errors.ts';
import { PLACE_OPTIONS, placeOf } from '../storage/place.ts';
import { openOperatorStorage } from '../storage/storage.ts';
import { bootstrapTenant } from '../storage/tenant.ts';

const TENANT = /^[a-z][a-z0-9-]{0,62}$/;
/** The vault's own: keys of the canary and of the smoke test read what is in there. */
const RESERVED: ReadonlySet<string> = new Set(['canary', 'smoke']);

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
  if (RESERVED.has(tenant)) throw new UsageError(`the tenant ${tenant} is the vault’s own`);
  const { id, token } = await bootstrapTenant(await openOperatorStorage(placeOf(values)), tenant);
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
