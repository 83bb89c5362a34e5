// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { seal } from '../ciphertext.ts';
import { KmsError } from '../errors.ts';
import { operation } from '../operation.ts';
import type { Call } from '../service.ts';
import { boolean, integer, oneOf, optional, type Read } from '../shapes.ts';
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
  EncryptionContext: encryptionContext,
  NumberOfBytes: optional(integer(1, 1024)),
  KeySpec: optional(oneOf('AES_256', 'AES_128')),
  GrantTokens: grantTokens,
  DryRun: optional(boolean),
};
type Input = Read<typeof members>;

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKey.html */
export const generateDataKey = operation(
  { ...members, Recipient: recipient },
  {
    quota: 'symmetric',
    readOnly: true,
    logged,
    async run(call, input) {
      verifyRecipient(call, input.Recipient);
      const { plaintext, answer } = await makeDataKey(call, input);
      return call.recipient === null
        ? { ...answer, Plaintext: plaintext.toString('base64') }
        : { ...answer, CiphertextForRecipient: call.recipient.encrypt(plaintext).toString('base64') };
    },
  },
);

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKeyWithoutPlaintext.html */
export const generateDataKeyWithoutPlaintext = operation(members, {
  quota: 'symmetric',
  readOnly: true,
  logged,
  run: async (call, input) => (await makeDataKey(call, input)).answer,
});

async function makeDataKey(call: Call, input: Input): Promise<{ plaintext: Buffer; answer: object }> {
  const { KeySpec, NumberOfBytes } = input;
  if ((KeySpec === undefined) === (NumberOfBytes === undefined)) {
    throw new KmsError('ValidationException', 'Please specify either number of bytes or key spec.');
  }
  const context = contextOf(input.EncryptionContext);
  const resolved = keyForUse(call, input.KeyId, context, { 'kms:EncryptionAlgorithm': 'SYMMETRIC_DEFAULT' });
  endDryRun(input.DryRun);
  const key = await keyForEncryption(call, resolved);
  const plaintext = randomBytes(NumberOfBytes ?? (KeySpec === 'AES_256' ? 32 : 16));
  return {
    plaintext,
    answer: {
      KeyId: resolved.arn,
      CiphertextBlob: seal(key, context, plaintext).toString('base64'),
      KeyMaterialId: key.materials.at(-1)?.id,
    },
  };
}

function logged({ KeyId, EncryptionContext, KeySpec, NumberOfBytes }: Input): Record<string, unknown> {
  return {
    keyId: KeyId,
    ...(KeySpec === undefined ? { numberOfBytes: NumberOfBytes } : { keySpec: KeySpec }),
    ...loggedContext(EncryptionContext),
  };
}
