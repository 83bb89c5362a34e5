// SPDX-License-Identifier: Apache-2.0
import { arnIn, bucketArns, iamArn, regionsOf, viaService } from './arns.ts';
import { deny } from './boundaries/common.ts';
import { checkHome } from './check.ts';
import { belowBoundary } from './deployment/roles.ts';
import { allow, anyKeys, document } from './identities.ts';
import { roleArn } from './roles.ts';
import { STACKS, type StackId, stackArns } from './stacks.ts';
import type { Home, PolicyDocument, Statement } from './types.ts';

export interface DeployerOptions {
  /** Whether the deploy command sets API Gateway's log role of the account. */
  readonly setsAccountLogRole?: boolean;
}

/**
 * What people (or roles of people) need at least to run the deploy command and `destroy`, as two managed policies. Nearly
 * everything is done by CloudFormation as the deployment role.
 *
 * `deploy` is enough for every run that changes no role: a rollout, a new setting. It uses no key, reads no item, and
 * administers nothing else in the account; through the deployment role it decides what the stacks are.
 * `roles` is needed beside it by the first run, by a release that changes roles, and by the last. Whoever has it decides
 * what every role of the vault may ever do, the boundaries included: an administrator of the vault.
 * @throws {PolicyInputError} `invalid_deployment`
 */
export function deployerPolicies(
  home: Home,
  { setsAccountLogRole = false }: DeployerOptions = {},
): Readonly<Record<'deploy' | 'roles', PolicyDocument>> {
  checkHome(home);
  return {
    deploy: document([
      ...stackGrants(home, STACKS),
      ...artifactGrants(home),
      ...afterwards(home),
      ...(setsAccountLogRole ? accountLogRole(home) : []),
    ]),
    roles: document(roleGrants(home)),
  };
}

/**
 * What the deploy command does in the pipeline, besides placing and signing files. The pipeline's own stack it only sees: what
 * approves a release is not changed by one.
 */
export function deployGrants(home: Home): Statement[] {
  return [
    ...stackGrants(
      home,
      STACKS.filter((id) => id !== 'pipeline'),
    ),
    allow('SeePipeline', ['cloudformation:DescribeStacks'], stackArns(home, ['pipeline'])),
    ...afterwards(home),
  ];
}

function stackGrants(home: Home, stacks: readonly StackId[]): Statement[] {
  return [
    allow(
      'Stacks',
      [
        'cloudformation:ContinueUpdateRollback',
        'cloudformation:CreateChangeSet',
        'cloudformation:DeleteChangeSet',
        'cloudformation:DeleteStack',
        'cloudformation:DescribeChangeSet',
        'cloudformation:DescribeStackEvents',
        'cloudformation:DescribeStacks',
        'cloudformation:ExecuteChangeSet',
        'cloudformation:GetTemplate',
        'cloudformation:TagResource',
        'cloudformation:UntagResource',
        'cloudformation:UpdateTerminationProtection',
      ],
      stackArns(home, stacks),
    ),
    allow('HandOver', 'iam:PassRole', home.roles.deployment, {
      StringEquals: { 'iam:PassedToService': 'cloudformation.amazonaws.com' },
    }),
  ];
}

/** The stacks `controllers` and `identities`: everything in them lies under the path /NAME/, and every role has a boundary. */
function roleGrants(home: Home): Statement[] {
  const [roles, policies, profiles] = ['role', 'policy', 'instance-profile'].map((kind) =>
    iamArn(home, `${kind}/${home.name}/*`),
  ) as [string, string, string];
  return [
    allow('BoundedRoles', ['iam:CreateRole', 'iam:PutRolePermissionsBoundary'], roles, belowBoundary(home)),
    allow('OwnPolicies', ['iam:AttachRolePolicy', 'iam:DetachRolePolicy'], roles, {
      ArnLike: { ...belowBoundary(home).ArnLike, 'iam:PolicyARN': policies },
    }),
    allow(
      'Roles',
      [
        'iam:DeleteRole',
        'iam:DeleteRolePolicy',
        'iam:GetRole',
        'iam:GetRolePolicy',
        'iam:ListAttachedRolePolicies',
        'iam:ListRolePolicies',
        'iam:TagRole',
        'iam:UntagRole',
        'iam:UpdateAssumeRolePolicy',
        'iam:UpdateRole',
        'iam:UpdateRoleDescription',
      ],
      roles,
    ),
    allow(
      'Policies',
      [
        'iam:CreatePolicy',
        'iam:CreatePolicyVersion',
        'iam:DeletePolicy',
        'iam:DeletePolicyVersion',
        'iam:GetPolicy',
        'iam:GetPolicyVersion',
        'iam:ListEntitiesForPolicy',
        'iam:ListPolicyVersions',
        'iam:TagPolicy',
        'iam:UntagPolicy',
      ],
      policies,
    ),
    allow(
      'InstanceProfile',
      [
        'iam:AddRoleToInstanceProfile',
        'iam:CreateInstanceProfile',
        'iam:DeleteInstanceProfile',
        'iam:GetInstanceProfile',
        'iam:RemoveRoleFromInstanceProfile',
        'iam:TagInstanceProfile',
        'iam:UntagInstanceProfile',
      ],
      profiles,
    ),
    allow('PassInstanceRole', 'iam:PassRole', home.roles.instance, {
      StringEquals: {
        'iam:PassedToService':
          home.partition === 'aws-cn' ? ['ec2.amazonaws.com', 'ec2.amazonaws.com.cn'] : 'ec2.amazonaws.com',
      },
    }),
    deny('DenyUnbounding', 'iam:DeleteRolePermissionsBoundary', roles),
  ];
}

