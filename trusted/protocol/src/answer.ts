// SPDX-License-Identifier: Apache-2.0
import { type CborValue, encodeCbor } from '@enclave-vault/codec';
import { DECRYPT_ERRORS, type DecryptErrorCode, NAME_ERRORS, type NameErrorCode } from './errors.ts';
import { MAX_EXPRESSIONS, MAX_FIELDS, MAX_MESSAGE_BYTES } from './limits.ts';
import { fieldName } from './names.ts';
import { decode, distinct, list, malformed, members, oneOf, text } from './read.ts';

/** A field or expression that has no result, and why. */
export interface NameError {
  readonly name: string;
  readonly code: NameErrorCode;
}

/** Results and failures by name. A name is in one of the two lists at most. */
export interface DecryptResults {
  /** Revealed fields and results of expressions: name and JSON text, in the order of the request. */
  readonly data: readonly (readonly [name: string, json: string])[];
  readonly errors: readonly NameError[];
}

/** The enclave's answer: results, or one code for the whole request (SPEC.md, "Decrypt answer"). */
export type DecryptAnswer = DecryptResults | { readonly error: DecryptErrorCode };

const WHAT = 'answer';
const MAX_NAMES = MAX_FIELDS + MAX_EXPRESSIONS;
const MAX_ITEMS = 6 * MAX_NAMES + 16;

/** @throws ProtocolError `malformed` when the answer is not one that would be accepted */
export function encodeDecryptAnswer(answer: DecryptAnswer): Buffer {
  const value: CborValue =
    'error' in answer
      ? new Map([['error', answer.error]])
      : new Map<string, CborValue>([
          ['data', answer.data],
          ['errors', answer.errors.map(({ name, code }) => [name, code])],
        ]);
  readDecryptAnswer(value);
  return encodeCbor(value);
}

/** @throws ProtocolError `malformed` or `too_large` */
export function parseDecryptAnswer(message: Uint8Array): DecryptAnswer {
  return readDecryptAnswer(decode(message, WHAT, MAX_MESSAGE_BYTES, MAX_ITEMS));
}

function readDecryptAnswer(value: CborValue): DecryptAnswer {
  if (value instanceof Map && value.has('error')) {
    return { error: oneOf(members(value, WHAT, ['error']).error, 'answer.error', DECRYPT_ERRORS) };
  }
  const member = members(value, WHAT, ['data', 'errors']);
  const data = list(member.data, 'answer.data', MAX_NAMES, (item): [string, string] => {
    const [name, json] = pair(item, 'answer.data');
    return [name, text(json, 'answer.data: value', MAX_MESSAGE_BYTES)];
  });
  const errors = list(member.errors, 'answer.errors', MAX_NAMES, (item): NameError => {
    const [name, code] = pair(item, 'answer.errors');
    return { name, code: oneOf(code, 'answer.errors: code', NAME_ERRORS) };
  });
  distinct([...data.map(([name]) => name), ...errors.map(({ name }) => name)], 'answer: names');
  return { data, errors };
}

function pair(item: CborValue, what: string): [name: string, second: CborValue] {
  if (!Array.isArray(item) || item.length !== 2) throw malformed(what);
  return [fieldName(item[0], `${what}: name`), item[1]];
}
