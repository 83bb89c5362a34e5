// SPDX-License-Identifier: Apache-2.0
import { iamArn } from '../arns.ts';
import { allow } from '../identities.ts';
import { type Assumer, ROLE_IDS, ROLES, roleArn, rolesOf } from '../roles.ts';
import type { ConditionBlock, Home, Statement } from '../types.ts';

/** Services that the deployment role hands a role to. API Gateway's log role is the account's, and whoever sets it passes it. */
const PASSED_TO = [
  'cloudtrail.amazonaws.com',
  'codebuild.amazonaws.com',
  'codepipeline.amazonaws.com',
  'ec2.amazonaws.com',
  'lambda.amazonaws.com',
  'vpc-flow-logs.amazonaws.com',
] as const satisfies readonly Assumer[];

/** In China, EC2 goes by a second name. */
function names(service: string, partition: string): readonly string[] {
  return partition === 'aws-cn' && service === 'ec2.amazonaws.com' ? [service, `${service}.cn`] : [service];
}

/** The condition that a role is below a boundary of ours. Who could make a policy of that name makes no role here. */
export function belowBoundary(home: Home): ConditionBlock {
  return {
    ArnLike: { 'iam:PermissionsBoundary': iamArn(home, `policy/${home.name}/${home.name}-boundary-*`) },
  };
}

/** Roles whose permissions the stacks give: each below its boundary, and none that controls keys. */
export function workloadRoleArns(home: Home): readonly string[] {
  return ROLE_IDS.filter((role) => ROLES[role].class === 'workload').map((role) => roleArn(home, role));
}

/**
 * IAM: gives permissions to workload roles that are there, below their boundaries, and hands each to its service. It makes
 * no role, no policy and no user, and changes neither a trust policy nor a boundary.
 */
export function roleGrants(home: Home): Statement[] {
  const roles = workloadRoleArns(home);
  return [
    allow('GiveRights', ['iam:DeleteRolePolicy', 'iam:PutRolePolicy'], roles, belowBoundary(home)),
    allow('ReadRights', ['iam:GetRole', 'iam:GetRolePolicy'], roles),
    ...PASSED_TO.map((service) =>
      allow(
        `Pass${service
          .split('.')[0]
          ?.split('-')
          .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
          .join('')}`,
        'iam:PassRole',
        rolesOf(service).map((role) => roleArn(home, role)),
        { StringEquals: { 'iam:PassedToService': names(service, home.partition) } },
      ),
    ),
    allow('ServiceLinkedRoles', 'iam:CreateServiceLinkedRole', iamArn(home, 'role/aws-service-role/*'), {
      StringEquals: { 'iam:AWSServiceName': SERVICE_LINKED },
    }),
  ];
}

/** Services that make a role of their own in the account when they are first used as the stacks use them, and what for. */
export const SERVICE_LINKED = [
  'autoscaling.amazonaws.com',
  'contributorinsights.dynamodb.amazonaws.com',
  'elasticloadbalancing.amazonaws.com',
  'mrk.kms.amazonaws.com',
  'ops.apigateway.amazonaws.com',
  'replication.dynamodb.amazonaws.com',
  'route53resolver.amazonaws.com',
  'wafv2.amazonaws.com',
] as const;