/** Files of a release, up into the bucket, signed there, and away again. */
function artifactGrants(home: Home): Statement[] {
  const [bucket, objects] = bucketArns(home, 'artifacts');
  const ours = { StringEquals: { 'aws:ResourceAccount': home.account } };
  return [
    allow('Bucket', ['s3:GetBucketVersioning', 's3:ListBucket', 's3:ListBucketVersions'], bucket, ours),
    allow(
      'Files',
      [
        's3:BypassGovernanceRetention',
        's3:DeleteObject',
        's3:DeleteObjectVersion',
        's3:GetObject',
        's3:GetObjectVersion',
        's3:PutObject',
      ],
      objects,
      ours,
    ),
    allow('FilesKey', ['kms:Decrypt', 'kms:GenerateDataKey'], anyKeys(home), {
      StringEquals: { 'kms:ViaService': regionsOf(home).map((region) => viaService(home, 's3', region)) },
    }),
    allow(
      'Signing',
      ['signer:DescribeSigningJob', 'signer:GetSigningProfile', 'signer:StartSigningJob'],
      [arnIn(home, 'signer', '/signing-profiles/*'), arnIn(home, 'signer', '/signing-jobs/*')],
    ),
  ];
}

/** What is looked at before, waited for after, and done by hand because no template can say it. */
function afterwards(home: Home): Statement[] {
  const { name, region, partition } = home;
  const ours = { StringEquals: { 'aws:ResourceTag/enclave-vault': name } };
  return [
    allow(
      'Look',
      [
        'autoscaling:DescribeAutoScalingGroups',
        'ec2:DescribeAvailabilityZones',
        'ec2:DescribeManagedPrefixLists',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSecurityGroupRules',
        'elasticloadbalancing:DescribeTargetHealth',
        'servicequotas:GetAWSDefaultServiceQuota',
        'servicequotas:GetServiceQuota',
      ],
      '*',
    ),
    // Its own role, by the ARN that has its path: CallerIdentity says it without.
    ...(home.deployers === undefined || home.deployers.length === 0
      ? []
      : [allow('WhoAmI', 'iam:GetRole', home.deployers)]),
    allow('LookAtLogRole', 'apigateway:GET', `arn:${partition}:apigateway:${region}::/account`),
    allow('LookAtKeys', ['kms:DescribeKey', 'kms:GetKeyPolicy', 'kms:GetPublicKey'], anyKeys(home)),
    allow('Smoke', 'lambda:InvokeFunction', [
      arnIn(home, 'lambda', `function:${name}-smoke`),
      arnIn(home, 'lambda', `function:${name}-smoke:*`),
    ]),
    // Takes rules away and adds none. The default group is EC2's own and has no tag, so it is any of the Region's.
    allow(
      'EmptyDefaultGroup',
      ['ec2:RevokeSecurityGroupEgress', 'ec2:RevokeSecurityGroupIngress'],
      ['security-group', 'security-group-rule'].map((type) => arnIn(home, 'ec2', `${type}/*`)),
    ),
    allow(
      'LiftProtection',
      'route53resolver:UpdateFirewallRuleGroupAssociation',
      arnIn(home, 'route53resolver', 'firewall-rule-group-association/*'),
      ours,
    ),
  ];
}

function accountLogRole(home: Home): Statement[] {
  return [
    allow('SetLogRole', 'apigateway:PATCH', `arn:${home.partition}:apigateway:${home.region}::/account`),
    allow('PassLogRole', 'iam:PassRole', roleArn(home, 'access-logs'), {
      StringEquals: { 'iam:PassedToService': 'apigateway.amazonaws.com' },
    }),
  ];
}
