// SPDX-License-Identifier: Apache-2.0

import { seal } from '../ciphertext.ts';
import { KmsError } from '../errors.ts';
import { operation } from '../operation.ts';
import { blob, boolean, optional } from '../shapes.ts';
import { keyForEncryption, keyForUse } from './keys-in-use.ts';
import {
  contextOf,
  encryptionAlgorithm,
  encryptionContext,
  endDryRun,
  grantTokens,
  keyId,
  loggedContext,
} from './members.ts';

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html */
export const encrypt = operation(
  {
    KeyId: keyId,
    Plaintext: blob(1, 4096),
    EncryptionContext: encryptionContext,
    GrantTokens: grantTokens,
    EncryptionAlgorithm: encryptionAlgorithm,
    DryRun: optional(boolean),
  },
  {
    quota: 'symmetric',
    readOnly: true,
    logged: ({ KeyId, EncryptionContext, EncryptionAlgorithm }) => ({
      keyId: KeyId,
      encryptionAlgorithm: EncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT',
      ...loggedContext(EncryptionContext),
    }),
    async run(call, input) {
      const context = contextOf(input.EncryptionContext);
      const algorithm = input.EncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT';
      const resolved = keyForUse(call, input.KeyId, context, { 'kms:EncryptionAlgorithm': algorithm });
      if (algorithm !== 'SYMMETRIC_DEFAULT') {
        throw new KmsError('InvalidKeyUsageException', `${resolved.arn} is a symmetric encryption key.`);
      }
      endDryRun(input.DryRun);
      const key = await keyForEncryption(call, resolved);
      return {
        KeyId: resolved.arn,
        CiphertextBlob: seal(key, context, input.Plaintext).toString('base64'),
        EncryptionAlgorithm: algorithm,
      };
    },
  },
);
