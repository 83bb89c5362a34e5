// SPDX-License-Identifier: Apache-2.0
import { roleArnOf } from './context.ts';
import type { AuthorizationRequest, PolicyInput, PolicySet } from './types.ts';

/** The policies that bind a caller at all, each kind as a list. */
export interface Applicable {
  readonly endpoint: readonly PolicyInput[];
  readonly resource: readonly PolicyInput[];
  readonly identity: readonly PolicyInput[];
  readonly boundary: readonly PolicyInput[];
  readonly session: readonly PolicyInput[];
  readonly scps: readonly (readonly PolicyInput[])[];
  readonly rcps: readonly (readonly PolicyInput[])[];
}

/**
 * Services and anonymous callers have no identity, and root no boundary; neither SCPs nor RCPs restrict service-linked
 * roles, SCPs no AWS service, and no RCP restricts kms:RetireGrant (AWS Organizations User Guide, "Service control
 * policies" and "Resource control policies"; KMS Developer Guide, "Resource control policies in AWS KMS").
 * That neither kind binds the management account, and RCPs no AWS managed key, is for the caller to know.
 */
export function applicable({ principal, action }: AuthorizationRequest, policies: PolicySet): Applicable {
  const outside = principal.type === 'service' || principal.type === 'anonymous';
  const isRoot = principal.type === 'root';
  const serviceLinked = roleArnOf(principal)?.includes(':role/aws-service-role/') ?? false;
  const retiring = action.toLowerCase() === 'kms:retiregrant';
  return {
    endpoint: list(policies.endpoint),
    resource: list(policies.resource),
    identity: outside ? [] : (policies.identity ?? []),
    boundary: outside || isRoot ? [] : list(policies.boundary),
    session: outside || isRoot ? [] : list(policies.session),
    scps: outside || serviceLinked ? [] : (policies.scps ?? []),
    rcps: serviceLinked || retiring ? [] : (policies.rcps ?? []),
  };
}

/** What kind of policy a resource of the action's service has. */
export function resourceKind({
  action,
  resource,
}: AuthorizationRequest): 'kms-key' | 'role-trust' | 'resource' {
  const lower = action.toLowerCase();
  if (lower.startsWith('kms:') && resource.includes(':key/')) return 'kms-key';
  const trust = lower.startsWith('sts:assumerole') || lower === 'sts:tagsession';
  return trust || lower === 'sts:setsourceidentity' ? 'role-trust' : 'resource';
}

function list(value: PolicyInput | readonly PolicyInput[] | undefined): readonly PolicyInput[] {
  if (value === undefined) return [];
  return isList(value) ? value : [value];
}

function isList(value: PolicyInput | readonly PolicyInput[]): value is readonly PolicyInput[] {
  return Array.isArray(value);
}
