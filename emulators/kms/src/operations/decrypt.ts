// SPDX-License-Identifier: Apache-2.0
import { type ResolvedKey, resolveKey } from '../arns.ts';
import { open, parseCiphertext } from '../ciphertext.ts';
import { KmsError } from '../errors.ts';
import { operation } from '../operation.ts';
import type { Service } from '../service.ts';
import { blob, boolean, list, oneOf, optional } from '../shapes.ts';
import { authorizeUse, keyForUse } from './keys-in-use.ts';
import {
  contextOf,
  encryptionAlgorithm,
  encryptionContext,
  endDryRun,
  grantTokens,
  keyId,
  loggedContext,
  recipient,
  verifyRecipient,
} from './members.ts';

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html */
export const decrypt = operation(
  {
    CiphertextBlob: optional(blob(1, 6144)),
    EncryptionContext: encryptionContext,
    GrantTokens: grantTokens,
    KeyId: optional(keyId),
    EncryptionAlgorithm: encryptionAlgorithm,
    Recipient: recipient,
    DryRun: optional(boolean),
    DryRunModifiers: optional(list(oneOf('IGNORE_CIPHERTEXT'), 0, 1)),
  },
  {
    quota: 'symmetric',
    readOnly: true,
    logged: ({ EncryptionContext, EncryptionAlgorithm, KeyId }) => ({
      encryptionAlgorithm: EncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT',
      ...loggedContext(EncryptionContext),
      ...(KeyId === undefined ? {} : { keyId: KeyId }),
    }),
    run(call, input) {
      const { service } = call;
      const context = contextOf(input.EncryptionContext);
      const conditions = { 'kms:EncryptionAlgorithm': input.EncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT' };
      const ignoreCiphertext = (input.DryRunModifiers ?? []).length > 0;
      verifyRecipient(call, input.Recipient);

      if (ignoreCiphertext) {
        if (input.DryRun !== true) throw invalid('DryRunModifiers are taken with DryRun only');
        if (input.KeyId === undefined) throw invalid('KeyId must be given when the ciphertext is ignored');
        keyForUse(call, input.KeyId, context, conditions);
      }
      if (ignoreCiphertext || input.CiphertextBlob === undefined) {
        endDryRun(ignoreCiphertext);
        throw invalid('CiphertextBlob must not be null');
      }

      const parsed = parseCiphertext(input.CiphertextBlob);
      const resolved =
        input.KeyId === undefined ? keyOfCiphertext(service, parsed.keyId) : resolveKey(service, input.KeyId);
      authorizeUse(call, resolved, context, conditions);
      if (input.EncryptionAlgorithm !== undefined && input.EncryptionAlgorithm !== 'SYMMETRIC_DEFAULT') {
        throw new KmsError('InvalidKeyUsageException', `${resolved.arn} is a symmetric encryption key.`);
      }
      if (resolved.key.id !== parsed.keyId) {
        throw new KmsError(
          'IncorrectKeyException',
          'The key ID in the request does not identify a CMK that can perform this operation.',
        );
      }
      const { plaintext, material } = open(resolved.key, context, parsed);
      endDryRun(input.DryRun);
      const answer = {
        KeyId: resolved.arn,
        EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
        KeyMaterialId: material.id,
      };
      return call.recipient === null
        ? { ...answer, Plaintext: plaintext.toString('base64') }
        : { ...answer, CiphertextForRecipient: call.recipient.encrypt(plaintext).toString('base64') };
    },
  },
);

/** AWS does not say whether a key named in a ciphertext is missing or forbidden. */
function keyOfCiphertext(service: Service, id: string): ResolvedKey {
  try {
    return resolveKey(service, id);
  } catch {
    throw new KmsError(
      'AccessDeniedException',
      'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.',
    );
  }
}

function invalid(message: string): KmsError {
  return new KmsError('ValidationException', `1 validation error detected: ${message}`);
}
