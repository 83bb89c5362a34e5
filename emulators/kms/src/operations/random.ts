// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { authorizeAccount } from '../authorize.ts';
import { KmsError } from '../errors.ts';
import { operation } from '../operation.ts';
import { integer, optional, text } from '../shapes.ts';
import { recipient, verifyRecipient } from './members.ts';

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateRandom.html */
export const generateRandom = operation(
  {
    NumberOfBytes: optional(integer(1, 1024)),
    CustomKeyStoreId: optional(text({ min: 1, max: 64 })),
    Recipient: recipient,
  },
  {
    quota: 'symmetric',
    readOnly: true,
    logged: ({ NumberOfBytes }) => ({ numberOfBytes: NumberOfBytes }),
    run(call, input) {
      verifyRecipient(call, input.Recipient);
      authorizeAccount(call, call.recipient?.conditions);
      if (input.CustomKeyStoreId !== undefined) {
        throw new KmsError('UnsupportedOperationException', 'Custom key stores are not offered.');
      }
      if (input.NumberOfBytes === undefined) {
        throw new KmsError(
          'ValidationException',
          '1 validation error detected: NumberOfBytes must not be null',
        );
      }
      const random = randomBytes(input.NumberOfBytes);
      return call.recipient === null
        ? { Plaintext: random.toString('base64') }
        : { CiphertextForRecipient: call.recipient.encrypt(random).toString('base64') };
    },
  },
);
