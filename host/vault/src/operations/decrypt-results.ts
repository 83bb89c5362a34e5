// SPDX-License-Identifier: Apache-2.0
import type { DecryptAnswer, DecryptRequest, NameErrorCode } from '@enclave-vault/protocol';
import { invalid, memberError, VaultError } from '../errors.ts';
import type { StoredRecord } from '../records/record-item.ts';
import { MAX_REQUEST_FIELDS, type RecordSchema } from '../schema/record-schema.ts';
import type { ParsedDecrypt } from './decrypt-input.ts';

/** Why a field or an expression has no result: code and what it says to the caller. */
export const RESULT_ERRORS: Readonly<Record<NameErrorCode, string>> = {
  field_unreadable: 'The stored value does not open',
  expression_invalid: 'Not an expression, or it uses a name that does not exist',
  expression_failed: 'The expression failed on this record',
  expression_budget_exceeded: 'The expression took too long or its result is too large',
};

export interface ResultError {
  readonly name: string;
  readonly code: NameErrorCode;
  readonly message: string;
}

export interface Decrypted {
  /**
   * Values by name: fields as they were asked for (null where the record has none), then results of expressions.
   * Has no prototype: `constructor` is a name like any other.
   */
  readonly data: Readonly<Record<string, unknown>>;
  /**
   * `data` as JSON text, each value as the enclave wrote it: maps keep CEL's order of keys, which a JavaScript object
   * changes for keys that look like numbers.
   */
  readonly dataJson: string;
  readonly errors: readonly ResultError[];
}

/** What the enclave is asked: only sealed values that are to be revealed or that an expression uses leave the store. */
export function buildRequest(schema: RecordSchema, ask: ParsedDecrypt, record: StoredRecord): DecryptRequest {
  const { used } = ask;
  const fields = new Map<string, Uint8Array | string>();
  for (const [name, sealed] of record.fields) {
    const needed =
      ask.fields.includes(name) || (schema.fields.has(name) && (used === 'all' || used.has(name)));
    if (needed) fields.set(name, sealed);
  }
  // Only possible for a use of the whole `record`: everything else was counted before.
  if (fields.size > MAX_REQUEST_FIELDS) throw invalid(memberError('/expressions', 'too_many'));
  const expressions = ask.expressions
    .filter(({ name }) => !ask.failed.has(name))
    .map(({ name, source }) => ({ name, source }));
  return {
    tenant: record.tenant,
    vaultId: record.id,
    suite: record.hs,
    wrappedKey: record.sk,
    keyArn: record.kk,
    publicKey: record.pk,
    fields,
    // What expressions may name: nobody else looks at them.
    known: expressions.length === 0 ? [] : [...schema.fields.keys()],
    reveal: ask.fields.filter((name) => fields.has(name)),
    expressions,
    fresh: ask.fresh,
  };
}

/**
 * Puts the enclave's answer in the order of the request.
 * @returns what the caller gets, and which fields that reveals
 * @throws {VaultError} `enclave_unavailable` when the answer is not one to this request
 */
export function readResults(
  ask: ParsedDecrypt,
  request: DecryptRequest,
  answer: Exclude<DecryptAnswer, { readonly error: string }>,
): { results: Decrypted; revealed: string[] } {
  const texts = new Map(answer.data);
  const codes = new Map<string, NameErrorCode>(ask.failed);
  for (const { name, code } of answer.errors) codes.set(name, code);
  const data: Record<string, unknown> = Object.create(null);
  const members: string[] = [];
  const errors: ResultError[] = [];
  const revealed: string[] = [];
  for (const name of [...ask.fields, ...ask.expressions.map((expression) => expression.name)]) {
    const text = texts.get(name);
    const code = codes.get(name);
    if (text !== undefined) {
      data[name] = parse(text);
      members.push(`${JSON.stringify(name)}:${text}`);
      if (request.fields.has(name)) revealed.push(name);
    } else if (code !== undefined) {
      errors.push({ name, code, message: RESULT_ERRORS[code] });
    } else {
      if (request.fields.has(name) || !ask.fields.includes(name)) throw new VaultError('enclave_unavailable');
      data[name] = null;
      members.push(`${JSON.stringify(name)}:null`);
    }
  }
  // Whatever is left over was not asked for.
  const asked = new Set([...request.reveal, ...request.expressions.map(({ name }) => name)]);
  if (
    ![...answer.data.map(([name]) => name), ...answer.errors.map(({ name }) => name)].every((n) =>
      asked.has(n),
    )
  ) {
    throw new VaultError('enclave_unavailable');
  }
  return { results: { data, dataJson: `{${members.join(',')}}`, errors }, revealed };
}

function parse(text: string): unknown {
  try {
    // JSON.parse makes `__proto__` an own member, like any other name.
    return JSON.parse(text);
  } catch {
    throw new VaultError('enclave_unavailable');
  }
}
