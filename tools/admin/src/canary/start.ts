// SPDX-License-Identifier: Apache-2.0
import { digestOf } from '@enclave-vault/canary/core';
import type { LOCAL_CANARY } from '@enclave-vault/canary/local';
import { comparedKeys } from '@enclave-vault/canary/local';
import type { LocalVault } from '../dev/vault.ts';
import { AdminError } from '../errors.ts';
import { ensureControl } from './control-record.ts';

/** What a running vault lends to `enclave-vault canary run`, and tells the canary's process but for the last. */
export interface LentCanary {
  /** A file of the role `local-canary`. */
  readonly settings: (typeof LOCAL_CANARY)['example'];
  readonly instance: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/**
 * Makes what a canary needs, once a vault answers: its record and key, and digests of the policies that were deployed.
 * @throws {AdminError} request_failed, process_failed
 */
export async function canarySettings(
  vault: LocalVault,
  url: string,
  {
    file,
    certificate,
    intervalSeconds,
  }: { file: string; certificate: string | undefined; intervalSeconds: number },
): Promise<Readonly<Record<string, unknown>>> {
  const { keys, legacyKeys, policies } = vault.deployed();
  const names = comparedKeys({ keys, legacyKeys });
  const { endpoint, ca } = vault.session().kms;
  const control = await ensureControl(file, { url: reachable(url), certificate }, vault.session());
  return {
    keys,
    legacyKeys,
    kms: { endpoint, outside: `https://127.0.0.1:${vault.kms.outside}`, ca },
    credentials: vault.principals.canary,
    policies: Object.fromEntries(
      [...names].map(([name, arn]) => {
        const policy = policies.get(arn);
        if (policy === undefined)
          throw new AdminError('process_failed', `no policy is known of the ${name} key`);
        return [name, digestOf(policy)];
      }),
    ),
    database: vault.session().database,
    control,
    intervalSeconds,
  };
}

/** An API that listens everywhere is not called there. */
function reachable(url: string): string {
  return url.replace('://0.0.0.0:', '://127.0.0.1:').replace('://[::]:', '://[::1]:');
}
