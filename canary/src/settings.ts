// SPDX-License-Identifier: Apache-2.0
import {
  arn,
  defineRole,
  flag,
  listOf,
  parsed,
  pemOrFile,
  type RoleValues,
  text,
  url,
} from '@enclave-vault/settings';

/** Settings of both probing canaries; which one it is, its file says. */
export const CANARY = defineRole('canary', {
  doc: 'A canary: a Lambda function that asks KMS for what must be refused, and compares policies. Its Region is that of the vault key.',
  settings: [
    {
      path: 'keys.vault',
      env: 'ENCLAVE_VAULT_KEYS_VAULT',
      doc: 'The vault key.',
      read: arn('kms', 'key/'),
    },
    {
      path: 'keys.request',
      env: 'ENCLAVE_VAULT_KEYS_REQUEST',
      doc: 'The request key.',
      read: arn('kms', 'key/'),
    },
    {
      path: 'keys.integrity',
      env: 'ENCLAVE_VAULT_KEYS_INTEGRITY',
      doc: 'The integrity key, whose policy is compared with `manifest`.',
      read: arn('kms', 'key/'),
      optional: true,
    },
    {
      path: 'keys.legacy',
      env: 'ENCLAVE_VAULT_KEYS_LEGACY',
      doc: 'Keys of imported records, which are probed without an encryption context.',
      read: listOf(arn('kms', 'key/'), 0, 16),
      default: [],
    },
    {
      path: 'table',
      env: 'ENCLAVE_VAULT_TABLE',
      doc: 'The table of records, whose policy is compared with `manifest`.',
      read: arn('dynamodb', 'table/'),
      optional: true,
    },
    {
      path: 'manifest',
      env: 'ENCLAVE_VAULT_MANIFEST',
      doc: 'File with the policies that were deployed (`infra/src/settings/canary.ts`). Read anew in each run of the canary inside; the others compare none.',
      read: text('the absolute path of a file', /\/[^\0]{1,1000}/),
      optional: true,
    },
    {
      path: 'metricsNamespace',
      env: 'ENCLAVE_VAULT_METRICS_NAMESPACE',
      doc: 'CloudWatch namespace of its metrics.',
      read: text('a CloudWatch namespace', /[\w.#/-]{1,255}/),
      default: 'EnclaveVault',
    },
    {
      path: 'certificateEnds',
      env: 'ENCLAVE_VAULT_CERTIFICATE_ENDS',
      doc: 'When the certificate ends under which enclave images are signed: its figure says the days that are left.',
      read: parsed('a time in UTC, such as 2030-01-31T00:00:00Z', parseTime),
      optional: true,
    },
    {
      path: 'kms.endpoint',
      env: 'ENCLAVE_VAULT_KMS_ENDPOINT',
      doc: 'KMS elsewhere than at the Region’s own endpoint.',
      read: url(),
      optional: true,
    },
    {
      path: 'kms.ca',
      env: 'ENCLAVE_VAULT_KMS_CA',
      doc: 'Certificates to trust for `kms.endpoint`, in place of the system’s.',
      read: pemOrFile(),
      optional: true,
    },
    {
      path: 'kms.fips',
      env: 'ENCLAVE_VAULT_KMS_FIPS',
      doc: 'Use the Region’s FIPS endpoint of KMS.',
      read: flag(),
      default: false,
    },
  ],
  rules: [
    {
      settings: ['manifest', 'keys.integrity', 'table'],
      doc: '`manifest` is of `keys.integrity` and `table` as well: all three or none',
      broken: ({ manifest, keys: { integrity }, table }) =>
        new Set([manifest, integrity, table].map((one) => one === undefined)).size > 1,
    },
  ],
  example: {
    keys: {
      vault: 'arn:aws:kms:eu-central-1:111122223333:key/mrk-00000000000000000000000000000001',
      request: 'arn:aws:kms:eu-central-1:111122223333:key/mrk-00000000000000000000000000000002',
    },
  },
});

export type CanaryConfig = RoleValues<typeof CANARY>;

/** @returns ms since the epoch */
function parseTime(given: string): number {
  const time = Date.parse(given);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(given) || !Number.isFinite(time))
    throw new TypeError();
  return time;
}
