// SPDX-License-Identifier: Apache-2.0
import { checkHome } from './check.ts';
import { PolicyInputError } from './errors.ts';
import { allow, anyAlias, anyKey, document } from './identities.ts';
import { KEY_ADMINISTRATION, KEY_CONTROL } from './key-common.ts';
import type { Home, PolicyDocument, Statement } from './types.ts';

/*
 * The most a role may ever do, whatever is attached to it later. Names follow one convention: everything a deployment
 * owns is called NAME-…, its roles and policies lie under the path /NAME/, its log groups under /NAME/.
 */

/** Roles that have a boundary of their own. Break-glass has none: it is what remains when a boundary is wrong. */
export type Bounded = 'api' | 'instance' | 'deployment' | 'admin';

/** ARN of the managed policy that is a role's boundary. */
export function boundaryArn({ partition, account, name }: Home, role: Bounded): string {
  return `arn:${partition}:iam::${account}:policy/${name}/boundary-${role}`;
}

/** The API: its four keys, its tables item by item, its logs and traces, its network interface in the VPC. */
export function apiBoundary(deployment: Home): PolicyDocument {
  checkHome(deployment);
  const { partition, region, account, name } = deployment;
  return document([
    allow(
      'Keys',
      [
        'kms:Decrypt',
        'kms:GenerateDataKey',
        'kms:GenerateDataKeyPairWithoutPlaintext',
        'kms:GenerateDataKeyWithoutPlaintext',
        'kms:GetPublicKey',
        'kms:Sign',
      ],
      anyKey(deployment),
    ),
    allow(
      'Items',
      ['ConditionCheckItem', 'DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'].map(
        (action) => `dynamodb:${action}`,
      ),
      `arn:${partition}:dynamodb:${region}:${account}:table/${name}-*`,
    ),
    logs(deployment, [`/aws/lambda/${name}-*`, `/${name}/*`]),
    allow('Traces', ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'], '*'),
    // Lambda makes these calls with the function's role; they are on no resource that could be named beforehand.
    allow(
      'NetworkInterface',
      [
        'ec2:AssignPrivateIpAddresses',
        'ec2:CreateNetworkInterface',
        'ec2:DeleteNetworkInterface',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSubnets',
        'ec2:UnassignPrivateIpAddresses',
      ],
      '*',
    ),
  ]);
}

/** The parent instance: decryption for the enclave, certificates for itself, its artifacts, its logs and metrics. */
export function instanceBoundary(deployment: Home): PolicyDocument {
  checkHome(deployment);
  const { partition, region, account, name } = deployment;
  return document([
    allow('Keys', ['kms:Decrypt', 'kms:GetPublicKey', 'kms:Sign'], anyKey(deployment)),
    allow(
      'Artifacts',
      ['s3:GetObject', 's3:GetObjectVersion'],
      `arn:${partition}:s3:::${name}-artifacts-*/*`,
      {
        StringEquals: { 'aws:ResourceAccount': account },
      },
    ),
    logs(deployment, [`/${name}/*`]),
    allow('Metrics', 'cloudwatch:PutMetricData', '*', { StringEquals: { 'cloudwatch:namespace': name } }),
    // An instance tells the stack that waits for it whether it serves.
    allow(
      'Signal',
      'cloudformation:SignalResource',
      `arn:${partition}:cloudformation:${region}:${account}:stack/${name}-*/*`,
    ),
  ]);
}

/** An operator: keys' metadata and administration, and reading what watches the vault. */
export function adminBoundary(deployment: Home): PolicyDocument {
  checkHome(deployment);
  return document([
    allow('Keys', KEY_ADMINISTRATION, [anyKey(deployment), anyAlias(deployment)]),
    allow(
      'Reading',
      [
        'cloudtrail:LookupEvents',
        'cloudwatch:DescribeAlarms',
        'cloudwatch:GetMetricData',
        'cloudwatch:ListMetrics',
        'kms:ListAliases',
        'kms:ListKeys',
        'logs:DescribeLogGroups',
        'logs:FilterLogEvents',
        'logs:GetLogEvents',
      ],
      '*',
    ),
  ]);
}

/**
 * The deployment role (CloudFormation's execution role): keys, but no use of one; roles and policies under the
 * application's path, and only with a boundary of ours, so that no role it makes can do more than one it has.
 * @param actions what it needs beside KMS and IAM to deploy the stacks, each by name (`lambda:*` would void the condition
 *   that functions are signed)
 * @throws {PolicyInputError} `invalid_deployment` also for an action that names a whole service, KMS, IAM or STS
 */
export function deploymentBoundary(deployment: Home, actions: readonly string[] = []): PolicyDocument {
  checkHome(deployment);
  for (const action of actions) {
    const good = /^[a-z0-9-]+:[A-Z][A-Za-z0-9]+\*?$/.test(action) && !/^(iam|kms|sts):/.test(action);
    if (!good) throw new PolicyInputError('invalid_deployment', 'actions must each name an operation');
  }
  const { partition, account, name } = deployment;
  const roles = `arn:${partition}:iam::${account}:role/${name}/*`;
  const policies = `arn:${partition}:iam::${account}:policy/${name}/*`;
  const boundaries = (['api', 'instance', 'deployment', 'admin'] as const).map((role) =>
    boundaryArn(deployment, role),
  );
  return document([
    allow(
      'Keys',
      [...KEY_ADMINISTRATION, ...KEY_CONTROL, 'kms:ReplicateKey'],
      [anyKey(deployment), anyAlias(deployment)],
    ),
    allow('NewKeys', ['kms:CreateKey', 'kms:ListAliases', 'kms:ListKeys'], '*'),
    allow('BoundedRoles', BOUNDED, roles, { ArnEquals: { 'iam:PermissionsBoundary': boundaries } }),
    allow('Roles', ROLES, roles),
    allow(
      'InstanceProfiles',
      INSTANCE_PROFILES,
      `arn:${partition}:iam::${account}:instance-profile/${name}/*`,
    ),
    allow('Policies', POLICIES, policies),
    allow('PassRole', 'iam:PassRole', roles, {
      StringEquals: { 'iam:PassedToService': ['ec2.amazonaws.com', 'lambda.amazonaws.com'] },
    }),
    ...(actions.length > 0 ? [allow('Stacks', actions, '*')] : []),
    // Whoever could edit these two, or hand them to a machine, would have what they have and more.
    deny(
      'DenyControllerChanges',
      [...BOUNDED, ...ROLE_EDITS, 'iam:PassRole'],
      [deployment.roles.deployment, deployment.roles.breakGlass],
    ),
    deny('DenyBoundaryEdits', POLICY_EDITS, boundaries),
    deny(
      'DenyBoundaryRemoval',
      ['iam:DeleteRolePermissionsBoundary', 'iam:DeleteUserPermissionsBoundary'],
      '*',
    ),
    deny('DenyCodeSigningChanges', CODE_SIGNING, '*'),
    deny('DenyFunctionUrls', ['lambda:CreateFunctionUrlConfig', 'lambda:UpdateFunctionUrlConfig'], '*'),
    {
      Sid: 'DenyPerimeterTags',
      Effect: 'Deny',
      Action: '*',
      Resource: '*',
      Condition: { 'ForAnyValue:StringLike': { 'aws:TagKeys': 'dp:*' } },
    },
  ]);
}

/** Making a role, and everything that gives one permissions. */
const BOUNDED = [
  'iam:AttachRolePolicy',
  'iam:CreateRole',
  'iam:DeleteRolePolicy',
  'iam:DetachRolePolicy',
  'iam:PutRolePermissionsBoundary',
  'iam:PutRolePolicy',
] as const;

const ROLE_EDITS = ['iam:DeleteRole', 'iam:TagRole', 'iam:UntagRole', 'iam:UpdateAssumeRolePolicy'] as const;

const ROLES = [
  ...ROLE_EDITS,
  'iam:GetRole',
  'iam:GetRolePolicy',
  'iam:ListAttachedRolePolicies',
  'iam:ListRolePolicies',
] as const;

const INSTANCE_PROFILES = [
  'iam:AddRoleToInstanceProfile',
  'iam:CreateInstanceProfile',
  'iam:DeleteInstanceProfile',
  'iam:GetInstanceProfile',
  'iam:RemoveRoleFromInstanceProfile',
] as const;

const POLICY_EDITS = [
  'iam:CreatePolicyVersion',
  'iam:DeletePolicy',
  'iam:DeletePolicyVersion',
  'iam:SetDefaultPolicyVersion',
] as const;

const POLICIES = [
  ...POLICY_EDITS,
  'iam:CreatePolicy',
  'iam:GetPolicy',
  'iam:GetPolicyVersion',
  'iam:ListPolicyVersions',
] as const;

const CODE_SIGNING = [
  'lambda:DeleteCodeSigningConfig',
  'lambda:DeleteFunctionCodeSigningConfig',
  'lambda:PutFunctionCodeSigningConfig',
  'lambda:UpdateCodeSigningConfig',
  'signer:AddProfilePermission',
  'signer:CancelSigningProfile',
] as const;

function deny(sid: string, actions: readonly string[], resources: string | readonly string[]): Statement {
  return { Sid: sid, Effect: 'Deny', Action: actions, Resource: resources };
}

function logs({ partition, region, account }: Home, groups: readonly string[]): Statement {
  return allow(
    'Logs',
    ['logs:CreateLogStream', 'logs:PutLogEvents'],
    groups.map((group) => `arn:${partition}:logs:${region}:${account}:log-group:${group}`),
  );
}
