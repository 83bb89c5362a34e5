// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, createPublicKey } from 'node:crypto';
import {
  CreateKeyCommand,
  type DataKeyPairSpec,
  DecryptCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyPairCommand,
  GenerateDataKeyPairWithoutPlaintextCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  GenerateRandomCommand,
} from '@aws-sdk/client-kms';
import { describe, expect, it } from 'vitest';
import { errorOf, role, testEmulator } from '../support/emulator.ts';

const admin = role('admin');
const emulator = await testEmulator([admin]);
const kms = emulator.client(admin);
const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
const KeyId = KeyMetadata?.Arn ?? '';
const other = (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? '';
const EncryptionContext = { vault_id: 'v_1', ['__proto__']: 'x', 'ä b': '\u{1f511}' };

const decrypt = (CiphertextBlob: Uint8Array | undefined, input: object = {}) =>
  kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext, ...input }));

describe('Encrypt and Decrypt', () => {
  it('are each other’s inverse, with or without KeyId', async () => {
    const Plaintext = Buffer.alloc(4096, 7);
    const sealed = await kms.send(new EncryptCommand({ KeyId, Plaintext, EncryptionContext }));
    expect(sealed).toMatchObject({ KeyId, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' });
    for (const input of [{}, { KeyId }, { KeyId: KeyId.split('/')[1] }, { GrantTokens: ['ignored'] }]) {
      const opened = await decrypt(sealed.CiphertextBlob, input);
      expect(Buffer.from(opened.Plaintext ?? [])).toEqual(Plaintext);
      expect(opened).toMatchObject({ KeyId, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' });
    }
  });

  it('fail by AWS’s names', async () => {
    const { CiphertextBlob: good } = await kms.send(
      new EncryptCommand({ KeyId, Plaintext: Buffer.from('x'), EncryptionContext }),
    );
    const changed = Buffer.from(good ?? []);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    const unknown = Buffer.from(good ?? []);
    unknown[5] = (unknown[5] ?? 0) ^ 1;
    const context = { EncryptionContext: { vault_id: 'v_2' } };
    expect(await errorOf(decrypt(good, context))).toBe('InvalidCiphertextException');
    expect(await errorOf(decrypt(good, { EncryptionContext: undefined }))).toBe('InvalidCiphertextException');
    expect(await errorOf(decrypt(changed))).toBe('InvalidCiphertextException');
    expect(await errorOf(decrypt(Buffer.from('nonsense')))).toBe('InvalidCiphertextException');
    expect(await errorOf(decrypt(good, { KeyId: other }))).toBe('IncorrectKeyException');
    expect(await errorOf(decrypt(unknown))).toBe('AccessDeniedException');
    expect(await errorOf(decrypt(undefined))).toBe('ValidationException');
    expect(await errorOf(decrypt(Buffer.alloc(6145)))).toBe('ValidationException');
    expect(await errorOf(decrypt(good, { EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' }))).toBe(
      'InvalidKeyUsageException',
    );
    const seal = (input: object) =>
      errorOf(kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x'), ...input })));
    expect(await seal({ Plaintext: Buffer.alloc(4097) })).toBe('ValidationException');
    expect(await seal({ Plaintext: Buffer.alloc(0) })).toBe('ValidationException');
    expect(await seal({ EncryptionAlgorithm: 'SM2PKE' })).toBe('InvalidKeyUsageException');
    expect(await seal({ EncryptionContext: { a: 'x'.repeat(8192) } })).toBe('ValidationException');
    expect(await seal({ EncryptionContext: { a: '\ud800' } })).toBe('SerializationException');
  });
});

describe('data keys', () => {
  it.each([
    [{ KeySpec: 'AES_256' } as const, 32],
    [{ KeySpec: 'AES_128' } as const, 16],
    [{ NumberOfBytes: 1024 }, 1024],
  ])('come in the size asked for: %j', async (size, length) => {
    const made = await kms.send(new GenerateDataKeyCommand({ KeyId, EncryptionContext, ...size }));
    expect(made.Plaintext).toHaveLength(length);
    expect((await decrypt(made.CiphertextBlob)).Plaintext).toEqual(made.Plaintext);
    const hidden = await kms.send(
      new GenerateDataKeyWithoutPlaintextCommand({ KeyId, EncryptionContext, ...size }),
    );
    expect('Plaintext' in hidden).toBe(false);
    expect((await decrypt(hidden.CiphertextBlob)).Plaintext).toHaveLength(length);
  });

  it('need exactly one size', async () => {
    for (const size of [{}, { KeySpec: 'AES_256', NumberOfBytes: 32 } as const, { NumberOfBytes: 1025 }]) {
      expect(await errorOf(kms.send(new GenerateDataKeyCommand({ KeyId, ...size })))).toBe(
        'ValidationException',
      );
    }
  });
});

describe('data key pairs', () => {
  it.each([
    ['ECC_NIST_P256', 'prime256v1'],
    ['ECC_NIST_P384', 'secp384r1'],
    ['ECC_NIST_P521', 'secp521r1'],
    ['ECC_SECG_P256K1', 'secp256k1'],
    ['ECC_NIST_EDWARDS25519', undefined],
    ['RSA_2048', undefined],
  ] as const)('of %s fit together', async (KeyPairSpec, curve) => {
    const made = await kms.send(new GenerateDataKeyPairCommand({ KeyId, KeyPairSpec, EncryptionContext }));
    const der = Buffer.from(made.PrivateKeyPlaintext ?? []);
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const publicKey = createPublicKey({
      key: Buffer.from(made.PublicKey ?? []),
      format: 'der',
      type: 'spki',
    });
    expect(createPublicKey(privateKey).equals(publicKey)).toBe(true);
    expect(privateKey.asymmetricKeyDetails?.namedCurve).toBe(curve);
    expect(made).toMatchObject({ KeyId, KeyPairSpec });
    expect(Buffer.from((await decrypt(made.PrivateKeyCiphertextBlob)).Plaintext ?? [])).toEqual(der);
  });

  it('come without the private half when asked to', async () => {
    const made = await kms.send(
      new GenerateDataKeyPairWithoutPlaintextCommand({
        KeyId,
        KeyPairSpec: 'ECC_NIST_P384',
        EncryptionContext,
      }),
    );
    expect('PrivateKeyPlaintext' in made).toBe(false);
    const der = Buffer.from((await decrypt(made.PrivateKeyCiphertextBlob)).Plaintext ?? []);
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
    expect(publicKey).toEqual(Buffer.from(made.PublicKey ?? []));
  });

  it('are not made of what is not offered', async () => {
    const make = (KeyPairSpec: DataKeyPairSpec) =>
      errorOf(kms.send(new GenerateDataKeyPairWithoutPlaintextCommand({ KeyId, KeyPairSpec })));
    expect(await make('SM2')).toBe('UnsupportedOperationException');
    expect(await make('ECC_NIST_P999' as DataKeyPairSpec)).toBe('ValidationException');
  });
});

describe('GenerateRandom', () => {
  it('gives as many bytes as asked for, and other ones each time', async () => {
    const random = async () => (await kms.send(new GenerateRandomCommand({ NumberOfBytes: 32 }))).Plaintext;
    const [a, b] = await Promise.all([random(), random()]);
    expect(a).toHaveLength(32);
    expect(a).not.toEqual(b);
    expect(await errorOf(kms.send(new GenerateRandomCommand({})))).toBe('ValidationException');
  });
});

describe('DryRun', () => {
  const IGNORE_CIPHERTEXT = { DryRunModifiers: ['IGNORE_CIPHERTEXT' as const] };

  it('always throws: DryRunOperationException where the call would succeed', async () => {
    const { CiphertextBlob: good } = await kms.send(
      new EncryptCommand({ KeyId, Plaintext: Buffer.from('x'), EncryptionContext }),
    );
    const DryRun = true;
    const ok = 'DryRunOperationException';
    expect(await errorOf(decrypt(good, { DryRun }))).toBe(ok);
    expect(await errorOf(kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x'), DryRun })))).toBe(
      ok,
    );
    expect(await errorOf(kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256', DryRun })))).toBe(
      ok,
    );
    const pair = { KeyId, KeyPairSpec: 'ECC_NIST_P384', DryRun } as const;
    expect(await errorOf(kms.send(new GenerateDataKeyPairCommand(pair)))).toBe(ok);
    expect(await errorOf(kms.send(new GenerateDataKeyPairWithoutPlaintextCommand(pair)))).toBe(ok);
    expect(await errorOf(decrypt(good, { DryRun, EncryptionContext: {} }))).toBe(
      'InvalidCiphertextException',
    );
    expect(await errorOf(decrypt(good, { DryRun, KeyId: other }))).toBe('IncorrectKeyException');
  });

  it('tests authorization without a ciphertext', async () => {
    const modified = (input: object) => errorOf(decrypt(undefined, { ...IGNORE_CIPHERTEXT, ...input }));
    expect(await modified({ DryRun: true, KeyId })).toBe('DryRunOperationException');
    expect(await modified({ DryRun: true })).toBe('ValidationException');
    expect(await modified({ KeyId })).toBe('ValidationException');
    expect(await modified({ DryRun: true, KeyId: 'alias/none' })).toBe('NotFoundException');
  });
});
