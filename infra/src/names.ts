// SPDX-License-Identifier: Apache-2.0
import type { Roles } from '@enclave-vault/policies';
import type { DeployConfig } from './config/deploy.ts';

/**
 * Names that follow from the configuration alone, so that one stack can name what another has not made yet. Everything a
 * deployment owns is called NAME-…; its roles and policies lie under the path /NAME/, its log groups under /NAME/.
 */
export interface Names {
  /** Path of roles and policies. */
  readonly path: string;
  readonly roles: Roles;
  readonly table: string;
  readonly bucket: string;
  readonly pipelineBucket: string;
  readonly apiFunction: string;
  readonly authorizerFunction: string;
  readonly smokeFunction: string;
  readonly insideCanaryFunction: string;
  readonly outsideCanaryFunction: string;
  readonly controlCanaryFunction: string;
  readonly trail: string;
  readonly trailBucket: string;
  readonly logGroups: {
    readonly auditHeads: string;
    readonly flow: string;
    readonly dns: string;
    readonly access: string;
    readonly parent: string;
    readonly trail: string;
  };
  /** CloudWatch namespace of all figures. */
  readonly namespace: string;
  /** Name of the stack of a stage. */
  readonly stack: (stage: string) => string;
  /** Name of an IAM role of ours, from the last part of its name. */
  readonly roleName: (role: string) => string;
  readonly roleArn: (role: string) => string;
}

export function namesOf({ name, partition, account, region }: DeployConfig): Names {
  // Role names are unique in an account whatever their path, so the deployment's name is in both.
  const roleName = (role: string): string => `${name}-${role}`;
  const roleArn = (role: string): string => `arn:${partition}:iam::${account}:role/${name}/${roleName(role)}`;
  return {
    path: `/${name}/`,
    roles: {
      api: roleArn('api'),
      instance: roleArn('instance'),
      deployment: roleArn('deployment'),
      breakGlass: roleArn('break-glass'),
    },
    table: `${name}-records`,
    bucket: `${name}-artifacts-${account}-${region}`,
    pipelineBucket: `${name}-pipeline-${account}-${region}`,
    apiFunction: `${name}-api`,
    authorizerFunction: `${name}-authorizer`,
    smokeFunction: `${name}-smoke`,
    insideCanaryFunction: `${name}-canary-inside`,
    outsideCanaryFunction: `${name}-canary-outside`,
    controlCanaryFunction: `${name}-canary-control`,
    trail: `${name}-trail`,
    trailBucket: `${name}-trail-${account}-${region}`,
    logGroups: {
      auditHeads: `/${name}/audit-heads`,
      flow: `/${name}/flow`,
      dns: `/${name}/dns`,
      access: `/${name}/access`,
      parent: `/${name}/parent`,
      trail: `/${name}/trail`,
    },
    namespace: name,
    stack: (stage) => `${name}-${stage}`,
    roleName,
    roleArn,
  };
}
