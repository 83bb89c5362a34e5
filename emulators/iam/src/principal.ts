// SPDX-License-Identifier: Apache-2.0
import { roleArnOf } from './context.ts';
import type { Principal, PrincipalElement } from './types.ts';

/**
 * How a statement reaches the caller, weakest first. An account delegates to its identity policies; a role ARN grants
 * within boundary and session policy; `*` and a user's or a session's own ARN grant past what those leave out
 * (IAM User Guide, "How AWS enforcement code logic evaluates requests" and "AWS JSON policy elements: Principal").
 */
export type Grade = 'account' | 'role' | 'everyone' | 'self';

export const GRADES: readonly Grade[] = ['account', 'role', 'everyone', 'self'];

/** Null: the statement is not about this caller. */
export type PrincipalMatcher = (caller: Caller) => Grade | null;

/** What a caller is called in policies, worked out once a request. */
export interface Caller {
  readonly anonymous: boolean;
  readonly service: string | null;
  readonly account: string | null;
  readonly rootArn: string | null;
  readonly roleArn: string | null;
  /** The session's or user's own ARN; the root user's is its account's. */
  readonly ownArn: string;
  readonly isRoot: boolean;
}

export function callerOf(principal: Principal): Caller {
  const account = principal.account ?? null;
  const partition = principal.arn.split(':')[1] ?? 'aws';
  return {
    anonymous: principal.type === 'anonymous',
    service: principal.type === 'service' ? (principal.service ?? principal.arn) : null,
    account,
    rootArn: account === null ? null : `arn:${partition}:iam::${account}:root`,
    roleArn: roleArnOf(principal),
    ownArn: principal.arn,
    isRoot: principal.type === 'root',
  };
}

/** Principal: {AWS, Service}; CanonicalUser and Federated name nobody that this evaluator knows. */
export function compilePrincipal(element: PrincipalElement): PrincipalMatcher {
  const { everyone, aws, services } = read(element);
  return (caller) => {
    let best: Grade | null = everyone ? 'everyone' : null;
    if (caller.service !== null) return services.has(caller.service) || services.has('*') ? 'self' : best;
    if (caller.anonymous) return best;
    if (
      caller.account !== null &&
      (aws.has(caller.account) || (caller.rootArn !== null && aws.has(caller.rootArn)))
    ) {
      if (caller.isRoot) return 'self';
      best ??= 'account';
    }
    if (caller.roleArn !== null && aws.has(caller.roleArn) && best !== 'everyone') best = 'role';
    if (caller.ownArn !== caller.roleArn && aws.has(caller.ownArn)) best = 'self';
    return best;
  };
}

/**
 * NotPrincipal. In a Deny a caller is spared only when everything it is made of is listed: user and account, or
 * session, role and account (IAM User Guide, "IAM JSON policy elements: NotPrincipal"). In an Allow any of them is
 * enough to leave the caller out.
 */
export function compileNotPrincipal(element: PrincipalElement, effect: 'Allow' | 'Deny'): PrincipalMatcher {
  const { everyone, aws, services } = read(element);
  return (caller) => {
    if (everyone) return null;
    if (caller.service !== null) return services.has(caller.service) || services.has('*') ? null : 'everyone';
    if (caller.anonymous) return 'everyone';
    const account =
      (caller.account !== null && aws.has(caller.account)) ||
      (caller.rootArn !== null && aws.has(caller.rootArn));
    const rest = [caller.roleArn, caller.ownArn]
      .filter((arn) => arn !== null && !caller.isRoot)
      .map((arn) => arn !== null && aws.has(arn));
    const listed = [account, ...rest];
    const spared = effect === 'Deny' ? listed.every(Boolean) : listed.some(Boolean);
    return spared ? null : 'everyone';
  };
}

function read(element: PrincipalElement): {
  everyone: boolean;
  aws: ReadonlySet<string>;
  services: ReadonlySet<string>;
} {
  if (element === '*') return { everyone: true, aws: new Set(), services: new Set() };
  const aws = list(element.AWS);
  return { everyone: aws.includes('*'), aws: new Set(aws), services: new Set(list(element.Service)) };
}

function list(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}
