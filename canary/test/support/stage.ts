// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateGrantCommand,
  CreateKeyCommand,
  DecryptCommand,
  GenerateDataKeyPairWithoutPlaintextCommand,
  ListGrantsCommand,
  PutKeyPolicyCommand,
  RevokeGrantCommand,
} from '@aws-sdk/client-kms';
import {
  apiIdentityPolicy,
  breakGlassIdentityPolicy,
  type Deployment,
  deploymentIdentityPolicy,
  instanceIdentityPolicy,
  integrityKeyPolicy,
  kmsEndpointPolicy,
  legacyKeyPolicy,
  type PolicyDocument,
  requestKeyPolicy,
  type Statement,
  vaultKeyPolicy,
} from '@enclave-vault/policies';
import { SqliteStore } from '@enclave-vault/stores/sqlite';
import { afterAll } from 'vitest';
import { ACCOUNT, allow, REGION, role, testEmulator } from '../../../emulators/kms/test/support/emulator.ts';
import { TestEnclave } from '../../../emulators/kms/test/support/enclave.ts';
import type { Deployed, KeyName } from '../../mutations/table.ts';
import { digestOf } from '../../src/index.ts';
import { LocalCanary, type LocalCanaryConfig, type RunOptions } from '../../src/local/index.ts';

/* A vault as a canary sees it: KMS with the policies that a deployment gets, a store with records, and an API whose
 * decryption is an attested one of an enclave that the policies admit. */

export const DEPLOYMENT: Deployment = {
  partition: 'aws',
  account: ACCOUNT,
  region: REGION,
  name: 'vault',
  network: { vpcId: 'vpc-0a', vpceId: 'vpce-0b' },
  roles: {
    api: role('api').arn,
    instance: role('instance').arn,
    deployment: role('deployment').arn,
    breakGlass: role('break-glass').arn,
  },
};
const enclave = new TestEnclave();
const measurements = {
  pcr0: [enclave.hex(0)],
  pcr1: [enclave.hex(1)],
  pcr2: [enclave.hex(2)],
  pcr3: [enclave.hex(3)],
  pcr8: [enclave.hex(8)],
  pcr16: [enclave.hex(16)],
};
export const deployed: Deployed = {
  vault: vaultKeyPolicy(DEPLOYMENT, measurements),
  request: requestKeyPolicy(DEPLOYMENT, measurements),
  integrity: integrityKeyPolicy(DEPLOYMENT),
  'legacy-1': legacyKeyPolicy(DEPLOYMENT, measurements),
};

const api = role('api', [apiIdentityPolicy(DEPLOYMENT)]);
const instance = role('instance', [instanceIdentityPolicy(DEPLOYMENT)]);
export const deployer = role('deployment', [deploymentIdentityPolicy(DEPLOYMENT)]);
/** Refused by none but the key policies. */
export const canary = role('canary', [
  allow([
    'kms:Decrypt',
    'kms:DescribeKey',
    'kms:GenerateDataKey',
    'kms:GenerateDataKeyPairWithoutPlaintext',
    'kms:GetKeyPolicy',
    'kms:ListGrants',
  ]),
]);
const stranger = role('stranger');
const breakGlass = role('break-glass', [breakGlassIdentityPolicy(DEPLOYMENT)]);
const endpointPolicy = kmsEndpointPolicy(DEPLOYMENT);

const OUTSIDE = 0;
const INSIDE = 1;

