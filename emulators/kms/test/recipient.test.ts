// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import {
  CreateKeyCommand,
  DecryptCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyPairCommand,
  GenerateRandomCommand,
} from '@aws-sdk/client-kms';
import { buildNitroChain } from '@enclave-vault/emulator-pki';
import { describe, expect, it } from 'vitest';
import { errorOf, ROOT, role, testEmulator } from './support/emulator.ts';
import { type DocumentOptions, TestEnclave } from './support/enclave.ts';

const enclave = new TestEnclave();
const stranger = new TestEnclave();
const admin = role('admin');
const emulator = await testEmulator([admin], { attestationRoots: [stranger.rootPem, enclave.rootPem] });
const foreign = new TestEnclave();
const kms = emulator.client(admin);

const Policy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Principal: { AWS: ROOT }, Action: 'kms:*', Resource: '*' },
    ...[0, 1, 2, 3, 8, 16].map((register) => ({
      Sid: `PCR${register}`,
      Effect: 'Deny',
      Principal: '*',
      Action: 'kms:Decrypt',
      Resource: '*',
      Condition: {
        StringNotEqualsIgnoreCase: {
          [`kms:RecipientAttestation:PCR${register}`]: enclave.hex(register).toUpperCase(),
        },
      },
    })),
  ],
});
const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Policy }));
const KeyId = KeyMetadata?.Arn ?? '';
const EncryptionContext = { vault_id: 'v_1' };
const Plaintext = Buffer.from('a private key');
const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext, EncryptionContext }));

const recipient = (AttestationDocument: Uint8Array) => ({
  KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256' as const,
  AttestationDocument,
});
const decrypt = (document: Uint8Array | null, input: object = {}) =>
  kms.send(
    new DecryptCommand({
      CiphertextBlob,
      EncryptionContext,
      ...(document === null ? {} : { Recipient: recipient(document) }),
      ...input,
    }),
  );
const lastDenial = () => emulator.log.findLast((line) => line.event === 'kms_denied');

