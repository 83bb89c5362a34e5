// SPDX-License-Identifier: Apache-2.0
import { createHash, createPublicKey, type KeyObject, verify as nodeVerify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyRotationCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GetKeyRotationStatusCommand,
  GetPublicKeyCommand,
  RotateKeyOnDemandCommand,
  SignCommand,
  type SigningAlgorithmSpec,
  VerifyCommand,
} from '@aws-sdk/client-kms';
import type { PolicyDocument } from '@enclave-vault/emulator-iam';
import { afterAll, describe, expect, it } from 'vitest';
import { errorOf, role, testEmulator } from '../support/emulator.ts';

const folder = mkdtempSync(join(tmpdir(), 'kms-sign-'));
afterAll(() => rmSync(folder, { recursive: true }));
const stateFile = join(folder, 'kms.json');

const only = (name: string, Condition: Record<string, Record<string, string>>): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: [{ Sid: name, Effect: 'Allow', Action: 'kms:Sign', Resource: '*', Condition }],
});
const admin = role('admin');
const narrow = role('narrow', [
  only('Narrow', {
    StringEquals: {
      'kms:SigningAlgorithm': 'ECDSA_SHA_384',
      'kms:MessageType': 'DIGEST',
      'kms:KeySpec': 'ECC_NIST_P384',
      'kms:KeyUsage': 'SIGN_VERIFY',
    },
  }),
]);
const emulator = await testEmulator([admin, narrow], { stateFile, passphrase: 'correct horse' });
const kms = emulator.client(admin);

const CURVES = [
  { KeySpec: 'ECC_NIST_P256', algorithm: 'ECDSA_SHA_256', hash: 'sha256', curve: 'prime256v1' },
  { KeySpec: 'ECC_NIST_P384', algorithm: 'ECDSA_SHA_384', hash: 'sha384', curve: 'secp384r1' },
] as const;
const SIGNS = { KeyUsage: 'SIGN_VERIFY' } as const;
const newKey = async (
  KeySpec: (typeof CURVES)[number]['KeySpec'] | 'SYMMETRIC_DEFAULT' = 'ECC_NIST_P384',
) => {
  const usage = KeySpec === 'SYMMETRIC_DEFAULT' ? {} : SIGNS;
  return (await kms.send(new CreateKeyCommand({ KeySpec, ...usage }))).KeyMetadata?.Arn ?? '';
};
const publicKey = async (KeyId: string): Promise<KeyObject> => {
  const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId }));
  return createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' });
};
const MESSAGE = Buffer.from('what is signed');
const digest = (hash: string) => createHash(hash).update(MESSAGE).digest();

