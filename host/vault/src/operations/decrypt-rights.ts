// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import type { AuditFacts } from '../audit/entry.ts';
import type { VaultErrorCode } from '../errors.ts';
import type { Principal } from '../principal.ts';
import { macOf } from '../util/bytes.ts';
import { refusal } from './authorize.ts';
import type { CheckedDecrypt, ParsedDecrypt } from './decrypt-input.ts';

/** @returns why the principal may not ask this, whatever the expressions use; undefined when he may */
export function requestRefusal(principal: Principal, ask: CheckedDecrypt): VaultErrorCode | undefined {
  if (principal.purposes !== null && !principal.purposes.has(ask.purpose)) return 'purpose_not_allowed';
  // A free expression can return its input, or bisect it.
  const free = ask.fields.length > 0 || ask.expressions.some(({ registered }) => !registered);
  return principal.deriveOnly && free ? 'derive_only' : undefined;
}

/** @returns why the principal may not see or compute with these fields; undefined when he may */
export function fieldRefusal(
  principal: Principal,
  { fields, used }: ParsedDecrypt,
): VaultErrorCode | undefined {
  return refusal(principal, {
    scope: 'vaults:decrypt',
    fields: used === 'all' ? 'all' : [...fields, ...used],
  });
}

/** Sources hold keys and values to compare with: a bare hash of a short one would give them away to who guesses. */
const EXPRESSION_LABEL = 'enclave-vault/expression/1';

/** What the audit says of a decrypt request, whatever becomes of it. */
export function decryptFacts(
  key: KeyObject,
  schemaFields: Iterable<string>,
  ask: CheckedDecrypt & { readonly used?: ParsedDecrypt['used'] },
): Pick<AuditFacts, 'purpose' | 'reason' | 'fields' | 'used' | 'expressions'> {
  const { used = [] } = ask;
  return {
    purpose: ask.purpose,
    reason: ask.reason,
    fields: ask.fields,
    used: used === 'all' ? [...schemaFields] : [...used],
    expressions: ask.expressions.map(
      ({ name, source }) => [name, macOf(key, [EXPRESSION_LABEL, source])] as const,
    ),
  };
}
