// SPDX-License-Identifier: Apache-2.0
import { checkHome } from './check.ts';
import { PolicyInputError } from './errors.ts';
import { accountPrincipal } from './key-common.ts';
import { type Assumer, ROLES, type RoleId } from './roles.ts';
import type { ConditionBlock, Home, Statement } from './types.ts';

/** A statement of a trust policy: it is about its own role, and so has no Resource. */
export type TrustStatement = Omit<Statement, 'Resource'>;

export interface TrustDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly TrustStatement[];
}

type Service = Exclude<Assumer, 'people'>;

/*
 * For whom a service works is in aws:SourceAccount and aws:SourceArn. Not every service says so when it takes a role:
 * - documented with a condition on the trust policy: CodeBuild, VPC flow logs (their guides, "Prevent cross-service
 *   confused deputy"), CloudFormation and CodePipeline: the key must be there and name us;
 * - Lambda, API Gateway and CloudTrail's delivery to a log group have no such documentation, and for the last one users
 *   report that a condition stops delivery: where the key is there it must name us (…IfExists);
 * - EC2 hands a role's credentials to an instance and never says for whom.
 * None of these services takes a role of another account than the one that passed it (iam:PassRole ends at the account),
 * which is what protects a role whose service stays silent.
 */
const SOURCES: Readonly<Record<Service, (home: Home) => ConditionBlock>> = {
  'cloudformation.amazonaws.com': ({ account }) => ({ StringEquals: { 'aws:SourceAccount': account } }),
  'codepipeline.amazonaws.com': (home) => ({
    StringEquals: { 'aws:SourceAccount': home.account },
    ArnLikeIfExists: { 'aws:SourceArn': arn(home, 'codepipeline', `${home.name}-*`) },
  }),
  'codebuild.amazonaws.com': (home) => ({
    StringEquals: { 'aws:SourceAccount': home.account },
    ArnLike: { 'aws:SourceArn': arn(home, 'codebuild', `project/${home.name}-*`) },
  }),
  'vpc-flow-logs.amazonaws.com': (home) => ({
    StringEquals: { 'aws:SourceAccount': home.account },
    ArnLike: { 'aws:SourceArn': arn(home, 'ec2', 'vpc-flow-log/*') },
  }),
  'lambda.amazonaws.com': ifSaid,
  'apigateway.amazonaws.com': ifSaid,
  'cloudtrail.amazonaws.com': ifSaid,
  'ec2.amazonaws.com': ifSaid,
};

/**
 * Trust policy of a role that a service takes.
 * @throws {PolicyInputError} `invalid_deployment` also for a role of people
 */
export function serviceTrustPolicy(home: Home, role: RoleId): TrustDocument {
  checkHome(home);
  const { assumedBy }: { readonly assumedBy: Assumer } = ROLES[role];
  if (assumedBy === 'people') throw new PolicyInputError('invalid_deployment', `${role} is of no service`);
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'AllowService',
        Effect: 'Allow',
        Principal: { Service: assumedBy },
        Action: 'sts:AssumeRole',
        Condition: SOURCES[assumedBy](home),
      },
    ],
  };
}

/**
 * Trust policy of the break-glass role: people that the configuration names, and no service.
 *
 * A user shows a second factor in the very call. A role cannot: credentials of AssumeRole say nothing of one (IAM User
 * Guide, "Secure API access with MFA"), and a condition that asks for it would lock the role out when it is needed. So a
 * role is let in unless its session says that there was none, and who may take that role, with which factor, its own
 * trust policy or identity provider decides.
 *
 * Principals are named by condition: one that is deleted and made anew still matches, and one that is not there yet does
 * not keep the role from being made.
 * @param people ARNs of roles and users of the account, without wildcards
 * @throws {PolicyInputError} `invalid_deployment`
 */
export function breakGlassTrustPolicy(home: Home, people: readonly string[]): TrustDocument {
  checkHome(home);
  const { partition, account } = home;
  const prefix = `arn:${partition}:iam::${account}:`;
  const of = (kind: string): readonly string[] => people.filter((one) => one.startsWith(`${prefix}${kind}/`));
  const [users, roles] = [of('user'), of('role')];
  const good = people.every((one) => /^(user|role)\/[\w+=,.@/-]+$/.test(one.slice(prefix.length)));
  if (!good || people.length === 0 || users.length + roles.length !== people.length)
    throw new PolicyInputError('invalid_deployment', 'break-glass is for roles and users of the account');
  // Its own people only: a role of the vault among them would join powers that are kept apart.
  if (people.some((one) => one.startsWith(`${prefix}role/${home.name}/`)))
    throw new PolicyInputError(
      'invalid_deployment',
      'break-glass is for people, and for no role of the vault',
    );
  const allow = (Sid: string, arns: readonly string[], Condition: ConditionBlock): TrustStatement[] =>
    arns.length === 0
      ? []
      : [
          {
            Sid,
            Effect: 'Allow',
            Principal: accountPrincipal(home),
            Action: 'sts:AssumeRole',
            Condition: { ArnEquals: { 'aws:PrincipalArn': arns }, ...Condition },
          },
        ];
  return {
    Version: '2012-10-17',
    Statement: [
      ...allow('AllowUsersWithSecondFactor', users, { Bool: { 'aws:MultiFactorAuthPresent': 'true' } }),
      ...allow('AllowRoles', roles, { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'true' } }),
    ],
  };
}

function ifSaid({ account }: Home): ConditionBlock {
  return { StringEqualsIfExists: { 'aws:SourceAccount': account } };
}

function arn({ partition, region, account }: Home, service: string, resource: string): string {
  return `arn:${partition}:${service}:${region}:${account}:${resource}`;
}
