// SPDX-License-Identifier: Apache-2.0
import { type PolicyDocument, type PrincipalElement, validatePolicy } from '@enclave-vault/emulator-iam';
import { mayPutKeyPolicy } from './authorize.ts';
import type { Conditions } from './conditions.ts';
import { KmsError } from './errors.ts';
import type { Call, Service } from './service.ts';

/** 32 KiB (KMS Developer Guide, "Quotas"). */
const MAX_BYTES = 32_768;

/** The policy AWS gives a key made without one: identity policies of the account decide. */
export function defaultKeyPolicy({ partition, config }: Service): string {
  const statement = {
    Sid: 'Enable IAM User Permissions',
    Effect: 'Allow',
    Principal: { AWS: `arn:${partition}:iam::${config.account}:root` },
    Action: 'kms:*',
    Resource: '*',
  };
  return JSON.stringify({ Version: '2012-10-17', Id: 'key-default-1', Statement: [statement] });
}

/**
 * Reads and checks a key policy as PutKeyPolicy and CreateKey do: grammar, principals that exist, and (unless bypassed)
 * that the caller can change it again.
 * @param conditions of the key, for the lockout check
 * @throws {KmsError} MalformedPolicyDocumentException, LimitExceededException
 */
export function checkKeyPolicy(
  call: Call,
  arn: string,
  text: string,
  conditions: Conditions,
  bypassLockoutCheck: boolean,
): PolicyDocument {
  if (Buffer.byteLength(text) > MAX_BYTES) {
    throw new KmsError('LimitExceededException', 'The key policy is longer than 32768 bytes.');
  }
  const policy = parse(text);
  const [problem] = [...validatePolicy(policy, 'kms-key'), ...validatePolicy(policy, 'resource')];
  if (problem !== undefined)
    throw malformed(`${problem.path === '' ? 'Policy' : problem.path}: ${problem.message}`);
  const document = policy as PolicyDocument;
  for (const principal of principalsOf(document)) {
    if (!principalExists(call.service, principal)) {
      throw malformed('Policy contains a statement with one or more invalid principals.');
    }
  }
  if (!bypassLockoutCheck && !mayPutKeyPolicy(call, arn, document, conditions)) {
    throw malformed('The new key policy will not allow you to update the key policy in the future.');
  }
  return document;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed('Policy is not valid JSON.');
  }
}

/** Every AWS principal named, in Principal and NotPrincipal alike. */
function principalsOf({ Statement }: PolicyDocument): string[] {
  const statements = Array.isArray(Statement) ? Statement : [Statement];
  return statements.flatMap(({ Principal, NotPrincipal }) => [...named(Principal), ...named(NotPrincipal)]);
}

function named(element: PrincipalElement | undefined): readonly string[] {
  if (element === undefined || element === '*' || element.AWS === undefined) return [];
  return typeof element.AWS === 'string' ? [element.AWS] : element.AWS;
}

/**
 * Whether a principal exists, as far as the emulator knows the world: its own account, and in it the principals that it
 * was configured with. AWS resolves names when the policy is put, and refuses those it cannot.
 */
export function principalExists(
  { partition, config, existingPrincipals }: Service,
  principal: string,
): boolean {
  if (principal === '*' || principal === config.account) return true;
  if (principal === `arn:${partition}:iam::${config.account}:root`) return true;
  if (existingPrincipals.has(principal)) return true;
  // A session exists when its role does; its ARN leaves out the role's path.
  const session = /^arn:([a-z-]+):sts::([0-9]{12}):assumed-role\/([^/]+)\/[^/]+$/.exec(principal);
  if (session === null) return false;
  const roles = `arn:${session[1]}:iam::${session[2]}:role/`;
  return [...existingPrincipals].some((arn) => arn.startsWith(roles) && arn.endsWith(`/${session[3]}`));
}

function malformed(message: string): KmsError {
  return new KmsError('MalformedPolicyDocumentException', message);
}
