// SPDX-License-Identifier: Apache-2.0
import type { Home } from './types.ts';

/** Who may take a role: one AWS service, or the people that a configuration names. */
export type Assumer =
  | 'apigateway.amazonaws.com'
  | 'cloudformation.amazonaws.com'
  | 'cloudtrail.amazonaws.com'
  | 'codebuild.amazonaws.com'
  | 'codepipeline.amazonaws.com'
  | 'ec2.amazonaws.com'
  | 'lambda.amazonaws.com'
  | 'vpc-flow-logs.amazonaws.com'
  | 'people';

/** Permissions boundaries, one managed policy each. `admin` is for people of the account: no role of ours has it. */
export const BOUNDARIES = [
  'deployment',
  'break-glass',
  'api',
  'authorizer',
  'instance',
  'smoke',
  'canary',
  'build',
  'deploy',
  'pipeline',
  'logs',
  'access-logs',
  'admin',
] as const;

export type BoundaryKind = (typeof BOUNDARIES)[number];

export interface RoleSpec {
  /** What it is for, in a sentence. */
  readonly purpose: string;
  readonly assumedBy: Assumer;
  readonly boundary: BoundaryKind;
  /**
   * `control` and `emergency` decide who may use a key. They are made with the boundaries, live as long as the keys, and
   * no other role of ours may change or pass them.
   */
  readonly class: 'control' | 'emergency' | 'workload';
}

/** Every role of a deployment, by the last part of its name. There is no other. */
export const ROLES = {
  deployment: {
    purpose:
      'CloudFormation makes and changes the stacks as this role, from a laptop and from the pipeline alike.',
    assumedBy: 'cloudformation.amazonaws.com',
    boundary: 'deployment',
    class: 'control',
  },
  'break-glass': {
    purpose: 'People control keys and table with it in an emergency. Each use sets off an alarm.',
    assumedBy: 'people',
    boundary: 'break-glass',
    class: 'emergency',
  },
  api: {
    purpose: 'The function that serves the API.',
    assumedBy: 'lambda.amazonaws.com',
    boundary: 'api',
    class: 'workload',
  },
  instance: {
    purpose: 'The instances with parent and enclave. PCR3 measures its ARN.',
    assumedBy: 'ec2.amazonaws.com',
    boundary: 'instance',
    class: 'workload',
  },
  authorizer: {
    purpose: 'The function that reads callers’ tokens.',
    assumedBy: 'lambda.amazonaws.com',
    boundary: 'authorizer',
    class: 'workload',
  },
  smoke: {
    purpose: 'The function that calls the API once after a deployment.',
    assumedBy: 'lambda.amazonaws.com',
    boundary: 'smoke',
    class: 'workload',
  },
  'canary-inside': {
    purpose: 'The canary in the VPC.',
    assumedBy: 'lambda.amazonaws.com',
    boundary: 'canary',
    class: 'workload',
  },
  'canary-outside': {
    purpose: 'The canary outside any VPC.',
    assumedBy: 'lambda.amazonaws.com',
    boundary: 'canary',
    class: 'workload',
  },
  'canary-control': {
    purpose: 'The canary that calls the API for what must succeed: the decryption of a record of its own.',
    assumedBy: 'lambda.amazonaws.com',
    boundary: 'smoke',
    class: 'workload',
  },
  'flow-logs': {
    purpose: 'Writes the flow logs of the VPC.',
    assumedBy: 'vpc-flow-logs.amazonaws.com',
    boundary: 'logs',
    class: 'workload',
  },
  trail: {
    purpose: 'Writes CloudTrail’s events into a log group.',
    assumedBy: 'cloudtrail.amazonaws.com',
    boundary: 'logs',
    class: 'workload',
  },
  'access-logs': {
    purpose:
      'Writes API Gateway’s access logs: the role that an account has for all its APIs, where it has none yet.',
    assumedBy: 'apigateway.amazonaws.com',
    boundary: 'access-logs',
    class: 'workload',
  },
  pipeline: {
    purpose: 'Runs the pipeline: takes the source, starts builds, asks for approval.',
    assumedBy: 'codepipeline.amazonaws.com',
    boundary: 'pipeline',
    class: 'workload',
  },
  build: {
    purpose: 'Builds, measures and signs a release in the pipeline. It deploys nothing.',
    assumedBy: 'codebuild.amazonaws.com',
    boundary: 'build',
    class: 'workload',
  },
  deploy: {
    purpose: 'Runs the deploy command in the pipeline, on what was approved. It signs nothing.',
    assumedBy: 'codebuild.amazonaws.com',
    boundary: 'deploy',
    class: 'workload',
  },
} as const satisfies Readonly<Record<string, RoleSpec>>;

export type RoleId = keyof typeof ROLES;

export const ROLE_IDS = Object.keys(ROLES) as readonly RoleId[];

type Place = Pick<Home, 'partition' | 'account' | 'name'>;

/** Names of roles and policies are unique in an account whatever their path, so the deployment's name is in both. */
export function roleName({ name }: Pick<Home, 'name'>, role: RoleId): string {
  return `${name}-${role}`;
}

export function roleArn(home: Place, role: RoleId): string {
  const { partition, account, name } = home;
  return `arn:${partition}:iam::${account}:role/${name}/${roleName(home, role)}`;
}

export function boundaryName({ name }: Pick<Home, 'name'>, kind: BoundaryKind): string {
  return `${name}-boundary-${kind}`;
}

/** ARN of the managed policy that is a role's boundary. */
export function boundaryArn(home: Place, kind: BoundaryKind): string {
  const { partition, account, name } = home;
  return `arn:${partition}:iam::${account}:policy/${name}/${boundaryName(home, kind)}`;
}

/** The roles that a service may be handed, by the deployment role. */
export function rolesOf(assumer: Assumer): readonly RoleId[] {
  return ROLE_IDS.filter((role) => ROLES[role].assumedBy === assumer && ROLES[role].class === 'workload');
}
