// SPDX-License-Identifier: Apache-2.0
import {
  arn,
  defineRole,
  integer,
  json,
  listOf,
  pemOrFile,
  type RoleValues,
  text,
  url,
} from '@enclave-vault/settings';

const KEY = arn('kms', 'key/');

/** Settings of the canary beside a vault on one machine, which its supervisor tells it. */
export const LOCAL_CANARY = defineRole('local-canary', {
  doc: 'The canary of the local vault, which `npm start` starts with these settings: nobody writes them ([canaries](canaries.md#on-one-machine)).',
  settings: [
    { path: 'keys.vault', env: 'ENCLAVE_VAULT_KEYS_VAULT', doc: 'The vault key.', read: KEY },
    { path: 'keys.request', env: 'ENCLAVE_VAULT_KEYS_REQUEST', doc: 'The request key.', read: KEY },
    { path: 'keys.integrity', env: 'ENCLAVE_VAULT_KEYS_INTEGRITY', doc: 'The integrity key.', read: KEY },
    {
      path: 'legacyKeys',
      env: 'ENCLAVE_VAULT_LEGACY_KEYS',
      doc: 'Keys of imported records.',
      read: listOf(KEY, 0, 10),
      default: [],
      defaultDoc: 'none',
    },
    {
      path: 'kms.endpoint',
      env: 'ENCLAVE_VAULT_KMS_ENDPOINT',
      doc: 'KMS as the vault reaches it: behind the endpoint of the VPC.',
      read: url(),
    },
    {
      path: 'kms.outside',
      env: 'ENCLAVE_VAULT_KMS_OUTSIDE',
      doc: 'KMS as anybody else reaches it.',
      read: url(),
    },
    {
      path: 'kms.ca',
      env: 'ENCLAVE_VAULT_KMS_CA',
      doc: 'Certificates to trust for both.',
      read: pemOrFile(),
    },
    {
      path: 'credentials.accessKeyId',
      env: 'ENCLAVE_VAULT_CREDENTIALS_ACCESS_KEY_ID',
      doc: 'Credentials of the canary’s own role, which every key policy must refuse.',
      read: text(),
    },
    {
      path: 'credentials.secretAccessKey',
      env: 'ENCLAVE_VAULT_CREDENTIALS_SECRET_ACCESS_KEY',
      doc: 'Of the same.',
      read: text(),
      secret: true,
    },
    {
      path: 'policies',
      env: 'ENCLAVE_VAULT_POLICIES',
      doc: 'What each key’s policy must say, by the key’s name: `vault`, `request`, `integrity`, `legacy-1` …, as digests of their statements.',
      read: json('digests of policies by the names of keys', readPolicies),
    },
    {
      path: 'database',
      env: 'ENCLAVE_VAULT_DATABASE',
      doc: 'File of the store, of which the first record’s wrapped key is what the canary asks to be decrypted.',
      read: text(),
    },
    {
      path: 'control.url',
      env: 'ENCLAVE_VAULT_CONTROL_URL',
      doc: 'Where the API answers.',
      read: url('http:', 'https:'),
    },
    {
      path: 'control.certificate',
      env: 'ENCLAVE_VAULT_CONTROL_CERTIFICATE',
      doc: 'The certificate that the API shows, and no other.',
      read: pemOrFile(),
      optional: true,
    },
    {
      path: 'control.key',
      env: 'ENCLAVE_VAULT_CONTROL_KEY',
      doc: 'API key of the positive control: of its own tenant, for decrypting one field.',
      read: text(),
      secret: true,
    },
    {
      path: 'control.vault',
      env: 'ENCLAVE_VAULT_CONTROL_VAULT',
      doc: 'The record that is decrypted.',
      read: text('the id of a record', /v_[0-9A-Za-z_]{1,64}/),
    },
    {
      path: 'control.field',
      env: 'ENCLAVE_VAULT_CONTROL_FIELD',
      doc: 'Its field.',
      read: text(),
    },
    {
      path: 'control.value',
      env: 'ENCLAVE_VAULT_CONTROL_VALUE',
      doc: 'Its value, as JSON text: what the vault must answer.',
      read: text(),
    },
    {
      path: 'intervalSeconds',
      env: 'ENCLAVE_VAULT_INTERVAL_SECONDS',
      doc: 'From one run to the next.',
      read: integer(1, 3600, 's'),
      default: 60,
    },
  ],
  example: {
    keys: {
      vault: 'arn:aws:kms:us-east-1:000000000000:key/00000000-0000-4000-8000-000000000001',
      request: 'arn:aws:kms:us-east-1:000000000000:key/00000000-0000-4000-8000-000000000002',
      integrity: 'arn:aws:kms:us-east-1:000000000000:key/00000000-0000-4000-8000-000000000003',
    },
    kms: {
      endpoint: 'https://127.0.0.1:8443',
      outside: 'https://127.0.0.1:8444',
      ca: '-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n',
    },
    credentials: { accessKeyId: 'ASIA…', secretAccessKey: '…' },
    policies: { vault: 'policy/1 …', request: 'policy/1 …', integrity: 'policy/1 …' },
    database: '.vault/vault.db',
    control: {
      url: 'http://127.0.0.1:8080',
      key: '…',
      vault: 'v_01KASPQ4Z7C3V3R8N4W8Q0W3XH',
      field: 'first_name',
      value: '"canary-…"',
    },
  },
});

export type LocalCanaryConfig = RoleValues<typeof LOCAL_CANARY>;

function readPolicies(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError();
  const entries = Object.entries(value);
  if (!entries.every((pair): pair is [string, string] => typeof pair[1] === 'string')) throw new TypeError();
  return Object.fromEntries(entries);
}
