// SPDX-License-Identifier: Apache-2.0
import { generateKeyPair } from 'node:crypto';
import { seal } from '../ciphertext.ts';
import { KmsError } from '../errors.ts';
import { operation } from '../operation.ts';
import type { Call } from '../service.ts';
import { boolean, oneOf, optional, type Read } from '../shapes.ts';
import { keyForEncryption, keyForUse } from './keys-in-use.ts';
import {
  contextOf,
  encryptionContext,
  endDryRun,
  grantTokens,
  keyId,
  loggedContext,
  recipient,
  verifyRecipient,
} from './members.ts';

const members = {
  KeyId: keyId,
  KeyPairSpec: oneOf(
    'RSA_2048',
    'RSA_3072',
    'RSA_4096',
    'ECC_NIST_P256',
    'ECC_NIST_P384',
    'ECC_NIST_P521',
    'ECC_SECG_P256K1',
    'SM2',
    'ECC_NIST_EDWARDS25519',
    'ML_KEM_512',
    'ML_KEM_768',
    'ML_KEM_1024',
  ),
  EncryptionContext: encryptionContext,
  GrantTokens: grantTokens,
  DryRun: optional(boolean),
};
type Input = Read<typeof members>;

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKeyPair.html */
export const generateDataKeyPair = operation(
  { ...members, Recipient: recipient },
  {
    quota: 'keyPairs',
    readOnly: true,
    logged,
    async run(call, input) {
      verifyRecipient(call, input.Recipient);
      const { privateKey, answer } = await makeKeyPair(call, input);
      return call.recipient === null
        ? { ...answer, PrivateKeyPlaintext: privateKey.toString('base64') }
        : { ...answer, CiphertextForRecipient: call.recipient.encrypt(privateKey).toString('base64') };
    },
  },
);

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKeyPairWithoutPlaintext.html */
export const generateDataKeyPairWithoutPlaintext = operation(members, {
  quota: 'keyPairs',
  readOnly: true,
  logged,
  async run(call, input) {
    const { privateKey, answer } = await makeKeyPair(call, input);
    privateKey.fill(0);
    return answer;
  },
});

async function makeKeyPair(call: Call, input: Input): Promise<{ privateKey: Buffer; answer: object }> {
  const context = contextOf(input.EncryptionContext);
  const resolved = keyForUse(call, input.KeyId, context, {
    'kms:EncryptionAlgorithm': 'SYMMETRIC_DEFAULT',
    'kms:DataKeyPairSpec': input.KeyPairSpec,
  });
  const generate = GENERATORS[input.KeyPairSpec];
  if (generate === undefined) {
    throw new KmsError('UnsupportedOperationException', `Key pairs of ${input.KeyPairSpec} are not offered.`);
  }
  endDryRun(input.DryRun);
  const [key, pair] = await Promise.all([keyForEncryption(call, resolved), generate()]);
  return {
    privateKey: pair.privateKey,
    answer: {
      KeyId: resolved.arn,
      KeyPairSpec: input.KeyPairSpec,
      PublicKey: pair.publicKey.toString('base64'),
      PrivateKeyCiphertextBlob: seal(key, context, pair.privateKey).toString('base64'),
      KeyMaterialId: key.materials.at(-1)?.id,
    },
  };
}

interface Pair {
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Buffer;
  /** DER PKCS#8. */
  readonly privateKey: Buffer;
}

const ENCODING = {
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'der' },
} as const;

/** Runs one of node:crypto's generators, which work off the main thread, as a promise. */
function generated(
  start: (done: (error: Error | null, publicKey: Buffer, privateKey: Buffer) => void) => void,
): Promise<Pair> {
  return new Promise((resolve, reject) => {
    start((error, publicKey, privateKey) => {
      if (error === null) resolve({ publicKey, privateKey });
      else reject(error);
    });
  });
}

const ec = (namedCurve: string) => () =>
  generated((done) => generateKeyPair('ec', { namedCurve, ...ENCODING }, done));
const rsa = (modulusLength: number) => () =>
  generated((done) => generateKeyPair('rsa', { modulusLength, ...ENCODING }, done));

/** SM2 exists in AWS's China Regions only; ML-KEM pairs have no use in the vault. */
const GENERATORS: Partial<Record<Input['KeyPairSpec'], () => Promise<Pair>>> = {
  ECC_NIST_P256: ec('P-256'),
  ECC_NIST_P384: ec('P-384'),
  ECC_NIST_P521: ec('P-521'),
  ECC_SECG_P256K1: ec('secp256k1'),
  ECC_NIST_EDWARDS25519: () => generated((done) => generateKeyPair('ed25519', ENCODING, done)),
  RSA_2048: rsa(2048),
  RSA_3072: rsa(3072),
  RSA_4096: rsa(4096),
};

function logged({ KeyId, KeyPairSpec, EncryptionContext }: Input): Record<string, unknown> {
  return { keyId: KeyId, keyPairSpec: KeyPairSpec, ...loggedContext(EncryptionContext) };
}
