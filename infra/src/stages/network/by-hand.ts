// SPDX-License-Identifier: Apache-2.0

/** A rule as EC2's DescribeSecurityGroupRules lists it. */
export interface SecurityGroupRule {
  readonly SecurityGroupRuleId?: string | undefined;
  readonly IsEgress?: boolean | undefined;
}

/** A call of EC2 that takes rules out of a group. */
export interface Revocation {
  readonly operation: 'RevokeSecurityGroupIngress' | 'RevokeSecurityGroupEgress';
  readonly input: { readonly GroupId: string; readonly SecurityGroupRuleIds: readonly string[] };
}

/**
 * After each deployment: the calls that empty the VPC's default security group; none when it is empty. Every VPC has that
 * group, open within itself and to everywhere; CloudFormation can add rules to it and take none away. Nothing of ours is
 * in it. What is put into it by mistake shall reach nothing.
 * @param groupId output DefaultSecurityGroupId of the network
 * @param rules all that DescribeSecurityGroupRules lists of the group (filter `group-id`)
 */
export function emptyDefaultGroup(
  groupId: string,
  rules: readonly SecurityGroupRule[],
): readonly Revocation[] {
  const ids = (egress: boolean): string[] =>
    rules.flatMap(({ SecurityGroupRuleId: id, IsEgress = false }) =>
      id !== undefined && IsEgress === egress ? [id] : [],
    );
  const revocation = (operation: Revocation['operation'], found: string[]): Revocation[] =>
    found.length === 0 ? [] : [{ operation, input: { GroupId: groupId, SecurityGroupRuleIds: found } }];
  return [
    ...revocation('RevokeSecurityGroupIngress', ids(false)),
    ...revocation('RevokeSecurityGroupEgress', ids(true)),
  ];
}
