// SPDX-License-Identifier: Apache-2.0
import { encodeCbor } from '@enclave-vault/codec';
import { REFUSALS, type Refusal } from './errors.ts';
import { MAX_ERROR_ANSWER_BYTES } from './limits.ts';
import { decode, members, oneOf, version } from './read.ts';

/** @returns the plaintext answer of an enclave that cannot, or will not, seal one */
export function encodeErrorAnswer(error: Refusal): Buffer {
  return encodeCbor(
    new Map<string, string | number>([
      ['v', 1],
      ['error', error],
    ]),
  );
}

/**
 * Reads an ErrorAnswer. Unauthenticated: the parent may have written it.
 * @throws ProtocolError `malformed` or `too_large` (a sealed answer is one or the other)
 */
export function parseErrorAnswer(message: Uint8Array): Refusal {
  const member = members(decode(message, 'error answer', MAX_ERROR_ANSWER_BYTES, 8), 'error answer', [
    'v',
    'error',
  ]);
  version(member.v, 'error answer');
  return oneOf(member.error, 'error answer.error', REFUSALS);
}
