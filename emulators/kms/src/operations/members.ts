// SPDX-License-Identifier: Apache-2.0
import type { EncryptionContext } from '../ciphertext.ts';
import { KmsError } from '../errors.ts';
import type { Call } from '../service.ts';
import { blob, integer, list, oneOf, optional, type Read, structure, text, textMap } from '../shapes.ts';

/* Members that several operations share, with the limits of the KMS API Reference. */

export const keyId = text({ min: 1, max: 2048 });
export const grantTokens = optional(list(text({ min: 1, max: 8192 }), 0, 10));
export const encryptionContext = optional(textMap);
export const encryptionAlgorithm = optional(
  oneOf('SYMMETRIC_DEFAULT', 'RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256', 'SM2PKE'),
);
export const limit = optional(integer(1, 1000));
export const marker = optional(text({ min: 1, max: 1024 }));

const recipientMembers = {
  KeyEncryptionAlgorithm: optional(oneOf('RSAES_OAEP_SHA_256')),
  AttestationDocument: optional(blob(1, 262_144)),
};
export const recipient = optional(structure(recipientMembers));

/** Bytes of names and values together (KMS Developer Guide, "Encryption context"). */
const MAX_CONTEXT = 8192;

/** An encryption context, empty where none was given. @throws {KmsError} ValidationException */
export function contextOf(context: EncryptionContext | undefined): EncryptionContext {
  const size = [...(context ?? [])].reduce((sum, pair) => sum + Buffer.byteLength(pair.join('')), 0);
  if (size > MAX_CONTEXT) {
    throw new KmsError('ValidationException', `EncryptionContext is longer than ${MAX_CONTEXT} bytes`);
  }
  return context ?? new Map();
}

/** As CloudTrail logs it: contexts are not secret, and an empty one is left out. */
export function loggedContext(context: EncryptionContext | undefined): Record<string, unknown> {
  return context === undefined || context.size === 0
    ? {}
    : { encryptionContext: Object.fromEntries(context) };
}

/** Verifies the Recipient of a request, if it has one, and notes it in the call. @throws {KmsError} ValidationException */
export function verifyRecipient(call: Call, info: Read<typeof recipientMembers> | undefined): void {
  if (info === undefined) return;
  const { KeyEncryptionAlgorithm, AttestationDocument } = info;
  if (KeyEncryptionAlgorithm === undefined || AttestationDocument === undefined) {
    throw new KmsError(
      'ValidationException',
      'Recipient must have both KeyEncryptionAlgorithm and AttestationDocument',
    );
  }
  call.recipient = call.service.recipients.verify(AttestationDocument, call.now);
}

/** What a DryRun ends with when the request would have succeeded. */
export function endDryRun(dryRun: boolean | undefined): void {
  if (dryRun === true) {
    throw new KmsError(
      'DryRunOperationException',
      'The request would have succeeded, but the DryRun option is set.',
    );
  }
}
