// SPDX-License-Identifier: Apache-2.0
import type { Network } from '../ports.ts';
import { clientConfig, lazy } from './clients.ts';
import { call } from './errors.ts';

export function awsNetwork(region: string): Network {
  const client = lazy(async () => {
    const sdk = await import('@aws-sdk/client-ec2');
    return { sdk, ec2: new sdk.EC2Client(clientConfig(region)) };
  });
  return {
    emptySecurityGroup: async (GroupId) => {
      const { sdk, ec2 } = await client();
      const { SecurityGroupRules = [] } = await call('DescribeSecurityGroupRules', () =>
        ec2.send(
          new sdk.DescribeSecurityGroupRulesCommand({ Filters: [{ Name: 'group-id', Values: [GroupId] }] }),
        ),
      );
      const ids = (egress: boolean): string[] =>
        SecurityGroupRules.flatMap(({ SecurityGroupRuleId, IsEgress }) =>
          SecurityGroupRuleId !== undefined && (IsEgress === true) === egress ? [SecurityGroupRuleId] : [],
        );
      const [inward, outward] = [ids(false), ids(true)];
      if (inward.length > 0) {
        await call('RevokeSecurityGroupIngress', () =>
          ec2.send(new sdk.RevokeSecurityGroupIngressCommand({ GroupId, SecurityGroupRuleIds: inward })),
        );
      }
      if (outward.length > 0) {
        await call('RevokeSecurityGroupEgress', () =>
          ec2.send(new sdk.RevokeSecurityGroupEgressCommand({ GroupId, SecurityGroupRuleIds: outward })),
        );
      }
      return inward.length + outward.length;
    },
    interfaces: async (vpc) => {
      const { sdk, ec2 } = await client();
      const { NetworkInterfaces = [] } = await call('DescribeNetworkInterfaces', () =>
        ec2.send(new sdk.DescribeNetworkInterfacesCommand({ Filters: [{ Name: 'vpc-id', Values: [vpc] }] })),
      );
      return NetworkInterfaces.map(({ NetworkInterfaceId = '', Status = '', Description = '' }) =>
        `${NetworkInterfaceId} (${Status}) ${Description}`.trim(),
      );
    },
  };
}
