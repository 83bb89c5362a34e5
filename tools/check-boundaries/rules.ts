// SPDX-License-Identifier: Apache-2.0
/**
 * Who may import what: the table of docs/architecture.md as data. A zone is the longest folder that
 * matches a file; what is not listed for a zone is refused, Node's built-ins included.
 *
 * `packages` are workspace names without their scope, with the export where only that one is allowed
 * (`hpke/seal`); `node` are built-in modules (`*` for all); `npm` are third-party packages.
 */
export interface ZoneRule {
  readonly zone: string;
  readonly packages?: readonly string[];
  readonly node?: readonly string[];
  readonly npm?: readonly string[];
}

const STORES = ['stores', 'stores/sqlite', 'stores/file-sink', 'stores/dynamodb', 'stores/log-group'];
const HOST_PACKAGES = ['vault', ...STORES, 'host-kms', 'parent', 'api', 'settings'];
const EMULATORS = ['emulator-pki', 'emulator-iam', 'emulator-kms', 'emulator-nitro', 'emulator-account'];

export const RULES: readonly ZoneRule[] = [
  { zone: 'trusted/codec' },
  { zone: 'trusted/hpke', packages: ['codec'], node: ['crypto'] },
  { zone: 'trusted/records', packages: ['hpke', 'hpke/seal', 'hpke/open', 'codec'], node: ['crypto'] },
  {
    zone: 'trusted/expressions',
    node: ['crypto', 'worker_threads'],
    npm: ['@bufbuild/cel', '@bufbuild/cel-spec', '@bufbuild/protobuf'],
  },
  { zone: 'trusted/protocol', packages: ['codec'], node: ['crypto'] },
  {
    // The core has no I/O: what it needs of the world comes through ports.ts.
    zone: 'trusted/enclave/src/core',
    packages: ['records', 'records/open', 'hpke', 'hpke/open', 'expressions', 'protocol', 'codec'],
    node: ['crypto'],
  },
  {
    zone: 'trusted/enclave/src/adapters',
    packages: ['codec', 'protocol', 'linux'],
    node: ['crypto', 'http', 'net', 'tls', 'stream', 'worker_threads', 'fs', 'timers/promises'],
  },
  {
    zone: 'trusted/enclave',
    packages: [
      'codec',
      'hpke',
      'records',
      'records/open',
      'expressions',
      'protocol',
      'linux',
      'linux/vsock',
      'linux/nsm',
      'linux/process',
    ],
    node: ['crypto', 'http', 'net', 'worker_threads', 'stream', 'process'],
  },
  // libc for a program: the one place that loads native code. Its JavaScript is koffi's addon's only caller.
  { zone: 'trusted/linux/src', node: ['net'], npm: ['#koffi-file'] },
  { zone: 'trusted/linux/src/koffi-file', node: ['fs', 'module', 'path'] },
  // The build runs on the developer's machine; it isn't part of the program.
  {
    zone: 'trusted/enclave/build',
    node: ['*'],
    npm: ['esbuild'],
    packages: ['codec'],
  },
  { zone: 'verifier/attestation', packages: ['codec'], node: ['crypto'] },
  // Of policies, the type of what it pins.
  { zone: 'verifier/eif', packages: ['codec', 'policies'], node: ['crypto', 'zlib'] },
  { zone: 'verifier/release', packages: ['eif'], node: ['crypto'] },
  {
    zone: 'host/vault',
    packages: ['protocol', 'codec', 'hpke', 'hpke/seal', 'records', 'records/seal', 'expressions/references'],
    node: ['crypto', 'timers/promises'],
  },
  {
    zone: 'host/stores',
    packages: ['vault', 'codec'],
    node: ['sqlite', 'fs', 'fs/promises', 'path', 'crypto', 'timers/promises', 'http', 'https'],
    npm: ['@aws-sdk/client-dynamodb', '@aws-sdk/client-cloudwatch-logs', '@smithy/*'],
  },
  { zone: 'host/kms', packages: ['vault'], node: ['https', 'crypto'], npm: ['@aws-sdk/*', '@smithy/*'] },
  // Writes certificates; who signs them is a function that it is given.
  { zone: 'host/x509', packages: ['codec'], node: ['crypto'] },
  {
    zone: 'host/channel',
    packages: ['x509'],
    node: ['crypto', 'http', 'https', 'tls', 'util', 'timers/promises'],
  },
  {
    zone: 'host/channel/src/kms',
    node: ['https'],
    npm: ['@aws-sdk/client-kms', '@smithy/node-http-handler'],
  },
  // Reads files that a configuration names; nothing of the vault.
  { zone: 'host/settings', node: ['fs'] },
  {
    // Of canary, what it asks KMS as the instance's role, and what an answer means.
    zone: 'host/parent',
    packages: ['protocol', 'settings', 'linux/vsock', 'channel', 'channel/kms', 'canary/core', 'canary/kms'],
    node: ['*'],
  },
  // The build runs on the developer's machine; it isn't part of the program.
  {
    zone: 'host/parent/build',
    packages: ['enclave/build/native', 'image-parts'],
    node: ['*'],
    npm: ['esbuild'],
  },
  {
    zone: 'host/api',
    packages: [
      ...HOST_PACKAGES,
      'parent/http-client',
      'parent/interface',
      'parent/log',
      'parent/process',
      'stores/sqlite',
      'stores/file-sink',
      'stores/dynamodb',
      'stores/log-group',
      'settings',
      'channel',
      'channel/kms',
      'protocol',
      'attestation',
    ],
    node: ['*'],
    npm: ['fastify', '@fastify/*', 'ajv', 'ajv-formats', 'jose', '@aws-lambda-powertools/*'],
  },
  // The build runs on the developer's machine; it isn't part of the program.
  { zone: 'host/api/build', node: ['*'], npm: ['esbuild'] },
  { zone: 'host/api/build-lambda', node: ['*'] },
  // Shown tokens outside the VPC: knows nothing of the vault.
  { zone: 'host/authorizer', packages: ['settings'], npm: ['jose'] },
  { zone: 'host/authorizer/build', packages: ['api/build/function'] },
  // A caller, like any other.
  // Of canary, the report of the positive control.
  {
    zone: 'host/smoke',
    packages: ['canary/core'],
    node: ['crypto', 'http', 'https', 'timers/promises'],
    npm: ['@smithy/signature-v4'],
  },
  { zone: 'host/smoke/build', packages: ['api/build/function'] },
  { zone: 'emulators/pki', packages: ['codec', 'x509'], node: ['crypto'] },
  {
    // Takes templates as JSON: what made them is none of its business.
    zone: 'emulators/account',
    packages: ['codec', 'policies', 'emulator-iam', 'emulator-pki', 'emulator-kms'],
    node: ['*'],
  },
  { zone: 'emulators/iam', packages: ['policies'], node: ['net', 'crypto'] },
  {
    zone: 'emulators/kms',
    packages: ['codec', 'attestation', 'policies', 'emulator-iam', 'emulator-pki'],
    node: ['*'],
  },
  { zone: 'emulators/nitro', packages: ['codec', 'attestation', 'emulator-pki'], node: ['*'] },
  { zone: 'policies' },
  // Of policies, the encryption contexts that the key policies demand.
  {
    zone: 'canary',
    packages: ['policies', 'settings'],
    // crypto: digests of statements; fs: the manifest beside the code.
    node: ['crypto', 'fs/promises', 'https'],
    npm: ['@aws-sdk/client-dynamodb', '@aws-sdk/client-kms', '@smithy/node-http-handler'],
  },
  // On one machine: what becomes of readings, and a webhook.
  { zone: 'canary/src/alarm', node: ['crypto', 'http', 'https'] },
  // On one machine: a wrapped key of the store, as whoever copied it has it, and a caller of the API.
  {
    zone: 'canary/src/local',
    packages: ['settings', 'stores/sqlite', 'vault'],
    node: ['crypto', 'fs', 'http', 'https'],
    npm: ['@aws-sdk/client-kms', '@smithy/node-http-handler'],
  },
  // The build runs on the developer's machine; it isn't part of the program.
  { zone: 'canary/build', node: ['*'], npm: ['esbuild'] },
  // Templates from plain text. Nothing here reads a clock or a network; files are CDK's own, which it leaves behind.
  {
    zone: 'infra',
    packages: ['policies', 'settings'],
    node: ['crypto', 'fs', 'os', 'path'],
    npm: ['aws-cdk-lib', 'aws-cdk-lib/*', 'constructs'],
  },
  // Writes templates for people to look at.
  { zone: 'infra/bin', packages: ['settings'], node: ['fs', 'path', 'util'] },
  // Run on the developer's machine and in CI: they make images, and are in none.
  { zone: 'images', packages: ['image-parts'], node: ['*'] },
  // The deploy command: templates, a release, an account. It reads none of the vault's host packages but settings.
  {
    zone: 'tools/deploy',
    packages: [
      'infra',
      'policies',
      'settings',
      'release',
      'eif',
      'channel',
      'parent/enclave-configuration',
      'parent/build/settings-archive',
    ],
    node: ['*'],
    npm: ['@aws-sdk/*', '@smithy/node-http-handler', 'fflate'],
  },
  // Builds every part, and is in none. What checks a release is what the deploy command checks it with.
  {
    zone: 'tools/release',
    packages: [
      'api/build/lambda',
      'authorizer/build',
      'canary/build',
      'smoke/build',
      'parent/build/archive',
      'deploy/errors',
      'deploy/release',
      'deploy/zip',
      'eif',
      'image-parts',
      'release',
    ],
    node: ['*'],
    npm: ['@aws-sdk/client-kms'],
  },
  // Reads files of the repository, and nothing of the vault.
  {
    zone: 'tools/threat-model',
    node: ['buffer', 'crypto', 'fs', 'path', 'util'],
    npm: ['ajv', 'oxc-parser'],
  },
  {
    zone: 'tools',
    packages: [
      ...HOST_PACKAGES,
      // Into a vault past its API: for its operator.
      'vault/import',
      ...EMULATORS,
      'admin/doctor',
      'api/settings',
      'api/storage',
      'authorizer/settings',
      'channel',
      'channel/kms',
      'parent/enclave-configuration',
      'parent/http-client',
      'canary/alarm',
      'canary/core',
      'canary/local',
      'canary/local/settings',
      'canary/mutations',
      'canary/settings',
      'parent/process',
      'parent/settings',
      'policies',
      'attestation',
      'eif',
      'infra',
      'release',
      'protocol',
      'codec',
      'enclave',
      'enclave/build',
      'threat-model',
      'threat-model/titles',
    ],
    node: ['*'],
    npm: [
      ...['csv-parse', 'oxc-parser', 'esbuild', '@aws-sdk/*', '@smithy/node-http-handler'],
      '@smithy/signature-v4',
    ],
  },
];

/** Exports that open ciphertext: importable by these zones only, whatever the table above says. */
export const OPENERS = ['hpke/open', 'records/open'];
export const MAY_OPEN = ['trusted/records', 'trusted/enclave', 'clients/sdk', 'emulators'];
