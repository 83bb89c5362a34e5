// SPDX-License-Identifier: Apache-2.0
import {
  type BoundaryKind,
  boundaryName,
  type PolicyDocument,
  ROLES,
  type RoleId,
  type RoleSpec,
  roleName,
  type TrustDocument,
} from '@enclave-vault/policies';
import type { Stack } from 'aws-cdk-lib';
import { CfnManagedPolicy, CfnRole } from 'aws-cdk-lib/aws-iam';
import type { DeployConfig } from '../../config/deploy.ts';
import { suppress } from '../../suppress.ts';

/** Name of a resource in a template, of the words of a name of ours. */
export function logicalId(...words: readonly string[]): string {
  return words
    .flatMap((word) => word.split('-'))
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('');
}

/** A managed policy under the path /NAME/. @param name the whole of its name, unique in the account whatever the path */
export function managedPolicy(
  stack: Stack,
  id: string,
  config: DeployConfig,
  policy: { readonly name: string; readonly description: string; readonly document: PolicyDocument },
): CfnManagedPolicy {
  return new CfnManagedPolicy(stack, id, {
    managedPolicyName: policy.name,
    path: `/${config.name}/`,
    description: policy.description,
    policyDocument: policy.document,
  });
}

/** The permissions boundary of one kind of role. */
export function boundaryPolicy(
  stack: Stack,
  config: DeployConfig,
  kind: BoundaryKind,
  document: PolicyDocument,
): CfnManagedPolicy {
  const policy = managedPolicy(stack, logicalId(kind, 'boundary'), config, {
    name: boundaryName(config, kind),
    description: `The most that ${kind} may ever do.`,
    document,
  });
  suppress(policy, {
    rule: 'IAMNoWildcardPermissions',
    finding: /^(Action|Resource)::/,
    reason:
      'A boundary gives nothing: it bounds what other policies give, and those name actions and resources. Abbreviations hold it within the 6,144 characters of a managed policy.',
  });
  return policy;
}

/**
 * A role under the path /NAME/, below its boundary.
 * @param policies managed policies of its own; a workload role has none, since its stage gives it what it needs
 */
export function boundedRole(
  stack: Stack,
  config: DeployConfig,
  id: RoleId,
  parts: {
    readonly trust: TrustDocument;
    readonly boundary: CfnManagedPolicy;
    readonly policies?: readonly CfnManagedPolicy[];
  },
): CfnRole {
  const { purpose }: RoleSpec = ROLES[id];
  return new CfnRole(stack, logicalId(id, 'role'), {
    roleName: roleName(config, id),
    path: `/${config.name}/`,
    // IAM's descriptions are Latin-1.
    description: purpose.replaceAll('’', "'"),
    assumeRolePolicyDocument: parts.trust,
    permissionsBoundary: parts.boundary.ref,
    ...(parts.policies === undefined ? {} : { managedPolicyArns: parts.policies.map(({ ref }) => ref) }),
  });
}
