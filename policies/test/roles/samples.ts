// SPDX-License-Identifier: Apache-2.0
import { type ContextValues, evaluateRequest, type PolicySet } from '../../../emulators/iam/src/index.ts';
import type { Home, OneOrMany, PolicyDocument, Statement } from '../../src/index.ts';
import { boundaries, deploymentPolicies, roleArn } from '../../src/index.ts';

export const ACCOUNT = '111122223333';

export function homeIn(
  place: { readonly partition: string; readonly region: string; readonly name: string },
  replicaRegions: readonly string[] = [],
): Home {
  const named = { ...place, account: ACCOUNT };
  const roles = {
    api: roleArn(named, 'api'),
    instance: roleArn(named, 'instance'),
    deployment: roleArn(named, 'deployment'),
    breakGlass: roleArn(named, 'break-glass'),
  };
  return {
    ...named,
    roles,
    replicaRegions,
    deployers: [`arn:${place.partition}:iam::${ACCOUNT}:role/people/a`],
  };
}

export const HOME = homeIn({ partition: 'aws', region: 'eu-central-1', name: 'vault' }, ['eu-west-1']);

/** Homes that make the longest documents. */
export const LONG: readonly Home[] = [
  HOME,
  homeIn({ partition: 'aws', region: 'ap-southeast-1', name: 'a-name-of-20-letters' }, [
    'ap-northeast-1',
    'ap-northeast-2',
    'ap-northeast-3',
    'ap-southeast-2',
  ]),
  homeIn({ partition: 'aws-us-gov', region: 'us-gov-east-1', name: 'a-name-of-20-letters' }, [
    'us-gov-west-1',
  ]),
  homeIn({ partition: 'aws-cn', region: 'cn-northwest-1', name: 'a-name-of-20-letters' }, ['cn-north-1']),
];

export interface Request {
  readonly action: string;
  readonly resource: string;
  readonly context: ContextValues;
}

const list = (value: OneOrMany | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;

/** A value that a pattern matches: in the deployment's Region, where it says any. */
const concrete = (pattern: string): string =>
  pattern.replace(/^(arn:[^:]+:[^:]+:)\*:/, `$1${HOME.region}:`).replaceAll('*', 'x1');

/** Requests that a statement allows: each action on each resource, under a context that meets every condition. */
export function requestsOf(statement: Statement): Request[] {
  const context = meeting(statement.Condition ?? {});
  return list(statement.Action).flatMap((action) =>
    list(statement.Resource).map((resource) => ({
      action,
      resource: resource === '*' ? '*' : concrete(resource),
      context,
    })),
  );
}

function meeting(condition: NonNullable<Statement['Condition']>): Record<string, string> {
  const context: Record<string, string> = {};
  for (const [operator, keys] of Object.entries(condition)) {
    for (const [key, values] of Object.entries(keys)) {
      const [first = ''] = list(values);
      context[key] = operator === 'Null' ? 'something' : concrete(first);
    }
  }
  return context;
}

/** The same requests with one condition unmet: its key absent, or of another value. */
export function unmet(statement: Statement): (Request & { readonly what: string })[] {
  return Object.entries(statement.Condition ?? {}).flatMap(([operator, keys]) =>
    Object.keys(keys).flatMap((key) =>
      requestsOf(statement).flatMap(({ context, ...request }) => {
        const { [key]: value, ...rest } = context;
        const flipped = { true: 'false', false: 'true' }[String(value)] ?? 'arn:aws:other:::other';
        const wrong = { what: `${key} is ${flipped}`, ...request, context: { ...rest, [key]: flipped } };
        // The account of a resource is in every request about one.
        if (operator.endsWith('IfExists') || key === 'aws:ResourceAccount') return [wrong];
        return [{ what: `no ${key}`, ...request, context: rest }, wrong];
      }),
    ),
  );
}

const regionOf = (resource: string, home: Home): string => resource.split(':')[3] || home.region;

/** What the deployment role may do of itself, and what an Allow of everything would give it. */
export function deploymentRole(home: Home): { readonly given: PolicySet; readonly hostile: PolicySet } {
  const identity = Object.entries(deploymentPolicies(home)).map(([name, document]) => ({ name, document }));
  const boundary = boundaries(home).deployment;
  return { given: { identity, boundary }, hostile: { identity: [ALLOW_ALL], boundary } };
}

export const ALLOW_ALL: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [{ Sid: 'AllowAll', Effect: 'Allow', Action: '*', Resource: '*' }],
};

/** Who decided: `allow`, the Sid of a Deny, or the kind of policy in which an Allow is missing. */
export function decide(home: Home, role: string, request: Request, policies: PolicySet): string {
  const { action, resource, context } = request;
  // Identity policies and boundary are asked; resource policies would delegate.
  const delegated = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow' as const,
        Principal: { AWS: home.account },
        Action: '*',
        ...(action.startsWith('sts:') ? {} : { Resource: '*' }),
      },
    ],
  };
  const decision = evaluateRequest(
    {
      principal: { arn: role, type: 'role', account: home.account },
      action,
      resource,
      resourceAccount: resource.split(':')[4] || home.account,
      context: { 'aws:RequestedRegion': regionOf(resource, home), ...context },
    },
    { ...policies, resource: delegated },
  );
  if (decision.allowed) return 'allow';
  return decision.decidedBy?.sid ?? decision.missing ?? 'nothing';
}
