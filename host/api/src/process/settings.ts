// SPDX-License-Identifier: Apache-2.0
import {
  arn,
  awsRegion,
  defineRole,
  flag,
  integer,
  json,
  listOf,
  oneOf,
  pemOrFile,
  type RoleValues,
  socketOrNetworkPlace,
  text,
  url,
} from '@enclave-vault/settings';
import { defaultSchema } from '@enclave-vault/vault';
import { isLoopback } from '../http/host-check.ts';
import { CLUSTER_RULES, CLUSTER_SETTINGS } from './cluster-settings.ts';
import { parseOidc } from './oidc-config.ts';
import { parseRates } from './rates-config.ts';
import { jsonOrFile } from './readers.ts';
import { parseRecordSchema } from './schema-config.ts';

/** Settings of the API, as a server and as a Lambda function. */
export const API = defineRole('api', {
  doc: 'The HTTP API: a server (`host/api/src/main.ts`) or a Lambda function behind an API Gateway REST API ([lambda.md](lambda.md)).',
  settings: [
    {
      path: 'region',
      env: 'ENCLAVE_VAULT_REGION',
      doc: 'Region of keys, table and log group.',
      read: awsRegion(),
    },
    {
      path: 'keys.vault',
      env: 'ENCLAVE_VAULT_KEYS_VAULT',
      doc: 'Wraps the key pairs of records.',
      read: arn('kms', 'key/'),
    },
    {
      path: 'keys.request',
      env: 'ENCLAVE_VAULT_KEYS_REQUEST',
      doc: 'Wraps the data keys of requests to the enclave.',
      read: arn('kms', 'key/'),
    },
    {
      path: 'keys.integrity',
      env: 'ENCLAVE_VAULT_KEYS_INTEGRITY',
      doc: 'Wraps the keys that authenticate what is stored.',
      read: arn('kms', 'key/'),
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
    {
      path: 'credentials.accessKeyId',
      env: 'ENCLAVE_VAULT_CREDENTIALS_ACCESS_KEY_ID',
      doc: 'Fixed credentials of the API role, for the local vault. Without them the AWS SDK’s own chain: the function’s role, the instance’s, the environment.',
      read: text(),
      optional: true,
    },
    {
      path: 'credentials.secretAccessKey',
      env: 'ENCLAVE_VAULT_CREDENTIALS_SECRET_ACCESS_KEY',
      doc: 'Of the same.',
      read: text(),
      secret: true,
      optional: true,
    },
    {
      path: 'credentials.sessionToken',
      env: 'ENCLAVE_VAULT_CREDENTIALS_SESSION_TOKEN',
      doc: 'Of the same.',
      read: text(),
      secret: true,
      optional: true,
    },
    {
      path: 'figures',
      env: 'ENCLAVE_VAULT_FIGURES',
      doc: 'Socket of the local vault at which its canary’s figures are: `/metrics` shows them as well.',
      read: text('the path of a socket', /\/.{1,106}/),
      optional: true,
    },
    {
      path: 'store.kind',
      env: 'ENCLAVE_VAULT_STORE_KIND',
      doc: 'Where records are. A Lambda function has DynamoDB only.',
      read: oneOf('sqlite', 'dynamodb'),
      default: 'sqlite',
    },
    {
      path: 'store.path',
      env: 'ENCLAVE_VAULT_STORE_PATH',
      doc: 'File of a SQLite store.',
      read: text(),
      optional: true,
    },
    {
      path: 'store.table',
      env: 'ENCLAVE_VAULT_STORE_TABLE',
      doc: 'Table of a DynamoDB store.',
      read: text('the name or ARN of a table', /[\w.:/-]{3,1024}/),
      optional: true,
    },
    {
      path: 'store.endpoint',
      env: 'ENCLAVE_VAULT_STORE_ENDPOINT',
      doc: 'DynamoDB elsewhere than at the Region’s own endpoint.',
      read: url('https:', 'http:'),
      optional: true,
    },
    {
      path: 'audit.kind',
      env: 'ENCLAVE_VAULT_AUDIT_KIND',
      doc: 'Where the heads of audit chains are kept, out of the store’s reach. A Lambda function has a log group only.',
      read: oneOf('file', 'log_group'),
      default: 'file',
    },
    {
      path: 'audit.path',
      env: 'ENCLAVE_VAULT_AUDIT_PATH',
      doc: 'File of heads.',
      read: text(),
      optional: true,
    },
    {
      path: 'audit.name',
      env: 'ENCLAVE_VAULT_AUDIT_NAME',
      doc: 'Log group of heads.',
      read: text('the name of a log group', /[\w./#-]{1,512}/),
      optional: true,
    },
    {
      path: 'audit.endpoint',
      env: 'ENCLAVE_VAULT_AUDIT_ENDPOINT',
      doc: 'CloudWatch Logs elsewhere than at the Region’s own endpoint.',
      read: url('https:', 'http:'),
      optional: true,
    },
    {
      path: 'parent',
      env: 'ENCLAVE_VAULT_PARENT',
      doc: 'Where the parent of the enclaves is.',
      read: socketOrNetworkPlace(),
    },
    {
      path: 'channel.key',
      env: 'ENCLAVE_VAULT_CHANNEL_KEY',
      doc: 'KMS key that signs this side’s certificates for the parent, where that is reached by https.',
      read: arn('kms', 'key/'),
      optional: true,
    },
    {
      path: 'channel.clientRoot',
      env: 'ENCLAVE_VAULT_CHANNEL_CLIENT_ROOT',
      doc: 'Root certificate of that key.',
      read: pemOrFile(),
      optional: true,
    },
    {
      path: 'channel.serverRoot',
      env: 'ENCLAVE_VAULT_CHANNEL_SERVER_ROOT',
      doc: 'Root certificate of the parent’s side.',
      read: pemOrFile(),
      optional: true,
    },
    {
      path: 'schema',
      env: 'ENCLAVE_VAULT_SCHEMA',
      doc: 'The record schema.',
      read: jsonOrFile('a record schema', parseRecordSchema),
      default: defaultSchema(),
      defaultDoc: 'the default schema of the [user guide](user-guide.md)',
    },
    {
      path: 'allowOrphans',
      env: 'ENCLAVE_VAULT_ALLOW_ORPHANS',
      doc: 'Accept a schema that leaves stored fields without a definition.',
      read: flag(),
      default: false,
    },
    {
      path: 'authorizers',
      env: 'ENCLAVE_VAULT_AUTHORIZERS',
      doc: 'Rights of callers whom the gateway authorizes ([lambda.md](lambda.md)). Lambda only.',
      read: jsonOrFile('a policy of authorizers', (value) => value),
      default: null,
    },
    {
      path: 'oidc',
      env: 'ENCLAVE_VAULT_OIDC',
      doc: 'Issuers whose tokens are taken beside API keys ([user guide](user-guide.md)).',
      read: jsonOrFile('a list of issuers', parseOidc),
      default: [],
    },
    {
      path: 'rates',
      env: 'ENCLAVE_VAULT_RATES',
      doc: 'Rate limits: `failures` of an address or a key, `attestations`, `decrypts`, `requests` and `refusals` of a caller, each `{"burst", "perSecond"}`; and `decryptsPerHour`, a caller’s share of what the enclaves open in an hour, 180000: half of one enclave’s. Of one process, functions that run side by side count each for itself; but the share is divided by `cluster.size`.',
      read: json('rate limits', parseRates),
      default: {},
    },
    {
      path: 'keyPool.size',
      env: 'ENCLAVE_VAULT_KEY_POOL_SIZE',
      doc: 'Key pairs that are made before a record asks for one, of all tenants together and of this process; as many as were used in the last seconds. 0: none, and each new record waits for KMS.',
      read: integer(0, 10_000),
      default: 256,
    },
    {
      path: 'keyPool.perSecond',
      env: 'ENCLAVE_VAULT_KEY_POOL_PER_SECOND',
      doc: 'Calls of KMS for them, at most, of this process. KMS lets an account make 100 pairs a second in a Region; where it refuses, this goes down by itself ([operations](operations.md#quotas)).',
      read: integer(1, 10_000),
      default: 50,
    },
    {
      path: 'host',
      env: 'ENCLAVE_VAULT_HOST',
      doc: 'Address to listen at. Server only.',
      read: text(),
      default: '127.0.0.1',
    },
    {
      path: 'port',
      env: 'ENCLAVE_VAULT_PORT',
      doc: 'Port to listen at; 0: any. Server only.',
      read: integer(0, 65_535),
      default: 8080,
    },
    ...CLUSTER_SETTINGS,
    {
      path: 'tls.key',
      env: 'ENCLAVE_VAULT_TLS_KEY',
      doc: 'Key of the server’s certificate. Server only.',
      read: pemOrFile(),
      secret: true,
      optional: true,
    },
    {
      path: 'tls.cert',
      env: 'ENCLAVE_VAULT_TLS_CERT',
      doc: 'The server’s certificate chain. Server only.',
      read: pemOrFile(),
      optional: true,
    },
    {
      path: 'unsafePlainHttp',
      env: 'ENCLAVE_VAULT_UNSAFE_PLAIN_HTTP',
      doc: 'Listen beyond loopback without TLS. Server only.',
      read: flag(),
      default: false,
    },
    {
      path: 'allowedHosts',
      env: 'ENCLAVE_VAULT_ALLOWED_HOSTS',
      doc: 'Names that the Host header may have beside those of loopback. Server only.',
      read: listOf(text()),
      default: [],
    },
    {
      path: 'bootstrap.adminKeyFile',
      env: 'ENCLAVE_VAULT_BOOTSTRAP_ADMIN_KEY_FILE',
      doc: 'Where the first administrator’s key is written when there is none. Server only.',
      read: text(),
      optional: true,
    },
    {
      path: 'gateway.basePath',
      env: 'ENCLAVE_VAULT_GATEWAY_BASE_PATH',
      doc: 'Prefix of the path that a custom domain’s mapping leaves in place. Lambda only.',
      read: text('a path that begins with / and does not end with it', /(?:\/[\w.~-]+)+/),
      optional: true,
    },
    {
      path: 'gateway.stages',
      env: 'ENCLAVE_VAULT_GATEWAY_STAGES',
      doc: 'Stages of the gateway that are answered for. Lambda only.',
      read: listOf(text('the name of a stage', /[\w-]{1,128}/), 1),
      optional: true,
    },
    {
      path: 'tracing',
      env: 'ENCLAVE_VAULT_TRACING',
      doc: 'Send a segment of each request to X-Ray. Lambda only.',
      read: flag(),
      default: false,
    },
    {
      path: 'metricsNamespace',
      env: 'ENCLAVE_VAULT_METRICS_NAMESPACE',
      doc: 'CloudWatch namespace of the figures. Lambda only.',
      read: text('a CloudWatch namespace', /[\w./#:-]{1,255}/),
      default: 'EnclaveVault',
    },
  ],
  rules: [
    {
      settings: ['store.path', 'store.kind'],
      doc: 'a sqlite store has `store.path` and nothing else, a dynamodb store `store.table`',
      broken: ({ store: { kind, path, table, endpoint } }) =>
        kind === 'sqlite'
          ? path === undefined || table !== undefined || endpoint !== undefined
          : table === undefined || path !== undefined,
    },
    {
      settings: ['audit.path', 'audit.kind'],
      doc: 'a file of heads has `audit.path` and nothing else, a log_group `audit.name`',
      broken: ({ audit: { kind, path, name, endpoint } }) =>
        kind === 'file'
          ? path === undefined || name !== undefined || endpoint !== undefined
          : name === undefined || path !== undefined,
    },
    {
      settings: ['parent', 'channel.key'],
      doc: 'a parent at https:// needs `channel.key`, `channel.clientRoot` and `channel.serverRoot`, one at unix: none of them',
      broken: ({ parent, channel }) => {
        const given = [channel.key, channel.clientRoot, channel.serverRoot].filter(
          (one) => one !== undefined,
        );
        return given.length !== ('unix' in parent ? 0 : 3);
      },
    },
    {
      settings: ['credentials.accessKeyId'],
      doc: '`credentials` have both `accessKeyId` and `secretAccessKey`, or nothing',
      broken: ({ credentials: { accessKeyId, secretAccessKey, sessionToken } }) =>
        (accessKeyId === undefined) !== (secretAccessKey === undefined) ||
        (accessKeyId === undefined && sessionToken !== undefined),
    },
    {
      settings: ['kms.fips', 'kms.endpoint'],
      doc: '`kms.fips` and `kms.endpoint` do not go together: name the FIPS endpoint itself',
      broken: ({ kms: { fips, endpoint } }) => fips && endpoint !== undefined,
    },
    ...CLUSTER_RULES,
    {
      settings: ['tls.key', 'tls.cert'],
      doc: '`tls` has both `key` and `cert`, or nothing',
      broken: ({ tls: { key, cert } }) => (key === undefined) !== (cert === undefined),
    },
    {
      settings: ['host', 'tls.key', 'unsafePlainHttp'],
      doc: 'a `host` that is not loopback needs `tls`, or `unsafePlainHttp` said out loud',
      broken: ({ host, tls, unsafePlainHttp }) =>
        !isLoopback(host) && tls.key === undefined && !unsafePlainHttp,
    },
  ],
  example: {
    region: 'eu-central-1',
    keys: {
      vault: 'arn:aws:kms:eu-central-1:111122223333:key/11111111-1111-4111-8111-111111111111',
      request: 'arn:aws:kms:eu-central-1:111122223333:key/22222222-2222-4222-8222-222222222222',
      integrity: 'arn:aws:kms:eu-central-1:111122223333:key/33333333-3333-4333-8333-333333333333',
    },
    store: { kind: 'dynamodb', table: 'enclave-vault' },
    audit: { kind: 'log_group', name: '/enclave-vault/audit' },
    parent: 'unix:/run/enclave-vault/parent.sock',
  },
});

export type ApiSettings = RoleValues<typeof API>;
