// SPDX-License-Identifier: Apache-2.0
import type { Scope } from '@enclave-vault/vault';
import type { ArnPattern } from './iam-arn.ts';

/** What a rule gives. `null`: not narrowed. */
export interface Rights {
  readonly tenant: string;
  readonly scopes: readonly Scope[];
  readonly fields: readonly string[] | null;
  readonly purposes: readonly string[] | null;
  readonly deriveOnly: boolean;
}

/** For callers whose requests are signed (IAM authorizer). */
export interface IamRule extends Rights {
  readonly arn: ArnPattern;
  /** The unique id that the role or user must have as well: one that was made anew under the name does not. */
  readonly principalId: string | null;
  /** What the audit names: the role, or its session too, whose name is chosen by whoever assumes the role. */
  readonly audit: 'role' | 'session';
}

/** Where a part of the rights stands: given here, or in a claim. */
export type Given<T> = { readonly fixed: T } | { readonly claim: string };

/** For callers whose claims an authorizer verified (Lambda authorizer, user pool). */
export interface ClaimRule {
  readonly source: 'cognito' | 'lambda';
  /** Claims that must be equal, all of them. */
  readonly when: Readonly<Record<string, string>>;
  readonly tenant: Given<string>;
  readonly scopes: Given<readonly Scope[]>;
  /** From the claim's names to scopes; without it the claim holds scopes of the vault. */
  readonly scopeMap: Readonly<Record<string, readonly Scope[]>> | null;
  readonly fields: Given<readonly string[] | null>;
  readonly purposes: Given<readonly string[] | null>;
  readonly deriveOnly: Given<boolean>;
}

/**
 * Who may do what, for callers whom the gateway's authorizer knows. One rule decides for a caller, and rights of
 * several never add up: of IAM rules the one with his exact ARN, else the first pattern that matches; of claim rules
 * the first whose conditions hold. Whoever matches none has no rights.
 */
export interface GatewayPolicy {
  readonly iam: readonly IamRule[];
  readonly claims: readonly ClaimRule[];
}