export async function openStage() {
  const emulator = await testEmulator([api, instance, deployer, canary, stranger, breakGlass], {
    attestationRoots: [enclave.rootPem],
    listeners: [
      { host: '127.0.0.1', port: 0, network: null },
      { host: '127.0.0.1', port: 0, network: { sourceVpc: 'vpc-0a', sourceVpce: 'vpce-0b', endpointPolicy } },
    ],
  });
  const admin = emulator.client(deployer, OUTSIDE);
  const create = async (policy?: PolicyDocument): Promise<string> => {
    const Policy = policy === undefined ? {} : { Policy: JSON.stringify(policy) };
    return (await admin.send(new CreateKeyCommand(Policy))).KeyMetadata?.Arn ?? '';
  };
  const arns: Readonly<Record<KeyName, string>> = {
    vault: await create(deployed.vault),
    request: await create(deployed.request),
    integrity: await create(deployed.integrity),
    'legacy-1': await create(),
  };
  const put = async (policies: Partial<Deployed>) => {
    for (const [name, policy] of Object.entries(policies))
      await admin.send(
        new PutKeyPolicyCommand({ KeyId: arns[name as KeyName], Policy: JSON.stringify(policy) }),
      );
  };

  // Of the sample, under the policy that a key has when nobody gave it one: without a context.
  const pair = { KeyPairSpec: 'ECC_NIST_P384' } as const;
  const foreign = await emulator
    .client(stranger, OUTSIDE)
    .send(new GenerateDataKeyPairWithoutPlaintextCommand({ ...pair, KeyId: arns['legacy-1'] }));
  await put({ 'legacy-1': deployed['legacy-1'] });
  const context = { vault_id: 'v_01HV1XW70Q03PHK892JFQAY0Z5', tenant_id: 'default' };
  const own = await emulator.client(api, INSIDE).send(
    new GenerateDataKeyPairWithoutPlaintextCommand({
      ...pair,
      KeyId: arns.vault,
      EncryptionContext: context,
    }),
  );

  const folder = mkdtempSync(join(tmpdir(), 'canary-'));
  const database = join(folder, 'vault.db');
  const store = SqliteStore.open(database);
  const record = (id: string, key: string, wrapped: Uint8Array | undefined) => ({
    put: {
      pk: `VAULT##${id}`,
      sk: 'v0',
      _id: id,
      _tn: 'default',
      _kk: key,
      _sk: wrapped ?? new Uint8Array(),
    },
  });
  await store.transact([
    { put: { pk: 'VAULT##v_0', sk: 'v0', _id: 'v_0', _tn: 'default', _del: 1 } },
    record(context.vault_id, arns.vault, own.PrivateKeyCiphertextBlob),
    record('v_01HV1XW70Q03PHK892JFQAY0Z6', arns['legacy-1'], foreign.PrivateKeyCiphertextBlob),
  ]);
  await store.close();

  const service = createServer(async (request, response) => {
    request.resume();
    const opened = await attested().catch(() => false);
    response.writeHead(opened ? 200 : 503, { 'content-type': 'application/json' });
    response.end(JSON.stringify(opened ? { data: { name: 'Ada' } } : { code: 'enclave_not_trusted' }));
  });
  const enclaveKms = emulator.client(instance, INSIDE);
  /** What an enclave does: KMS encrypts the record's private key to it, and it is the record's. */
  async function attested(): Promise<boolean> {
    const answer = await enclaveKms.send(
      new DecryptCommand({
        KeyId: arns.vault,
        CiphertextBlob: own.PrivateKeyCiphertextBlob,
        EncryptionContext: context,
        Recipient: { KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256', AttestationDocument: enclave.document() },
      }),
    );
    const privateKey = createPrivateKey({
      key: enclave.open(answer.CiphertextForRecipient),
      format: 'der',
      type: 'pkcs8',
    });
    const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
    return spki.equals(own.PublicKey ?? new Uint8Array());
  }
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  const address = service.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;

  const config: LocalCanaryConfig = {
    keys: { vault: arns.vault, request: arns.request, integrity: arns.integrity },
    legacyKeys: [arns['legacy-1']],
    kms: {
      endpoint: emulator.endpoints[INSIDE]?.url ?? '',
      outside: emulator.endpoints[OUTSIDE]?.url ?? '',
      ca: emulator.ca,
    },
    credentials: { accessKeyId: canary.accessKeyId, secretAccessKey: canary.secretAccessKey },
    policies: Object.fromEntries(Object.entries(deployed).map(([name, policy]) => [name, digestOf(policy)])),
    database,
    control: {
      url: `http://127.0.0.1:${port}`,
      certificate: undefined,
      key: 'of the canary',
      vault: context.vault_id,
      field: 'name',
      value: '"Ada"',
    },
    intervalSeconds: 60,
  };
  const made: LocalCanary[] = [];
  const open = (over: Partial<LocalCanaryConfig> = {}, options: RunOptions = {}): LocalCanary => {
    const one = new LocalCanary({ ...config, ...over }, { instance, ...options });
    made.push(one);
    return one;
  };
  afterAll(() => {
    for (const one of made) one.close();
    service.close();
    service.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    emulator,
    admin,
    arns,
    config,
    put,
    open,
    folder,
    breakGlass,
    /** A store without a record. */
    async emptyStore(): Promise<string> {
      const path = join(folder, 'empty.db');
      await SqliteStore.open(path).close();
      return path;
    },
    /** With other policies in force, for as long as it takes. */
    async under<T>(policies: Partial<Deployed>, run: () => Promise<T>): Promise<T> {
      await put(policies);
      try {
        return await run();
      } finally {
        await put(Object.fromEntries(Object.keys(policies).map((name) => [name, deployed[name as KeyName]])));
      }
    },
    /** With a grant on the vault key, whose policy is as deployed again. */
    async granted<T>(run: () => Promise<T>): Promise<T> {
      const open: PolicyDocument = { ...deployed.vault, Statement: [allowGrants()] };
      await put({ vault: open });
      const KeyId = arns.vault;
      await emulator
        .client(stranger, OUTSIDE)
        .send(new CreateGrantCommand({ KeyId, GranteePrincipal: canary.arn, Operations: ['Decrypt'] }));
      await put({ vault: deployed.vault });
      try {
        return await run();
      } finally {
        await put({ vault: open });
        const { Grants = [] } = await admin.send(new ListGrantsCommand({ KeyId }));
        for (const { GrantId } of Grants) await admin.send(new RevokeGrantCommand({ KeyId, GrantId }));
        await put({ vault: deployed.vault });
      }
    },
  };
}

const allowGrants = (): Statement => ({
  Sid: 'Open',
  Effect: 'Allow',
  Principal: '*',
  Action: 'kms:*',
  Resource: '*',
});
