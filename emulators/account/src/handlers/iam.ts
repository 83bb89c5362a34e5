// SPDX-License-Identifier: Apache-2.0
import { validatePolicy } from '@enclave-vault/emulator-iam';
import { documentOf, storePolicy } from '../documents.ts';
import { AwsError } from '../errors.ts';
import { attachedPoliciesOf, inlinePoliciesOf } from '../identities.ts';
import { type Json, type JsonObject, listAt, textAt, textsAt } from '../json.ts';
import { LIMITS, withoutWhiteSpace } from '../limits.ts';
import type { Thing, World } from '../world.ts';
import type { Draft, Handler, Row, Subject } from './handler.ts';
import { changed, has, nameOf, retagging, row, rows, tagging, withTags } from './handler.ts';

/*
 * Schemas AWS::IAM::Role, ManagedPolicy, RolePolicy, InstanceProfile; IAM API Reference (DeleteConflict, NoSuchEntity,
 * LimitExceeded); Service Authorization Reference, "AWS Identity and Access Management": iam:PermissionsBoundary is the
 * boundary of the request where that sets one, and otherwise the one that the role has.
 */

const MALFORMED = 'MalformedPolicyDocument';

const requestedBoundary = (subject: Subject) => ({
  ...boundary(textAt(subject.properties, 'PermissionsBoundary')),
  ...withTags(subject),
});

/** Of the role that an operation is on, as it is before the operation. */
const presentBoundary = (subject: Subject) => {
  const name = textAt(subject.properties, 'RoleName') ?? subject.id;
  return boundary(
    textAt(subject.world.find('AWS::IAM::Role', 'global', name)?.properties, 'PermissionsBoundary'),
  );
};

const boundary = (arn: string | undefined) => (arn === undefined ? {} : { 'iam:PermissionsBoundary': arn });

/** One call for each managed policy, with its ARN as a condition key. */
const attach = (action: string, when?: Row['when']): Row =>
  row(action, 'self', {
    when: (subject) =>
      textsAt(subject.properties, 'ManagedPolicyArns').length > 0 && (when?.(subject) ?? true),
    context: (subject) => ({
      ...boundary(textAt(subject.properties, 'PermissionsBoundary')),
      'iam:PolicyARN': textsAt(subject.properties, 'ManagedPolicyArns'),
    }),
  });

const roleReading = rows('self', [
  'iam:GetRole',
  'iam:ListAttachedRolePolicies',
  'iam:ListRolePolicies',
  'iam:GetRolePolicy',
]);

const ROLE: Handler = {
  type: 'AWS::IAM::Role',
  global: true,
  named: 'RoleName',
  taken: { code: 'EntityAlreadyExists', message: (name) => `Role with name ${name} already exists.` },
  createOnly: ['RoleName', 'Path'],
  create: [
    row('iam:CreateRole', 'self', { context: requestedBoundary }),
    row('iam:PutRolePolicy', 'self', { when: has('Policies'), context: requestedBoundary }),
    attach('iam:AttachRolePolicy'),
    tagging('iam:TagRole'),
  ],
  read: roleReading,
  update: [
    row('iam:UpdateAssumeRolePolicy', 'self', { when: changed('AssumeRolePolicyDocument') }),
    row('iam:UpdateRole', 'self', { when: changed('MaxSessionDuration', 'Description') }),
    row('iam:PutRolePermissionsBoundary', 'self', {
      when: (s) => changed('PermissionsBoundary')(s) && has('PermissionsBoundary')(s),
      context: requestedBoundary,
    }),
    row('iam:DeleteRolePermissionsBoundary', 'self', {
      when: (s) => changed('PermissionsBoundary')(s) && !has('PermissionsBoundary')(s),
      context: presentBoundary,
    }),
    ...rows('self', ['iam:PutRolePolicy', 'iam:DeleteRolePolicy'], {
      when: changed('Policies'),
      context: presentBoundary,
    }),
    attach('iam:AttachRolePolicy', changed('ManagedPolicyArns')),
    attach('iam:DetachRolePolicy', changed('ManagedPolicyArns')),
    ...retagging('iam:TagRole', 'iam:UntagRole'),
  ],
  remove: [
    ...roleReading,
    row('iam:DeleteRolePolicy', 'self', { when: has('Policies'), context: presentBoundary }),
    attach('iam:DetachRolePolicy'),
    row('iam:DeleteRole'),
  ],
  identify: (draft) => {
    const id = nameOf(draft, 'RoleName');
    const uniqueId = `AROA${draft.world.fresh(17, 'base36upper')}`;
    const arn = global(draft, 'role', id);
    return { id, arn, uniqueId, attributes: { Arn: arn, RoleId: uniqueId } };
  },
  check: (subject) => {
    const { world, properties, id } = subject;
    const trust = properties.AssumeRolePolicyDocument;
    trustOf(world, trust);
    if (withoutWhiteSpace(documentOf(trust)) > LIMITS.trustPolicy) {
      throw new AwsError('LimitExceeded', `Cannot exceed quota for ACLSizePerRole: ${LIMITS.trustPolicy}`);
    }
    const arns = textsAt(properties, 'ManagedPolicyArns');
    const boundaryArn = textAt(properties, 'PermissionsBoundary');
    for (const arn of [...arns, ...(boundaryArn === undefined ? [] : [boundaryArn])])
      checkPolicyThere(world, arn);
    for (const policy of listAt(properties, 'Policies')) checkDocument((policy as JsonObject).PolicyDocument);
    if (arns.length > LIMITS.attachedPolicies) {
      throw new AwsError(
        'LimitExceeded',
        `Cannot exceed quota for PoliciesPerRole: ${LIMITS.attachedPolicies}`,
      );
    }
    checkInline(world, id, properties);
  },
  apply: ({ world, arn, properties }) => {
    const thing = world.byArn(arn);
    if (thing !== undefined) thing.policy = trustOf(world, properties.AssumeRolePolicyDocument);
    return undefined;
  },
  removable: ({ world, id, properties }) => {
    const profile = world
      .all('AWS::IAM::InstanceProfile')
      .find((thing) => textsAt(thing.properties, 'Roles').includes(id));
    if (profile !== undefined) {
      throw conflict('must remove roles from instance profile first', profile.id);
    }
    const inline = world.all('AWS::IAM::RolePolicy').find((thing) => thing.properties.RoleName === id);
    if (inline !== undefined) throw conflict('must delete policies first', inline.id);
    const managed = attachedPoliciesOf(world, id, {});
    if (managed[0] !== undefined && !has('ManagedPolicyArns')({ properties })) {
      throw conflict('must detach all policies first', managed[0].name);
    }
  },
};

