// SPDX-License-Identifier: Apache-2.0
import type { AuditFacts } from '../audit/entry.ts';
import type { VaultErrorCode } from '../errors.ts';
import type { Principal } from '../principal.ts';
import { sha256 } from '../util/bytes.ts';
import { refusal } from './authorize.ts';
import type { CheckedDecrypt } from './decrypt-input.ts';

/** Fields that the expressions may compute with: `all` when one may use any. */
export function usedFields({ expressions }: CheckedDecrypt): ReadonlySet<string> | 'all' {
  if (expressions.some(({ usesAll }) => usesAll)) return 'all';
  return new Set(expressions.flatMap(({ uses }) => [...(uses ?? [])]));
}

/** @returns why the principal may not have this decrypted; undefined when he may */
export function decryptRefusal(principal: Principal, ask: CheckedDecrypt): VaultErrorCode | undefined {
  if (principal.purposes !== null && !principal.purposes.has(ask.purpose)) return 'purpose_not_allowed';
  // A free expression can return its input, or bisect it.
  const free = ask.fields.length > 0 || ask.expressions.some(({ registered }) => !registered);
  if (principal.deriveOnly && free) return 'derive_only';
  const used = usedFields(ask);
  const fields = used === 'all' ? 'all' : [...ask.fields, ...used];
  return refusal(principal, { scope: 'vaults:decrypt', fields });
}

/** What the audit says of a decrypt request, whatever becomes of it. */
export function decryptFacts(
  schemaFields: Iterable<string>,
  ask: CheckedDecrypt,
): Pick<AuditFacts, 'purpose' | 'reason' | 'fields' | 'used' | 'expressions'> {
  const used = usedFields(ask);
  return {
    purpose: ask.purpose,
    reason: ask.reason,
    fields: ask.fields,
    used: used === 'all' ? [...schemaFields] : [...used],
    expressions: ask.expressions.map(({ name, source }) => [name, sha256(source)] as const),
  };
}
