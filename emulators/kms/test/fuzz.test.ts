// SPDX-License-Identifier: Apache-2.0
import { Agent } from 'node:https';
import { CreateAliasCommand, CreateKeyCommand, EncryptCommand } from '@aws-sdk/client-kms';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { role, testEmulator } from './support/emulator.ts';
import { TestEnclave } from './support/enclave.ts';
import { send } from './support/send.ts';
import { sign } from './support/sign.ts';

const enclave = new TestEnclave();
const admin = role('admin');
const emulator = await testEmulator([admin], { attestationRoots: [enclave.rootPem] });
const agent = new Agent({ keepAlive: true, ca: emulator.ca });
const kms = emulator.client(admin);
const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
const KeyId = KeyMetadata?.KeyId ?? '';
const signing = new CreateKeyCommand({ KeySpec: 'ECC_NIST_P384', KeyUsage: 'SIGN_VERIFY' });
const SIGNING = (await kms.send(signing)).KeyMetadata?.KeyId ?? '';
await kms.send(new CreateAliasCommand({ AliasName: 'alias/a', TargetKeyId: KeyId }));
const sealed = await kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x') }));
const blob = Buffer.from(sealed.CiphertextBlob ?? []);
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

const OPERATIONS = [
  'CancelKeyDeletion',
  'CreateAlias',
  'CreateKey',
  'Decrypt',
  'DeleteAlias',
  'DescribeKey',
  'DisableKeyRotation',
  'EnableKey',
  'EnableKeyRotation',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'GenerateDataKeyWithoutPlaintext',
  'GenerateRandom',
  'GetKeyPolicy',
  'GetKeyRotationStatus',
  'GetPublicKey',
  'ListAliases',
  'ListKeys',
  'ListResourceTags',
  'PutKeyPolicy',
  'Sign',
  'UpdateAlias',
  'Verify',
];

/** Values near the good ones, for each member that any operation has. */
const near = {
  KeyId: fc.constantFrom(
    KeyId,
    SIGNING,
    KeyMetadata?.Arn ?? '',
    'alias/a',
    'alias/b',
    'arn:aws:kms:::key/',
    'x',
  ),
  CiphertextBlob: fc.oneof(
    fc.constant(base64(blob)),
    fc.nat({ max: blob.length }).map((length) => base64(blob.subarray(0, length))),
    fc.uint8Array({ maxLength: 100 }).map(base64),
  ),
  Plaintext: fc.uint8Array({ maxLength: 20 }).map(base64),
  EncryptionContext: fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
  EncryptionAlgorithm: fc.constantFrom('SYMMETRIC_DEFAULT', 'RSAES_OAEP_SHA_1'),
  Recipient: fc.record({
    KeyEncryptionAlgorithm: fc.constant('RSAES_OAEP_SHA_256'),
    AttestationDocument: fc.oneof(fc.constant(base64(enclave.document())), fc.constant('AAAA')),
  }),
  DryRun: fc.boolean(),
  DryRunModifiers: fc.constantFrom([], ['IGNORE_CIPHERTEXT'], ['OTHER']),
  Message: fc.constantFrom(base64(Buffer.alloc(48, 1)), base64(Buffer.alloc(32)), 'AAAA', ''),
  MessageType: fc.constantFrom('RAW', 'DIGEST', 'EXTERNAL_MU', 'X'),
  SigningAlgorithm: fc.constantFrom('ECDSA_SHA_384', 'ECDSA_SHA_256', 'X'),
  Signature: fc.oneof(fc.constant('MAYCAQECAQE='), fc.uint8Array({ maxLength: 80 }).map(base64)),
  KeyUsage: fc.constantFrom('SIGN_VERIFY', 'ENCRYPT_DECRYPT'),
  NumberOfBytes: fc.integer({ min: -1, max: 1025 }),
  KeySpec: fc.constantFrom('AES_256', 'AES_128', 'SYMMETRIC_DEFAULT', 'ECC_NIST_P384'),
  KeyPairSpec: fc.constantFrom('ECC_NIST_P256', 'SM2', 'X'),
  AliasName: fc.constantFrom('alias/a', 'alias/b', 'alias/aws/x', 'x'),
  TargetKeyId: fc.constantFrom(KeyId, 'alias/a', 'x'),
  Policy: fc.oneof(
    fc.json(),
    fc.constantFrom('{', '{"Statement":[{"Principal":{"AWS":[1]}}]}', '{"Statement":null}'),
  ),
  PolicyName: fc.constantFrom('default', 'x y'),
  Limit: fc.integer({ min: 0, max: 3 }),
  Marker: fc.string({ maxLength: 5 }),
  GrantTokens: fc.constantFrom([], ['x'], [1]),
  Tags: fc.constantFrom([], [{}], [{ TagKey: 'a', TagValue: 'b' }], [null]),
};
const good = fc.record(near, { requiredKeys: [] });
const names = fc.constantFrom(...Object.keys(near));
const spoilt = fc
  .tuple(good, names, fc.jsonValue())
  .map(([value, name, other]) => ({ ...value, [name]: other }));
const bodies = fc.oneof(
  { weight: 3, arbitrary: good },
  { weight: 3, arbitrary: spoilt },
  { weight: 1, arbitrary: fc.jsonValue() },
);

describe('any request at all', () => {
  it('gets an answer or a refusal, and never an internal error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...OPERATIONS), bodies, async (operation, value) => {
        const body = JSON.stringify(value);
        const headers = sign(admin, body, { headers: { 'x-amz-target': `TrentService.${operation}` } });
        const reply = await send(emulator.endpoints[0]?.port ?? 0, agent, { headers, body });
        expect([200, 400]).toContain(reply.status);
        expect('__type' in reply.body).toBe(reply.status === 400);
      }),
      { numRuns: 600 },
    );
    expect(emulator.log.filter((line) => line.event === 'kms_internal')).toEqual([]);
    const outcomes = new Set(emulator.events.map((event) => event.errorCode ?? 'success'));
    // The generator reaches beyond the first check.
    for (const outcome of ['success', 'SerializationException', 'ValidationException', 'NotFoundException']) {
      expect(outcomes).toContain(outcome);
    }
  });
});