const POLICY: Handler = {
  type: 'AWS::IAM::ManagedPolicy',
  global: true,
  named: 'ManagedPolicyName',
  taken: { code: 'EntityAlreadyExists', message: (name) => `A policy called ${name} already exists.` },
  createOnly: ['ManagedPolicyName', 'Path', 'Description'],
  create: [
    row('iam:CreatePolicy'),
    row('iam:AttachRolePolicy', roles, {
      when: has('Roles'),
      context: ({ arn }) => ({ 'iam:PolicyARN': arn }),
    }),
  ],
  read: rows('self', ['iam:GetPolicy', 'iam:GetPolicyVersion', 'iam:ListEntitiesForPolicy']),
  update: [
    ...rows('self', ['iam:GetPolicy', 'iam:ListPolicyVersions']),
    ...rows('self', ['iam:CreatePolicyVersion', 'iam:DeletePolicyVersion'], {
      when: changed('PolicyDocument'),
    }),
  ],
  remove: [
    ...rows('self', [
      'iam:GetPolicy',
      'iam:ListPolicyVersions',
      'iam:DeletePolicyVersion',
      'iam:ListEntitiesForPolicy',
      'iam:DeletePolicy',
    ]),
    row('iam:DetachRolePolicy', roles, {
      when: has('Roles'),
      context: ({ arn }) => ({ 'iam:PolicyARN': arn }),
    }),
  ],
  identify: (draft) => {
    const arn = global(draft, 'policy', nameOf(draft, 'ManagedPolicyName'));
    return { id: arn, arn, attributes: { PolicyArn: arn } };
  },
  check: ({ properties }) => {
    checkDocument(properties.PolicyDocument);
    if (withoutWhiteSpace(documentOf(properties.PolicyDocument)) > LIMITS.managedPolicy) {
      throw new AwsError('LimitExceeded', `Cannot exceed quota for PolicySize: ${LIMITS.managedPolicy}`);
    }
  },
  removable: ({ world, arn, properties }) => {
    const holder = world
      .all('AWS::IAM::Role')
      .find(
        (role) =>
          (textsAt(role.properties, 'ManagedPolicyArns').includes(arn) ||
            role.properties.PermissionsBoundary === arn) &&
          !textsAt(properties, 'Roles').includes(role.id),
      );
    if (holder !== undefined) throw conflict('must detach the policy from all entities first', holder.id);
  },
};

function roles({ world, properties }: Subject): readonly string[] {
  return textsAt(properties, 'Roles').map((name) => roleArn(world, name));
}

/** A role's ARN has its path in it, which its name does not tell. */
function roleArn(world: World, name: string | undefined): string {
  const known = world.find('AWS::IAM::Role', 'global', name ?? '')?.arn;
  return known ?? `arn:${world.partition}:iam::${world.account}:role/${name}`;
}

const itsRole = ({ world, properties }: Subject): string => roleArn(world, textAt(properties, 'RoleName'));