describe.each(CURVES)('a key of $KeySpec', ({ KeySpec, algorithm: SigningAlgorithm, hash, curve }) => {
  it('signs messages and digests so that OpenSSL verifies them, and the reverse', async () => {
    const KeyId = await newKey(KeySpec);
    const key = await publicKey(KeyId);
    expect(key.asymmetricKeyDetails?.namedCurve).toBe(curve);
    const forms = [
      { Message: MESSAGE },
      { Message: MESSAGE, MessageType: 'RAW' },
      { Message: digest(hash), MessageType: 'DIGEST' },
    ] as const;
    for (const form of forms) {
      for (let turn = 0; turn < 4; turn += 1) {
        const answer = await kms.send(new SignCommand({ KeyId, SigningAlgorithm, ...form }));
        expect(answer).toMatchObject({ KeyId, SigningAlgorithm });
        const Signature = Buffer.from(answer.Signature ?? []);
        expect(nodeVerify(hash, MESSAGE, key, Signature)).toBe(true);
        const verified = await kms.send(new VerifyCommand({ KeyId, SigningAlgorithm, Signature, ...form }));
        expect(verified).toMatchObject({ KeyId, SigningAlgorithm, SignatureValid: true });
      }
    }
  });

  it('verifies nothing but its own signatures, and no other message', async () => {
    const KeyId = await newKey(KeySpec);
    const { Signature = Buffer.alloc(0) } = await kms.send(
      new SignCommand({ KeyId, SigningAlgorithm, Message: MESSAGE }),
    );
    const check = (input: object) =>
      errorOf(
        kms.send(new VerifyCommand({ KeyId, SigningAlgorithm, Message: MESSAGE, Signature, ...input })),
      );
    const changed = Buffer.from(Signature);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    const bad = 'KMSInvalidSignatureException';
    expect(await check({})).toBe('none');
    expect(await check({ Message: Buffer.from('another') })).toBe(bad);
    expect(await check({ Signature: changed })).toBe(bad);
    expect(await check({ Signature: Buffer.from('nonsense') })).toBe(bad);
    // r = s = 0 and r = s = 1: signatures of the lazy.
    expect(await check({ Signature: Buffer.from('3006020100020100', 'hex') })).toBe(bad);
    expect(await check({ Signature: Buffer.from('3006020101020101', 'hex') })).toBe(bad);
    expect(await check({ KeyId: await newKey(KeySpec) })).toBe(bad);
  });

  it('describes itself as what it is', async () => {
    const KeyId = await newKey(KeySpec);
    const described = (await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata;
    expect(described).toMatchObject({ KeySpec, ...SIGNS, SigningAlgorithms: [SigningAlgorithm] });
    expect(described).not.toHaveProperty('EncryptionAlgorithms');
    expect(await kms.send(new GetPublicKeyCommand({ KeyId }))).toMatchObject({
      KeyId,
      KeySpec,
      ...SIGNS,
      SigningAlgorithms: [SigningAlgorithm],
    });
  });
});

it('keeps its key under the passphrase, and signs with it after a restart', async () => {
  const KeyId = await newKey();
  const key = await publicKey(KeyId);
  expect(readFileSync(stateFile, 'utf8')).not.toContain('ECC_NIST');
  const again = await testEmulator([admin], { stateFile, passphrase: 'correct horse' });
  const { Signature } = await again
    .client(admin)
    .send(new SignCommand({ KeyId, SigningAlgorithm: 'ECDSA_SHA_384', Message: MESSAGE }));
  expect(nodeVerify('sha384', MESSAGE, key, Buffer.from(Signature ?? []))).toBe(true);
});

describe('what does not fit is refused by AWS’s names', () => {
  const signing = (KeyId: string, input: object = {}) =>
    errorOf(
      kms.send(new SignCommand({ KeyId, SigningAlgorithm: 'ECDSA_SHA_384', Message: MESSAGE, ...input })),
    );

  it('another length, algorithm or type of message', async () => {
    const KeyId = await newKey();
    const algorithm = (SigningAlgorithm: string) => ({
      SigningAlgorithm: SigningAlgorithm as SigningAlgorithmSpec,
    });
    expect(await signing(KeyId, { MessageType: 'DIGEST' })).toBe('ValidationException');
    expect(await signing(KeyId, { MessageType: 'DIGEST', Message: digest('sha256') })).toBe(
      'ValidationException',
    );
    expect(await signing(KeyId, { MessageType: 'EXTERNAL_MU' })).toBe('ValidationException');
    expect(await signing(KeyId, { Message: Buffer.alloc(4097) })).toBe('ValidationException');
    expect(await signing(KeyId, { Message: Buffer.alloc(0) })).toBe('ValidationException');
    expect(await signing(KeyId, algorithm('ECDSA_SHA_256'))).toBe('InvalidKeyUsageException');
    expect(await signing(KeyId, algorithm('RSASSA_PSS_SHA_384'))).toBe('InvalidKeyUsageException');
    expect(await signing(KeyId, algorithm('NONE'))).toBe('ValidationException');
  });

  it('a key of the other kind', async () => {
    const signs = await newKey();
    const wraps = await newKey('SYMMETRIC_DEFAULT');
    const usage = 'InvalidKeyUsageException';
    const sealed = await kms.send(new EncryptCommand({ KeyId: wraps, Plaintext: MESSAGE }));
    const { CiphertextBlob } = sealed;
    expect(await signing(wraps)).toBe(usage);
    expect(await errorOf(kms.send(new EncryptCommand({ KeyId: signs, Plaintext: MESSAGE })))).toBe(usage);
    expect(await errorOf(kms.send(new DecryptCommand({ KeyId: signs, CiphertextBlob })))).toBe(usage);
    expect(await errorOf(kms.send(new GenerateDataKeyCommand({ KeyId: signs, KeySpec: 'AES_256' })))).toBe(
      usage,
    );
    const unsupported = 'UnsupportedOperationException';
    expect(await errorOf(kms.send(new GetPublicKeyCommand({ KeyId: wraps })))).toBe(unsupported);
    expect(await errorOf(kms.send(new EnableKeyRotationCommand({ KeyId: signs })))).toBe(unsupported);
    expect(await errorOf(kms.send(new RotateKeyOnDemandCommand({ KeyId: signs })))).toBe(unsupported);
    expect(await kms.send(new GetKeyRotationStatusCommand({ KeyId: signs }))).toMatchObject({
      KeyRotationEnabled: false,
    });
  });

  it.each([
    [{ KeySpec: 'ECC_NIST_P384' } as const, 'ValidationException'],
    [{ KeySpec: 'ECC_NIST_P384', KeyUsage: 'ENCRYPT_DECRYPT' } as const, 'ValidationException'],
    [{ KeySpec: 'SYMMETRIC_DEFAULT', KeyUsage: 'SIGN_VERIFY' } as const, 'ValidationException'],
    [{ KeySpec: 'ECC_NIST_P384', KeyUsage: 'KEY_AGREEMENT' } as const, 'UnsupportedOperationException'],
    [{ KeySpec: 'ECC_NIST_P521', KeyUsage: 'SIGN_VERIFY' } as const, 'UnsupportedOperationException'],
  ])('a new key with %j: %s', async (input, name) => {
    expect(await errorOf(kms.send(new CreateKeyCommand(input)))).toBe(name);
  });

  it('a disabled key', async () => {
    const KeyId = await newKey();
    await kms.send(new DisableKeyCommand({ KeyId }));
    expect(await signing(KeyId)).toBe('DisabledException');
    expect(await errorOf(kms.send(new GetPublicKeyCommand({ KeyId })))).toBe('DisabledException');
  });

  it('DryRun: authorized, valid, and still no signature', async () => {
    const KeyId = await newKey();
    expect(await signing(KeyId, { DryRun: true })).toBe('DryRunOperationException');
    expect(await signing(KeyId, { DryRun: true, MessageType: 'DIGEST' })).toBe('ValidationException');
  });
});

it('has the condition keys of a signature', async () => {
  const KeyId = await newKey();
  const p256 = await newKey('ECC_NIST_P256');
  const client = emulator.client(narrow);
  const attempt = (input: object) =>
    errorOf(
      client.send(
        new SignCommand({
          KeyId,
          SigningAlgorithm: 'ECDSA_SHA_384',
          MessageType: 'DIGEST',
          Message: digest('sha384'),
          ...input,
        }),
      ),
    );
  expect(await attempt({})).toBe('none');
  // RAW is what a request without a type has, for policies too.
  expect(await attempt({ MessageType: undefined })).toBe('AccessDeniedException');
  expect(await attempt({ MessageType: 'RAW' })).toBe('AccessDeniedException');
  expect(await attempt({ SigningAlgorithm: 'ECDSA_SHA_256' })).toBe('AccessDeniedException');
  expect(await attempt({ KeyId: p256 })).toBe('AccessDeniedException');
  expect(await attempt({ KeyId: 'alias/none' })).toBe('NotFoundException');
});
