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
    rules: async (group) => {
      const { sdk, ec2 } = await client();
      const { SecurityGroupRules = [] } = await call('DescribeSecurityGroupRules', () =>
        ec2.send(
          new sdk.DescribeSecurityGroupRulesCommand({ Filters: [{ Name: 'group-id', Values: [group] }] }),
        ),
      );
      return SecurityGroupRules;
    },
    revoke: async ({ operation, input }) => {
      const { sdk, ec2 } = await client();
      const rules = { GroupId: input.GroupId, SecurityGroupRuleIds: [...input.SecurityGroupRuleIds] };
      await call(operation, async () =>
        operation === 'RevokeSecurityGroupIngress'
          ? ec2.send(new sdk.RevokeSecurityGroupIngressCommand(rules))
          : ec2.send(new sdk.RevokeSecurityGroupEgressCommand(rules)),
      );
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
