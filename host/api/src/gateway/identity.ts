// SPDX-License-Identifier: Apache-2.0
import { type IamIdentity, readCallerArn } from './iam-arn.ts';

/** What an authorizer of the gateway says of the caller. */
export type GatewayIdentity =
  | ({ readonly kind: 'iam'; readonly principalId: string | null } & IamIdentity)
  | {
      readonly kind: 'claims';
      /** A user pool's verified token, or a Lambda authorizer's context. */
      readonly source: 'cognito' | 'lambda';
      readonly claims: Readonly<Record<string, unknown>>;
    }
  /** There was an authorizer, and what it said is not to be made out: nobody. */
  | { readonly kind: 'unreadable' };

type Members = Readonly<Record<string, unknown>>;

/**
 * Reads the caller from the request context of a REST API's event: `identity.userArn` of an IAM authorizer,
 * `authorizer` of a Lambda authorizer, `authorizer.claims` of a user pool's. API Gateway writes these, and a method
 * without an authorizer has none of them. Headers are not looked at.
 * @returns undefined when the method has no authorizer
 */
export function readIdentity(requestContext: Members): GatewayIdentity | undefined {
  const identity = members(requestContext.identity) ?? {};
  const authorizer = members(requestContext.authorizer);
  const signed = identity.userArn != null || identity.caller != null;
  // One method has one authorizer.
  if (signed && authorizer !== undefined) return { kind: 'unreadable' };
  if (signed) return readIam(identity);
  const empty = authorizer === undefined || Object.keys(authorizer).length === 0;
  return empty ? undefined : readClaims(authorizer);
}

function readIam({ userArn, caller, accountId }: Members): GatewayIdentity {
  const read = typeof userArn === 'string' ? readCallerArn(userArn) : undefined;
  if (read === undefined) return { kind: 'unreadable' };
  if (accountId != null && accountId !== read.account) return { kind: 'unreadable' };
  // `AROA…:session` of a role, `AIDA…` of a user: ids that are never given twice.
  const principalId = typeof caller === 'string' ? (caller.split(':', 1)[0] ?? '') : '';
  return { kind: 'iam', ...read, principalId: principalId === '' ? null : principalId };
}

function readClaims(authorizer: Members): GatewayIdentity {
  // The context of a Lambda authorizer cannot hold an object: this one comes from API Gateway.
  const claims = members(authorizer.claims);
  if (claims !== undefined) return { kind: 'claims', source: 'cognito', claims };
  const { integrationLatency: _, ...context } = authorizer;
  // An authorizer's answer without a principal does not pass API Gateway.
  if (typeof context.principalId !== 'string' || context.principalId === '') return { kind: 'unreadable' };
  return { kind: 'claims', source: 'lambda', claims: context };
}

function members(value: unknown): Members | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Members)
    : undefined;
}
