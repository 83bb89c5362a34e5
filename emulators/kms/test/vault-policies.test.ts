// SPDX-License-Identifier: Apache-2.0
import {
  CreateKeyCommand,
  DecryptCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyPairCommand,
  GenerateDataKeyPairWithoutPlaintextCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  PutKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import {
  apiBoundary,
  apiIdentityPolicy,
  breakGlassIdentityPolicy,
  type Deployment,
  deploymentIdentityPolicy,
  instanceIdentityPolicy,
  integrityKeyPolicy,
  kmsEndpointPolicy,
  type Measurements,
  type PolicyDocument,
  requestKeyPolicy,
  vaultKeyPolicy,
} from '@enclave-vault/policies';
import { describe, expect, it } from 'vitest';
import type { PrincipalConfig } from '../src/config.ts';
import { ACCOUNT, allow, errorOf, REGION, role, testEmulator } from './support/emulator.ts';
import { TestEnclave } from './support/enclave.ts';

/* The policies that AWS will get, in force in the emulator. */

const deployment: Deployment = {
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
const api: PrincipalConfig = {
  ...role('api', [apiIdentityPolicy(deployment)]),
  boundary: apiBoundary(deployment),
};
const instance = role('instance', [instanceIdentityPolicy(deployment)]);
const deployer = role('deployment', [deploymentIdentityPolicy(deployment)]);
const breakGlass = role('break-glass', [breakGlassIdentityPolicy(deployment)]);
const administrator = role('administrator', [allow('kms:*')]);

const enclave = new TestEnclave();
const measurements: Measurements = {
  pcr0: ['ee'.repeat(48), enclave.hex(0)],
  pcr1: [enclave.hex(1)],
  pcr2: [enclave.hex(2)],
  pcr3: [enclave.hex(3)],
  pcr8: [enclave.hex(8)],
  pcr16: [enclave.hex(16)],
};
const endpointPolicy = kmsEndpointPolicy(deployment);
const emulator = await testEmulator([api, instance, deployer, breakGlass, administrator], {
  attestationRoots: [enclave.rootPem],
  listeners: [
    { host: '127.0.0.1', port: 0, network: null },
    {
      host: '127.0.0.1',
      port: 0,
      network: { sourceVpc: 'vpc-0a', sourceVpce: 'vpce-0b', endpointPolicy },
    },
  ],
});
const OUTSIDE = 0;
const INSIDE = 1;

async function create(policy: PolicyDocument): Promise<string> {
  const made = await emulator
    .client(deployer, OUTSIDE)
    .send(new CreateKeyCommand({ Policy: JSON.stringify(policy) }));
  return made.KeyMetadata?.Arn ?? '';
}
const put = (principal: PrincipalConfig, KeyId: string, policy: PolicyDocument, listener = OUTSIDE) =>
  emulator
    .client(principal, listener)
    .send(new PutKeyPolicyCommand({ KeyId, Policy: JSON.stringify(policy) }));

const vaultKey = await create(vaultKeyPolicy(deployment, null));
const requestKey = await create(requestKeyPolicy(deployment, null));
const integrityKey = await create(integrityKeyPolicy(deployment));

const record = { vault_id: 'v_01HV1XW70Q03PHK892JFQAY0Z5', tenant_id: 'default' };
const purpose = { purpose: 'enclave-request/1' };
const KeyPairSpec = 'ECC_NIST_P384' as const;
const pair = (principal: PrincipalConfig, input: object = {}, listener = INSIDE) =>
  emulator.client(principal, listener).send(
    new GenerateDataKeyPairWithoutPlaintextCommand({
      KeyId: vaultKey,
      KeyPairSpec,
      EncryptionContext: record,
      ...input,
    }),
  );
const requested = (principal: PrincipalConfig, input: object = {}) =>
  emulator.client(principal, INSIDE).send(
    new GenerateDataKeyCommand({
      KeyId: requestKey,
      KeySpec: 'AES_256',
      EncryptionContext: purpose,
      ...input,
    }),
  );
const Recipient = {
  KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256' as const,
  AttestationDocument: enclave.document(),
};
const decrypt = (
  principal: PrincipalConfig,
  KeyId: string,
  CiphertextBlob: Uint8Array | undefined,
  EncryptionContext: Record<string, string>,
  attested = true,
  listener = INSIDE,
) =>
  emulator
    .client(principal, listener)
    .send(
      new DecryptCommand({ KeyId, CiphertextBlob, EncryptionContext, ...(attested ? { Recipient } : {}) }),
    );

const DENIED = 'AccessDeniedException';

describe('the vault key', () => {
  it('decrypts for nobody before it is given measurements', async () => {
    const { PrivateKeyCiphertextBlob: blob } = await pair(api);
    for (const principal of [instance, api, deployer, breakGlass, administrator]) {
      for (const listener of [OUTSIDE, INSIDE]) {
        expect(await errorOf(decrypt(principal, vaultKey, blob, record, true, listener))).toBe(DENIED);
      }
    }
  });

  it('decrypts for the measured enclave with the instance’s credentials, in the network, and for nobody else', async () => {
    const { PrivateKeyCiphertextBlob: blob } = await pair(api);
    await put(deployer, vaultKey, vaultKeyPolicy(deployment, measurements));
    const answer = await decrypt(instance, vaultKey, blob, record);
    expect(enclave.open(answer.CiphertextForRecipient).length).toBeGreaterThan(100);
    expect(await errorOf(decrypt(instance, vaultKey, blob, record, false))).toBe(DENIED);
    expect(await errorOf(decrypt(instance, vaultKey, blob, record, true, OUTSIDE))).toBe(DENIED);
    expect(await errorOf(decrypt(instance, vaultKey, blob, { ...record, tenant_id: 'x' }))).toBe(
      'InvalidCiphertextException',
    );
    expect(await errorOf(decrypt(instance, vaultKey, blob, {}))).toBe(DENIED);
    for (const principal of [api, deployer, breakGlass, administrator]) {
      for (const listener of [OUTSIDE, INSIDE]) {
        expect(await errorOf(decrypt(principal, vaultKey, blob, record, true, listener))).toBe(DENIED);
      }
    }
  });

  it('makes P-384 pairs under a record’s context for the API only', async () => {
    expect(await errorOf(pair(api))).toBe('none');
    expect(await errorOf(pair(api, {}, OUTSIDE))).toBe(DENIED);
    for (const principal of [instance, deployer, breakGlass, administrator]) {
      expect(await errorOf(pair(principal))).toBe(DENIED);
    }
    for (const EncryptionContext of [
      undefined,
      {},
      { vault_id: record.vault_id },
      { tenant_id: 'default' },
      { ...record, vault_id: 'x' },
      { ...record, more: 'x' },
    ]) {
      expect(await errorOf(pair(api, { EncryptionContext }))).toBe(DENIED);
    }
    expect(await errorOf(pair(api, { KeyPairSpec: 'ECC_NIST_P256' }))).toBe(DENIED);
  });

  it('wraps nothing that a caller knows', async () => {
    const input = { KeyId: vaultKey, EncryptionContext: record };
    for (const principal of [api, instance, deployer, breakGlass, administrator]) {
      for (const listener of [OUTSIDE, INSIDE]) {
        const client = emulator.client(principal, listener);
        const calls = [
          client.send(new EncryptCommand({ ...input, Plaintext: Buffer.from('x') })),
          client.send(new GenerateDataKeyCommand({ ...input, KeySpec: 'AES_256' })),
          client.send(new GenerateDataKeyWithoutPlaintextCommand({ ...input, KeySpec: 'AES_256' })),
          client.send(new GenerateDataKeyPairCommand({ ...input, KeyPairSpec })),
        ];
        expect(await Promise.all(calls.map(errorOf))).toEqual([DENIED, DENIED, DENIED, DENIED]);
      }
    }
  });

  it('is controlled by the deployment and break-glass roles only, without a lockout', async () => {
    const policy = vaultKeyPolicy(deployment, measurements);
    expect(await errorOf(put(breakGlass, vaultKey, policy))).toBe('none');
    for (const principal of [api, instance, administrator]) {
      expect(await errorOf(put(principal, vaultKey, policy))).toBe(DENIED);
      const schedule = new ScheduleKeyDeletionCommand({ KeyId: vaultKey });
      expect(await errorOf(emulator.client(principal, OUTSIDE).send(schedule))).toBe(DENIED);
    }
    const open = allow('kms:*') as unknown as PolicyDocument;
    expect(await errorOf(put(deployer, vaultKey, open))).toBe('MalformedPolicyDocumentException');
  });
});

describe('the request key', () => {
  it('makes data keys for the API and gives them back to the enclave only', async () => {
    const { CiphertextBlob: wrapped, Plaintext } = await requested(api);
    expect(await errorOf(decrypt(instance, requestKey, wrapped, purpose))).toBe(DENIED);
    await put(deployer, requestKey, requestKeyPolicy(deployment, measurements));
    const answer = await decrypt(instance, requestKey, wrapped, purpose);
    expect(enclave.open(answer.CiphertextForRecipient)).toEqual(Buffer.from(Plaintext ?? []));
    expect(await errorOf(decrypt(instance, requestKey, wrapped, purpose, false))).toBe(DENIED);
    expect(await errorOf(decrypt(api, requestKey, wrapped, purpose, false))).toBe(DENIED);
    expect(await errorOf(requested(instance))).toBe(DENIED);
    expect(await errorOf(requested(api, { EncryptionContext: { purpose: 'other' } }))).toBe(DENIED);
    expect(await errorOf(requested(api, { KeyId: vaultKey }))).toBe(DENIED);
  });
});

describe('the integrity key', () => {
  it('is the API’s alone', async () => {
    const context = { purpose: 'integrity/record' };
    const input = { KeyId: integrityKey, KeySpec: 'AES_256' as const, EncryptionContext: context };
    const { CiphertextBlob: wrapped, Plaintext } = await requested(api, input);
    const answer = await decrypt(api, integrityKey, wrapped, context, false);
    expect(answer.Plaintext).toEqual(Plaintext);
    for (const principal of [instance, deployer, breakGlass, administrator]) {
      expect(await errorOf(requested(principal, input))).toBe(DENIED);
      expect(await errorOf(decrypt(principal, integrityKey, wrapped, context, false))).toBe(DENIED);
    }
    expect(await errorOf(requested(api, { ...input, EncryptionContext: { purpose: 'record' } }))).toBe(
      DENIED,
    );
  });
});