const ROLE_POLICY: Handler = {
  type: 'AWS::IAM::RolePolicy',
  global: true,
  createOnly: ['PolicyName', 'RoleName'],
  create: [
    row('iam:PutRolePolicy', itsRole, { context: presentBoundary }),
    row('iam:GetRolePolicy', itsRole),
  ],
  read: [row('iam:GetRolePolicy', itsRole)],
  update: [
    row('iam:PutRolePolicy', itsRole, { context: presentBoundary }),
    row('iam:GetRolePolicy', itsRole),
  ],
  remove: [
    row('iam:DeleteRolePolicy', itsRole, { context: presentBoundary }),
    row('iam:GetRolePolicy', itsRole),
  ],
  identify: ({ world, properties }) => {
    const id = `${textAt(properties, 'PolicyName')}|${textAt(properties, 'RoleName')}`;
    return {
      id,
      arn: `${roleArn(world, textAt(properties, 'RoleName'))}#${textAt(properties, 'PolicyName')}`,
    };
  },
  check: ({ world, id, properties, previous }) => {
    const name = textAt(properties, 'RoleName') ?? '';
    const role = world.find('AWS::IAM::Role', 'global', name);
    if (role === undefined)
      throw new AwsError('NoSuchEntity', `The role with name ${name} cannot be found.`, { status: 404 });
    if (previous === null && world.find('AWS::IAM::RolePolicy', 'global', id) !== undefined) {
      throw new AwsError('AlreadyExists', `${properties.PolicyName} of ${name} already exists`);
    }
    checkDocument(properties.PolicyDocument);
    checkInline(world, name, role.properties, properties);
  },
};

const INSTANCE_PROFILE: Handler = {
  type: 'AWS::IAM::InstanceProfile',
  global: true,
  named: 'InstanceProfileName',
  taken: { code: 'EntityAlreadyExists', message: (name) => `Instance Profile ${name} already exists.` },
  createOnly: ['InstanceProfileName', 'Path'],
  create: [
    row('iam:CreateInstanceProfile'),
    row('iam:PassRole', profileRoles, {
      context: () => ({ 'iam:PassedToService': 'ec2.amazonaws.com' }),
    }),
    row('iam:AddRoleToInstanceProfile'),
  ],
  read: [row('iam:GetInstanceProfile')],
  update: rows('self', ['iam:RemoveRoleFromInstanceProfile', 'iam:AddRoleToInstanceProfile'], {
    when: changed('Roles'),
  }),
  remove: rows('self', [
    'iam:GetInstanceProfile',
    'iam:RemoveRoleFromInstanceProfile',
    'iam:DeleteInstanceProfile',
  ]),
  identify: (draft) => {
    const id = nameOf(draft, 'InstanceProfileName');
    const arn = global(draft, 'instance-profile', id);
    return { id, arn, attributes: { Arn: arn } };
  },
  check: ({ world, properties }) => {
    for (const name of textsAt(properties, 'Roles')) {
      if (world.find('AWS::IAM::Role', 'global', name) === undefined) {
        throw new AwsError('NoSuchEntity', `The role with name ${name} cannot be found.`, { status: 404 });
      }
    }
  },
};

function profileRoles({ world, properties }: Subject): readonly string[] {
  return textsAt(properties, 'Roles').map((name) => roleArn(world, name));
}

export const IAM_HANDLERS: readonly Handler[] = [ROLE, POLICY, ROLE_POLICY, INSTANCE_PROFILE];

function global({ world, properties }: Draft, kind: string, name: string): string {
  return `arn:${world.partition}:iam::${world.account}:${kind}${textAt(properties, 'Path') ?? '/'}${name}`;
}

/** A trust policy as it is stored. @throws {AwsError} MalformedPolicyDocument */
export function trustOf(world: World, document: Json | undefined): Thing['policy'] {
  return storePolicy(world, document, 'role-trust', {
    code: MALFORMED,
    principal: (name) => `Invalid principal in policy: "AWS":"${name}"`,
  });
}

function checkDocument(value: Json | undefined): void {
  const [problem] = validatePolicy(documentOf(value), 'identity');
  if (problem !== undefined) throw new AwsError(MALFORMED, `${problem.path}: ${problem.message}`);
}

function checkPolicyThere(world: World, arn: string): void {
  const own = arn.startsWith(`arn:${world.partition}:iam::${world.account}:`);
  if (!own || world.byArn(arn) !== undefined) return;
  throw new AwsError('NoSuchEntity', `Policy ${arn} does not exist or is not attachable.`, { status: 404 });
}

/** All inline policies of a role together, the new one in place of one of its name. */
function checkInline(world: World, role: string, properties: JsonObject, added?: JsonObject): void {
  const name = `inline policy ${textAt(added, 'PolicyName')}`;
  const others = inlinePoliciesOf(world, role, properties).filter((policy) => policy.name !== name);
  const documents: unknown[] = others.map(({ document }) => document);
  if (added !== undefined) documents.push(documentOf(added.PolicyDocument));
  const size = documents.reduce<number>((sum, document) => sum + withoutWhiteSpace(document), 0);
  if (size <= LIMITS.inlinePolicies) return;
  throw new AwsError(
    'LimitExceeded',
    `Maximum policy size of ${LIMITS.inlinePolicies} bytes exceeded for role ${role}`,
  );
}

function conflict(message: string, holder: string): AwsError {
  return new AwsError('DeleteConflict', `Cannot delete entity, ${message}: ${holder}`, { status: 409 });
}
