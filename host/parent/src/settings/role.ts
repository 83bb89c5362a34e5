// SPDX-License-Identifier: Apache-2.0
import {
  arn,
  awsRegion,
  defineRole,
  flag,
  integer,
  listOf,
  networkPlace,
  oneOf,
  pemOrFile,
  type RoleValues,
  socketOrNetworkPlace,
  text,
  url,
} from '@enclave-vault/settings';
import { absolutePath, bytesOrFile, channelRoots, metadataEndpoint } from './readers.ts';

/** Settings of the parent: the process on an EC2 instance, or on one machine before the hypervisor emulator. */
export const PARENT = defineRole('parent', {
  doc: 'The relay between the API and the enclaves of an EC2 instance ([parent.md](parent.md)).',
  settings: [
    {
      path: 'listen',
      env: 'ENCLAVE_VAULT_LISTEN',
      doc: 'Where the API calls. Over TCP only with mutual TLS, see `channel`.',
      read: socketOrNetworkPlace('address'),
    },
    {
      path: 'health',
      env: 'ENCLAVE_VAULT_HEALTH',
      doc: 'A second place for a load balancer, which has no certificate: answers `GET /health` with 200 or 503 and no detail, and nothing else.',
      read: networkPlace('http:', 'address'),
      optional: true,
    },
    {
      path: 'hypervisor.kind',
      env: 'ENCLAVE_VAULT_HYPERVISOR_KIND',
      doc: 'What launches enclaves: AWS’s `nitro-cli`, or the emulator of `npm start`.',
      read: oneOf('nitro', 'emulated'),
      default: 'nitro',
    },
    {
      path: 'hypervisor.command',
      env: 'ENCLAVE_VAULT_HYPERVISOR_COMMAND',
      doc: 'Where nitro-cli is.',
      read: absolutePath('nitro-cli'),
      default: '/usr/bin/nitro-cli',
    },
    {
      path: 'hypervisor.socket',
      env: 'ENCLAVE_VAULT_HYPERVISOR_SOCKET',
      doc: 'Control socket of the emulator.',
      read: absolutePath('a socket'),
      optional: true,
    },
    {
      path: 'image',
      env: 'ENCLAVE_VAULT_IMAGE',
      doc: 'The enclave image: an EIF, for the emulator a folder.',
      read: absolutePath('the enclave image'),
    },
    {
      path: 'enclaves.count',
      env: 'ENCLAVE_VAULT_ENCLAVES_COUNT',
      doc: 'Enclaves kept running. An instance has four at most.',
      read: integer(1, 64),
      default: 1,
    },
    {
      path: 'enclaves.cpuCount',
      env: 'ENCLAVE_VAULT_ENCLAVES_CPU_COUNT',
      doc: 'vCPUs of each: whole cores, so an even number where cores have two threads.',
      read: integer(1, 128),
      default: 2,
    },
    {
      path: 'enclaves.memoryMib',
      env: 'ENCLAVE_VAULT_ENCLAVES_MEMORY_MIB',
      doc: 'Memory of each: at least four times the size of the image.',
      read: integer(64, 1024 * 1024, 'MiB'),
      default: 1024,
    },
    {
      path: 'enclave.configuration',
      env: 'ENCLAVE_VAULT_ENCLAVE_CONFIGURATION',
      doc: 'What each enclave is given at boot and measures into PCR16, as canonical bytes. In its place may stand the members below, from which the same bytes are made.',
      read: bytesOrFile(),
      optional: true,
    },
    {
      path: 'enclave.region',
      env: 'ENCLAVE_VAULT_ENCLAVE_REGION',
      doc: 'Region of the keys.',
      read: awsRegion(),
      optional: true,
    },
    {
      path: 'enclave.vaultKeys',
      env: 'ENCLAVE_VAULT_ENCLAVE_VAULT_KEYS',
      doc: 'Keys that wrap the key pairs of records.',
      read: listOf(arn('kms', 'key/'), 1, 16),
      optional: true,
    },
    {
      path: 'enclave.requestKeys',
      env: 'ENCLAVE_VAULT_ENCLAVE_REQUEST_KEYS',
      doc: 'Keys that wrap the data keys of requests.',
      read: listOf(arn('kms', 'key/'), 1, 4),
      optional: true,
    },
    {
      path: 'enclave.legacyKeys',
      env: 'ENCLAVE_VAULT_ENCLAVE_LEGACY_KEYS',
      doc: 'Keys of imported records.',
      read: listOf(arn('kms', 'key/'), 0, 16),
      default: [],
    },
    {
      path: 'enclave.tlsRoots',
      env: 'ENCLAVE_VAULT_ENCLAVE_TLS_ROOTS',
      doc: 'Certificates that KMS’s certificate may chain to, and no others: those of Amazon Trust Services.',
      read: pemOrFile(),
      optional: true,
    },
    {
      path: 'enclave.fips',
      env: 'ENCLAVE_VAULT_ENCLAVE_FIPS',
      doc: 'Use the Region’s FIPS endpoint of KMS.',
      read: flag(),
      default: false,
    },
    {
      path: 'enclave.rate.burst',
      env: 'ENCLAVE_VAULT_ENCLAVE_RATE_BURST',
      doc: 'Records that one enclave opens in a burst, whoever asks: with the next two it bounds what a compromised API gets. Measured: another value is another PCR16.',
      read: integer(1, 1_000_000),
      optional: true,
      defaultDoc: 'the program’s own, 2000',
    },
    {
      path: 'enclave.rate.perSecond',
      env: 'ENCLAVE_VAULT_ENCLAVE_RATE_PER_SECOND',
      doc: 'And so many more with each second.',
      read: integer(1, 100_000),
      optional: true,
      defaultDoc: 'the program’s own, 1000',
    },
    {
      path: 'enclave.rate.perHour',
      env: 'ENCLAVE_VAULT_ENCLAVE_RATE_PER_HOUR',
      doc: 'But no more than so many in any hour.',
      read: integer(1, 360_000_000),
      optional: true,
      defaultDoc: 'the program’s own, 360000',
    },
    {
      path: 'enclave.keyCache.entries',
      env: 'ENCLAVE_VAULT_ENCLAVE_KEY_CACHE_ENTRIES',
      doc: 'Records’ private keys that one enclave keeps for a short time after KMS unwrapped them, so that KMS is not asked for each decryption (docs/key-cache.md); 0: none. Measured: another value is another PCR16.',
      read: integer(0, 65_536),
      optional: true,
      defaultDoc: 'the program’s own, 2048',
    },
    {
      path: 'enclave.keyCache.ageSeconds',
      env: 'ENCLAVE_VAULT_ENCLAVE_KEY_CACHE_AGE_SECONDS',
      doc: 'How long each is kept: for so long a record that was just read can still be read after KMS would refuse its key.',
      read: integer(1, 300, 's'),
      optional: true,
      defaultDoc: 'the program’s own, 60',
    },
    {
      path: 'enclave.keyCache.uses',
      env: 'ENCLAVE_VAULT_ENCLAVE_KEY_CACHE_USES',
      doc: 'Decryptions that one answer of KMS, and so one line of its log, stands for at most.',
      read: integer(1, 1_000_000),
      optional: true,
      defaultDoc: 'the program’s own, 1000',
    },
    {
      path: 'kms.host',
      env: 'ENCLAVE_VAULT_KMS_HOST',
      doc: 'The one host that enclaves reach through the relay. Their TLS ends there: it must have a certificate for the name in the enclave’s configuration.',
      read: text('the name or address of a host', /[A-Za-z0-9:.-]{1,253}/),
      optional: true,
      defaultDoc: 'the one in the enclave’s configuration',
    },
    {
      path: 'kms.port',
      env: 'ENCLAVE_VAULT_KMS_PORT',
      doc: 'Its port.',
      read: integer(1, 65_535),
      optional: true,
      defaultDoc: 'the one in the enclave’s configuration, 443',
    },
    {
      path: 'credentials.kind',
      env: 'ENCLAVE_VAULT_CREDENTIALS_KIND',
      doc: 'Where the credentials that enclaves call KMS with come from: the instance metadata service (version 2), or fixed ones for the local vault.',
      read: oneOf('imds', 'static'),
      default: 'imds',
    },
    {
      path: 'credentials.role',
      env: 'ENCLAVE_VAULT_CREDENTIALS_ROLE',
      doc: 'Name of the instance’s role.',
      read: text('the name of a role', /[\w+=,.@-]{1,64}/),
      optional: true,
      defaultDoc: 'the one that the metadata service names',
    },
    {
      path: 'credentials.endpoint',
      env: 'ENCLAVE_VAULT_CREDENTIALS_ENDPOINT',
      doc: 'The metadata service.',
      read: metadataEndpoint(),
      default: 'http://169.254.169.254',
    },
    {
      path: 'credentials.accessKeyId',
      env: 'ENCLAVE_VAULT_CREDENTIALS_ACCESS_KEY_ID',
      doc: 'Fixed credentials.',
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
      path: 'channel.key',
      env: 'ENCLAVE_VAULT_CHANNEL_KEY',
      doc: 'KMS key that signs this side’s certificates, where `listen` is https.',
      read: arn('kms', 'key/'),
      optional: true,
    },
    {
      path: 'channel.serverRoot',
      env: 'ENCLAVE_VAULT_CHANNEL_SERVER_ROOT',
      doc: 'Root certificate of that key.',
      read: channelRoots('server'),
      optional: true,
    },
    {
      path: 'channel.clientRoot',
      env: 'ENCLAVE_VAULT_CHANNEL_CLIENT_ROOT',
      doc: 'Root certificate of the API’s side.',
      read: channelRoots('client'),
      optional: true,
    },
    {
      path: 'channel.endpoint',
      env: 'ENCLAVE_VAULT_CHANNEL_ENDPOINT',
      doc: 'Where KMS signs this side’s certificates.',
      read: url(),
      optional: true,
      defaultDoc: 'the Region’s endpoint',
    },
    {
      path: 'channel.ca',
      env: 'ENCLAVE_VAULT_CHANNEL_CA',
      doc: 'Certificates to trust there in place of the system’s.',
      read: pemOrFile(),
      optional: true,
    },
    {
      path: 'drainSeconds',
      env: 'ENCLAVE_VAULT_DRAIN_SECONDS',
      doc: 'How long requests under way have to end after SIGTERM. A request takes seven at most.',
      read: integer(0, 60, 's'),
      default: 8,
    },
    {
      path: 'figuresSeconds',
      env: 'ENCLAVE_VAULT_FIGURES_SECONDS',
      doc: 'How often the log has a line `figures`: requests, refusals, how busy enclaves are. Without it there is none.',
      read: integer(1, 3600, 's'),
      optional: true,
    },
    {
      path: 'canary.seconds',
      env: 'ENCLAVE_VAULT_CANARY_SECONDS',
      doc: 'How often KMS is asked, as this role and without an attestation document, to decrypt under each key of the enclaves: it must refuse, and the log has a line `canary` for each. Without it nothing is asked.',
      read: integer(1, 3600, 's'),
      optional: true,
    },
    {
      path: 'canary.legacyKeys',
      env: 'ENCLAVE_VAULT_CANARY_LEGACY_KEYS',
      doc: 'Whether keys of imported records are among them: only where their policies refuse by a Deny.',
      read: flag(),
      default: true,
    },
  ],
  rules: [
    {
      settings: ['hypervisor.socket', 'hypervisor.kind'],
      doc: 'an emulated hypervisor has `hypervisor.socket`, nitro has none',
      broken: ({ hypervisor: { kind, socket } }) => (kind === 'emulated') !== (socket !== undefined),
    },
    {
      settings: ['enclave.configuration', 'enclave.region', 'enclave.vaultKeys', 'enclave.requestKeys'],
      doc: '`enclave` has either `configuration` alone, or all of `region`, `vaultKeys`, `requestKeys` and `tlsRoots`',
      broken: ({
        enclave: {
          configuration,
          region,
          vaultKeys,
          requestKeys,
          tlsRoots,
          legacyKeys,
          fips,
          rate,
          keyCache,
        },
      }) => {
        const members = [region, vaultKeys, requestKeys, tlsRoots].filter((one) => one !== undefined).length;
        return configuration === undefined
          ? members < 4
          : members > 0 ||
              legacyKeys.length > 0 ||
              fips ||
              [rate.burst, ...Object.values(keyCache)].some((one) => one !== undefined);
      },
    },
    {
      settings: ['enclave.rate.burst', 'enclave.rate.perSecond', 'enclave.rate.perHour'],
      doc: '`enclave.rate` has all three of its members, or none',
      broken: ({ enclave: { rate } }) =>
        new Set([rate.burst, rate.perSecond, rate.perHour].map((one) => one === undefined)).size > 1,
    },
    {
      settings: ['credentials.accessKeyId', 'credentials.kind'],
      doc: '`static` credentials have `accessKeyId` and `secretAccessKey`, those of `imds` neither',
      broken: ({ credentials: { kind, accessKeyId, secretAccessKey, sessionToken } }) =>
        kind === 'static'
          ? accessKeyId === undefined || secretAccessKey === undefined
          : [accessKeyId, secretAccessKey, sessionToken].some((one) => one !== undefined),
    },
    {
      settings: ['listen', 'channel.key', 'channel.serverRoot', 'channel.clientRoot'],
      doc: '`listen` at https:// needs `channel.key`, `channel.serverRoot` and `channel.clientRoot`, at unix: none of them',
      broken: ({ listen, channel: { key, serverRoot, clientRoot } }) =>
        [key, serverRoot, clientRoot].filter((one) => one !== undefined).length !==
        ('unix' in listen ? 0 : 3),
    },
  ],
  example: {
    listen: 'https://0.0.0.0:8443',
    health: 'http://0.0.0.0:8080',
    image: '/opt/enclave-vault/enclave-vault.eif',
    enclaves: { count: 2, cpuCount: 2, memoryMib: 1024 },
    enclave: { configuration: '/etc/enclave-vault/enclave.configuration' },
    channel: {
      key: 'arn:aws:kms:eu-central-1:111122223333:key/44444444-4444-4444-8444-444444444444',
      serverRoot: '/etc/enclave-vault/channel-server-root.pem',
      clientRoot: '/etc/enclave-vault/channel-client-root.pem',
    },
  },
});

export type ParentSettings = RoleValues<typeof PARENT>;
