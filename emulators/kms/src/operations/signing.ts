// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { type ResolvedKey, resolveKey } from '../arns.ts';
import { authorizeKey } from '../authorize.ts';
import { publicKeyOf, signDigest, verifyDigest } from '../ecdsa.ts';
import { KmsError } from '../errors.ts';
import { operation } from '../operation.ts';
import type { Call } from '../service.ts';
import { blob, boolean, oneOf, optional, type Read } from '../shapes.ts';
import { type Signing, signingOf, usageOf } from '../specs.ts';
import { requireEnabled, requireUsage } from './keys-in-use.ts';
import { endDryRun, grantTokens, keyId } from './members.ts';

const members = {
  KeyId: keyId,
  Message: blob(1, 4096),
  MessageType: optional(oneOf('RAW', 'DIGEST', 'EXTERNAL_MU')),
  GrantTokens: grantTokens,
  SigningAlgorithm: oneOf(
    'RSASSA_PSS_SHA_256',
    'RSASSA_PSS_SHA_384',
    'RSASSA_PSS_SHA_512',
    'RSASSA_PKCS1_V1_5_SHA_256',
    'RSASSA_PKCS1_V1_5_SHA_384',
    'RSASSA_PKCS1_V1_5_SHA_512',
    'ECDSA_SHA_256',
    'ECDSA_SHA_384',
    'ECDSA_SHA_512',
    'SM2DSA',
    'ML_DSA_SHAKE_256',
    'ED25519_SHA_512',
    'ED25519_PH_SHA_512',
  ),
  DryRun: optional(boolean),
};
type Input = Read<typeof members>;

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html */
export const sign = operation(members, {
  readOnly: true,
  logged,
  run(call, input) {
    const { resolved, signing, digest, material } = prepare(call, input);
    endDryRun(input.DryRun);
    return {
      KeyId: resolved.arn,
      Signature: signDigest(material, signing, digest).toString('base64'),
      SigningAlgorithm: signing.algorithm,
    };
  },
});

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_Verify.html */
export const verify = operation(
  { ...members, Signature: blob(1, 6144) },
  {
    readOnly: true,
    logged,
    run(call, input) {
      const { resolved, signing, digest, material } = prepare(call, input);
      if (!verifyDigest(material, signing, digest, input.Signature)) {
        throw new KmsError('KMSInvalidSignatureException', 'The signature is not valid.');
      }
      endDryRun(input.DryRun);
      return { KeyId: resolved.arn, SignatureValid: true, SigningAlgorithm: signing.algorithm };
    },
  },
);

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_GetPublicKey.html */
export const getPublicKey = operation(
  { KeyId: keyId, GrantTokens: grantTokens },
  {
    readOnly: true,
    logged: ({ KeyId }) => ({ keyId: KeyId }),
    run(call, input) {
      const resolved = resolveKey(call.service, input.KeyId);
      authorizeKey(call, resolved);
      const { key, arn } = resolved;
      const signing = signingOf(key.spec);
      if (signing === null) {
        throw new KmsError(
          'UnsupportedOperationException',
          `${arn} is a symmetric key: it has no public half.`,
        );
      }
      requireEnabled(resolved);
      return {
        KeyId: arn,
        PublicKey: publicKeyOf(materialOf(resolved)).toString('base64'),
        CustomerMasterKeySpec: key.spec,
        KeySpec: key.spec,
        KeyUsage: usageOf(key.spec),
        SigningAlgorithms: [signing.algorithm],
      };
    },
  },
);

interface Prepared {
  readonly resolved: ResolvedKey;
  readonly signing: Signing;
  readonly digest: Buffer;
  /** PKCS #8 of the key. */
  readonly material: Buffer;
}

function prepare(call: Call, input: Input): Prepared {
  const { SigningAlgorithm, Message, MessageType = 'RAW' } = input;
  const resolved = resolveKey(call.service, input.KeyId);
  authorizeKey(call, resolved, {
    'kms:SigningAlgorithm': SigningAlgorithm,
    'kms:MessageType': MessageType,
  });
  requireUsage(resolved, 'SIGN_VERIFY');
  const signing = signingOf(resolved.key.spec);
  if (signing === null || SigningAlgorithm !== signing.algorithm) {
    throw new KmsError(
      'InvalidKeyUsageException',
      `Algorithm ${SigningAlgorithm} is not supported by key ${resolved.arn}.`,
    );
  }
  requireEnabled(resolved);
  return {
    resolved,
    signing,
    digest: digestOf(Message, MessageType, signing),
    material: materialOf(resolved),
  };
}

function digestOf(message: Buffer, type: 'RAW' | 'DIGEST' | 'EXTERNAL_MU', signing: Signing): Buffer {
  if (type === 'RAW') return createHash(signing.hash).update(message).digest();
  if (type === 'EXTERNAL_MU') {
    throw new KmsError('ValidationException', 'MessageType EXTERNAL_MU is taken with ML_DSA_SHAKE_256 only.');
  }
  if (message.length !== signing.digestLength) {
    throw new KmsError('ValidationException', `Digest is invalid length for algorithm ${signing.algorithm}.`);
  }
  return message;
}

function materialOf({ key }: ResolvedKey): Buffer {
  const [material] = key.materials;
  if (material === undefined) throw new TypeError('a key has material');
  return material.bytes;
}

function logged({ KeyId, MessageType, SigningAlgorithm }: Input): Record<string, unknown> {
  return { keyId: KeyId, messageType: MessageType ?? 'RAW', signingAlgorithm: SigningAlgorithm };
}
