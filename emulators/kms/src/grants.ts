// SPDX-License-Identifier: Apache-2.0
import type { Decision } from '@enclave-vault/emulator-iam';
import type { Conditions } from './conditions.ts';
import type { Grant, KmsKey } from './state/model.ts';

/**
 * Whether a grant of the key lets through what its policies do not. A grant stands for an Allow of the key policy and of the
 * identity's together; whatever a Deny says, or a VPC endpoint's policy leaves out, it changes nothing (KMS Developer
 * Guide, "Grants in AWS KMS").
 * @param decision of the policies
 */
export function grantAllows(
  key: KmsKey,
  operation: string,
  caller: string,
  decision: Decision,
  conditions: Conditions,
): boolean {
  const { kind, missing } = decision;
  if (kind !== 'implicit_deny' || (missing !== 'resource' && missing !== 'identity')) return false;
  return key.grants.some(
    (grant) =>
      isGrantee(grant.grantee, caller) &&
      (grant.operations as readonly string[]).includes(operation) &&
      meets(grant, conditions),
  );
}

/** A role's grant is its sessions' too, whose ARN leaves out the role's path. */
function isGrantee(grantee: string, caller: string): boolean {
  if (grantee === caller) return true;
  const [, account, role] = /^arn:[a-z-]+:sts::(\d{12}):assumed-role\/([^/]+)\//.exec(caller) ?? [];
  return role !== undefined && grantee.includes(`:iam::${account}:role/`) && grantee.endsWith(`/${role}`);
}

/** Constraints are on the encryption context: all of it, or a part that must be there. */
function meets({ subset, equals }: Grant, conditions: Conditions): boolean {
  const has = (pairs: Readonly<Record<string, string>>) =>
    Object.entries(pairs).every(([name, value]) => conditions[`kms:EncryptionContext:${name}`] === value);
  const given = conditions['kms:EncryptionContextKeys'] ?? [];
  if (subset !== null && !has(subset)) return false;
  return equals === null || (has(equals) && Object.keys(equals).length === given.length);
}
