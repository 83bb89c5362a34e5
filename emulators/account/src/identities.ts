// SPDX-License-Identifier: Apache-2.0
import type { ContextValues, NamedPolicy, Principal } from '@enclave-vault/emulator-iam';
import { documentOf } from './documents.ts';
import { at, isObject, type JsonObject, listAt, textAt, textsAt } from './json.ts';
import type { Thing, World } from './world.ts';

/** Who calls, and what is the same in all of their requests. */
export interface Caller {
  readonly principal: Principal;
  /** Where the requests come from: `aws:SourceIp`, `aws:SourceVpc`, `aws:CalledVia`, … */
  readonly context: ContextValues;
}

/** A session of a role of the account. */
export function sessionOf(world: World, role: Thing, session: string, context: ContextValues = {}): Caller {
  return {
    principal: {
      arn: `arn:${world.partition}:sts::${world.account}:assumed-role/${role.id}/${session}`,
      type: 'assumed-role',
      account: world.account,
      roleArn: role.arn,
      userId: `${role.uniqueId ?? role.id}:${session}`,
      tags: tagsOf(role.properties),
    },
    context,
  };
}

/** An AWS service that acts for a resource of the account. */
export function serviceOf(world: World, service: string, sourceArn?: string): Caller {
  return {
    principal: { arn: service, type: 'service', service },
    context: {
      'aws:SourceAccount': world.account,
      ...(sourceArn === undefined ? {} : { 'aws:SourceArn': sourceArn }),
    },
  };
}

/** Policies of a caller as they stand now. */
export function policiesOf(
  world: World,
  { principal }: Caller,
): { identity: readonly NamedPolicy[]; boundary: NamedPolicy | undefined } {
  const thing = world.byArn(principal.roleArn ?? principal.arn);
  if (thing === undefined) return { identity: [], boundary: undefined };
  return { identity: identityPoliciesOf(world, thing), boundary: boundaryOf(world, thing) };
}

/** Inline and managed policies of a role or user, from all that attach one. */
export function identityPoliciesOf(world: World, { id, properties }: Thing): readonly NamedPolicy[] {
  return [...inlinePoliciesOf(world, id, properties), ...attachedPoliciesOf(world, id, properties)];
}

export function inlinePoliciesOf(world: World, id: string, properties: JsonObject): readonly NamedPolicy[] {
  const own = listAt(properties, 'Policies').filter(isObject);
  const separate = world
    .all('AWS::IAM::RolePolicy')
    .map((thing) => thing.properties)
    .filter(({ RoleName }) => RoleName === id);
  return [...own, ...separate].map((policy) => ({
    name: `inline policy ${textAt(policy, 'PolicyName')}`,
    document: documentOf(at(policy, 'PolicyDocument')),
  }));
}

export function attachedPoliciesOf(world: World, id: string, properties: JsonObject): readonly NamedPolicy[] {
  const arns = textsAt(properties, 'ManagedPolicyArns');
  return world
    .all('AWS::IAM::ManagedPolicy')
    .filter(({ arn, properties: policy }) => arns.includes(arn) || textsAt(policy, 'Roles').includes(id))
    .map(({ arn, properties: policy }) => ({
      name: `managed policy ${arn.slice(arn.lastIndexOf('/') + 1)}`,
      document: documentOf(at(policy, 'PolicyDocument')),
    }));
}

/** A boundary that names a policy which is gone lets nothing through, as AWS has it. */
function boundaryOf(world: World, { properties }: Thing): NamedPolicy | undefined {
  const arn = textAt(properties, 'PermissionsBoundary');
  if (arn === undefined) return undefined;
  const policy = world.byArn(arn);
  const name = `permissions boundary ${arn.slice(arn.lastIndexOf('/') + 1)}`;
  if (policy !== undefined) return { name, document: documentOf(at(policy.properties, 'PolicyDocument')) };
  return {
    name,
    document: { Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }] },
  };
}

/** Tags of a resource: a list of pairs or an object, and with launch templates and global tables further down. */
export function tagsOf(properties: JsonObject): Readonly<Record<string, string>> {
  const { Tags } = properties;
  if (isObject(Tags)) {
    return Object.fromEntries(Object.entries(Tags).map(([name, value]) => [name, String(value)]));
  }
  const below = listAt(properties, 'TagSpecifications')[0] ?? listAt(properties, 'Replicas')[0];
  const pairs = listAt(Tags === undefined ? below : properties, 'Tags').map(
    (tag) => [textAt(tag, 'Key') ?? '', textAt(tag, 'Value') ?? ''] as const,
  );
  return Object.fromEntries(pairs);
}