describe('an attested recipient', () => {
  it('gets the plaintext, and nobody else does', async () => {
    const answer = await decrypt(enclave.document());
    expect('Plaintext' in answer).toBe(false);
    expect(enclave.open(answer.CiphertextForRecipient)).toEqual(Plaintext);
    expect(() => stranger.open(answer.CiphertextForRecipient)).toThrow();
    expect(await errorOf(decrypt(null))).toBe('AccessDeniedException');
    expect(lastDenial()).toMatchObject({
      attested: false,
      statement: 'PCR0',
      registers: ['PCR0', 'PCR1', 'PCR2', 'PCR3', 'PCR8', 'PCR16'],
    });
  });

  it('is known again while its document is fresh, and no longer', async () => {
    const document = enclave.document();
    // The SDK follows the emulator's clock by its Date headers; this client is used for nothing else.
    const client = emulator.client(admin);
    const command = new DecryptCommand({ CiphertextBlob, EncryptionContext, Recipient: recipient(document) });
    const again = () => errorOf(client.send(command));
    expect(await again()).toBe('none');
    expect(await again()).toBe('none');
    emulator.shift(4.9 * 60_000);
    expect(await again()).toBe('none');
    emulator.shift(0.1 * 60_000 + 1000);
    expect(await again()).toBe('ValidationException');
    expect(lastDenial()).toMatchObject({ attestation: 'document_stale', code: 'ValidationException' });
    emulator.shift(-5 * 60_000 - 1000);
    const old = enclave.document({ timestamp: Date.now() - 5 * 60_000 - 1000 });
    expect(await errorOf(decrypt(old))).toBe('ValidationException');
    expect(lastDenial()).toMatchObject({ attestation: 'document_stale' });
  });

  it.each([0, 1, 2, 3, 8, 16])('is refused for another PCR%i, and the log says which', async (register) => {
    const pcrs = { [register]: Buffer.alloc(48, 0xab) };
    expect(await errorOf(decrypt(enclave.document({ pcrs })))).toBe('AccessDeniedException');
    expect(lastDenial()).toMatchObject({
      level: 'warn',
      action: 'kms:Decrypt',
      principal: admin.arn,
      resource: KeyId,
      attested: true,
      code: 'AccessDeniedException',
      decision: 'explicit_deny',
      layer: 'resource',
      statement: `PCR${register}`,
      registers: [`PCR${register}`],
      conditions: [
        {
          key: `kms:RecipientAttestation:PCR${register}`,
          expected: [enclave.hex(register).toUpperCase()],
          actual: ['ab'.repeat(48)],
        },
      ],
    });
  });

  const rsa = (bits: number) =>
    generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ format: 'der', type: 'spki' });
  const ec = () =>
    generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'der', type: 'spki' });
  const HOURS = 3_600_000;

  it.each<[string, () => Buffer, string]>([
    ['a foreign root', () => foreign.document(), 'chain_foreign_root'],
    ['an expired chain', () => withChainOf(-4 * HOURS), 'certificate_expired'],
    ['a chain not yet valid', () => withChainOf(4 * HOURS), 'certificate_not_yet_valid'],
    [
      'a document from the future',
      () => enclave.document({ timestamp: Date.now() + 120_000 }),
      'document_from_future',
    ],
    ['debug mode', () => enclave.document({ pcrs: { 0: ZERO, 1: ZERO, 2: ZERO } }), 'debug_mode'],
    ['a changed byte', () => flipped(enclave.document()), 'signature_invalid'],
    ['no public key', () => enclave.document({ publicKey: null }), 'public_key_unusable'],
    ['an EC public key', () => enclave.document({ publicKey: ec() }), 'public_key_unusable'],
    ['a short public key', () => enclave.document({ publicKey: rsa(1024) }), 'public_key_unusable'],
    ['nonsense', () => Buffer.from('nonsense'), 'document_malformed'],
  ])('is refused for %s', async (_, document, code) => {
    expect(await errorOf(decrypt(document()))).toBe('ValidationException');
    expect(lastDenial()).toMatchObject({ decision: 'attestation_refused', attestation: code });
  });

  it('still needs the right context and ciphertext', async () => {
    const document = enclave.document();
    expect(await errorOf(decrypt(document, { EncryptionContext: {} }))).toBe('InvalidCiphertextException');
    expect(await errorOf(decrypt(document, { CiphertextBlob: Buffer.alloc(60, 1) }))).toBe(
      'AccessDeniedException',
    );
  });

  it('is named whole or not at all', async () => {
    const AttestationDocument = enclave.document();
    for (const Recipient of [{}, { AttestationDocument }, { KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256' }]) {
      expect(await errorOf(decrypt(null, { Recipient }))).toBe('ValidationException');
    }
    const Recipient = { AttestationDocument, KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_1' };
    expect(await errorOf(decrypt(null, { Recipient }))).toBe('ValidationException');
  });

  it('may be tried without a ciphertext', async () => {
    const dryRun = { CiphertextBlob: undefined, KeyId, DryRun: true, DryRunModifiers: ['IGNORE_CIPHERTEXT'] };
    expect(await errorOf(decrypt(enclave.document(), dryRun))).toBe('DryRunOperationException');
    expect(await errorOf(decrypt(null, dryRun))).toBe('AccessDeniedException');
  });
});

describe('other operations with a recipient', () => {
  const Recipient = recipient(enclave.document());

  it('GenerateDataKey', async () => {
    const made = await kms.send(
      new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256', EncryptionContext, Recipient }),
    );
    expect('Plaintext' in made).toBe(false);
    const opened = await decrypt(enclave.document(), { CiphertextBlob: made.CiphertextBlob });
    const key = enclave.open(made.CiphertextForRecipient);
    expect(key).toHaveLength(32);
    expect(enclave.open(opened.CiphertextForRecipient)).toEqual(key);
  });

  it('GenerateDataKeyPair', async () => {
    const made = await kms.send(
      new GenerateDataKeyPairCommand({ KeyId, KeyPairSpec: 'ECC_NIST_P384', EncryptionContext, Recipient }),
    );
    expect('PrivateKeyPlaintext' in made).toBe(false);
    const opened = await decrypt(enclave.document(), { CiphertextBlob: made.PrivateKeyCiphertextBlob });
    expect(enclave.open(opened.CiphertextForRecipient)).toEqual(enclave.open(made.CiphertextForRecipient));
  });

  it('GenerateRandom', async () => {
    const made = await kms.send(new GenerateRandomCommand({ NumberOfBytes: 99, Recipient }));
    expect('Plaintext' in made).toBe(false);
    expect(enclave.open(made.CiphertextForRecipient)).toHaveLength(99);
  });
});

const ZERO = Buffer.alloc(48);

function withChainOf(offset: number): Buffer {
  const chain = buildNitroChain({ root: enclave.root, at: Date.now() + offset });
  const options: DocumentOptions = { chain };
  return enclave.document(options);
}

function flipped(document: Buffer): Buffer {
  const last = document.length - 1;
  document[last] = (document[last] ?? 0) ^ 1;
  return document;
}
