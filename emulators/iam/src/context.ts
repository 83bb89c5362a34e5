// SPDX-License-Identifier: Apache-2.0
import type { AuthorizationRequest, Principal } from './types.ts';

/** Condition keys in lower case (their names have no case) with their values. */
export type RequestContext = ReadonlyMap<string, readonly string[]>;

/**
 * The condition keys that say who asks, as AWS fills them in (IAM User Guide, "AWS global condition context keys",
 * Properties of the principal). Keys about a principal that the principal has not are left out.
 */
export function principalContext(principal: Principal): Record<string, string | readonly string[]> {
  const { type, account, tags = {}, organization, userId } = principal;
  const keys: Record<string, string | readonly string[]> = { 'aws:PrincipalType': TYPE_NAMES[type] };
  if (type === 'anonymous') {
    keys['aws:PrincipalAccount'] = 'anonymous';
    return keys;
  }
  keys['aws:PrincipalIsAWSService'] = String(type === 'service');
  if (type === 'service') {
    const service = principal.service ?? principal.arn;
    keys['aws:PrincipalServiceName'] = service;
    keys['aws:PrincipalServiceNamesList'] = [service];
    return keys;
  }
  keys['aws:PrincipalArn'] = roleArnOf(principal) ?? principal.arn;
  if (typeof account === 'string') keys['aws:PrincipalAccount'] = account;
  if (organization !== undefined) keys['aws:PrincipalOrgID'] = organization;
  if (userId !== undefined) keys['aws:userid'] = userId;
  if (type === 'user') keys['aws:username'] = principal.arn.slice(principal.arn.lastIndexOf('/') + 1);
  for (const [tag, value] of Object.entries(tags)) keys[`aws:PrincipalTag/${tag}`] = value;
  return keys;
}

/** The role behind a session, or null. Without {@link Principal.roleArn} a session's role is taken to have no path. */
export function roleArnOf(principal: Principal): string | null {
  if (principal.type === 'role') return principal.arn;
  if (principal.type !== 'assumed-role') return null;
  if (principal.roleArn !== undefined) return principal.roleArn;
  const session = /^arn:([^:]+):sts::([0-9]+):assumed-role\/([^/]+)\//.exec(principal.arn);
  return session === null ? null : `arn:${session[1]}:iam::${session[2]}:role/${session[3]}`;
}

/** All condition keys of a request. What is known of the principal cannot be said otherwise by the request. */
export function requestContext(request: AuthorizationRequest): RequestContext {
  const context = new Map<string, readonly string[]>();
  for (const [key, value] of Object.entries(request.context)) {
    const name = key.toLowerCase();
    if (PRINCIPAL_KEYS.has(name) || name.startsWith('aws:principaltag/')) continue;
    const values = typeof value === 'string' ? [value] : value;
    const others = context.get(name);
    // Encryption contexts may differ in case only: the condition key is one, and has the values of both.
    context.set(name, others === undefined ? values : [...others, ...values]);
  }
  for (const [key, value] of Object.entries(principalContext(request.principal))) {
    context.set(key.toLowerCase(), typeof value === 'string' ? [value] : value);
  }
  if (!context.has('aws:resourceaccount')) context.set('aws:resourceaccount', [request.resourceAccount]);
  if (!context.has('aws:viaawsservice')) context.set('aws:viaawsservice', ['false']);
  return context;
}

const TYPE_NAMES = {
  role: 'AssumedRole',
  'assumed-role': 'AssumedRole',
  user: 'User',
  'federated-user': 'FederatedUser',
  root: 'Account',
  service: 'Service',
  anonymous: 'Anonymous',
} as const;

const PRINCIPAL_KEYS: ReadonlySet<string> = new Set([
  'aws:principaltype',
  'aws:principalarn',
  'aws:principalaccount',
  'aws:principalisawsservice',
  'aws:principalservicename',
  'aws:principalservicenameslist',
  'aws:username',
]);
