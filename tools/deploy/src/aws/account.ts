// SPDX-License-Identifier: Apache-2.0
import type { Account } from '../ports.ts';
import { clientConfig, lazy } from './clients.ts';
import { call, isCalled } from './errors.ts';

export function awsAccount(region: string): Account {
  const config = clientConfig(region);
  const ec2Client = lazy(async () => {
    const sdk = await import('@aws-sdk/client-ec2');
    return { sdk, ec2: new sdk.EC2Client(config) };
  });
  return {
    caller: async () => {
      const { STSClient, GetCallerIdentityCommand } = await import('@aws-sdk/client-sts');
      const { Account = '', Arn = '' } = await call('GetCallerIdentity', () =>
        new STSClient(config).send(new GetCallerIdentityCommand({})),
      );
      return { account: Account, arn: Arn };
    },
    roleArn: async (name) => {
      const { IAMClient, GetRoleCommand } = await import('@aws-sdk/client-iam');
      return call('GetRole', async () => {
        try {
          const { Role } = await new IAMClient(config).send(new GetRoleCommand({ RoleName: name }));
          return Role?.Arn;
        } catch (error) {
          if (isCalled(error, 'NoSuchEntity', 'NoSuchEntityException')) return undefined;
          throw error;
        }
      });
    },
    zones: async () => {
      const { sdk, ec2 } = await ec2Client();
      const { AvailabilityZones = [] } = await call('DescribeAvailabilityZones', () =>
        ec2.send(
          new sdk.DescribeAvailabilityZonesCommand({
            Filters: [
              { Name: 'zone-type', Values: ['availability-zone'] },
              { Name: 'state', Values: ['available'] },
            ],
          }),
        ),
      );
      return AvailabilityZones.flatMap(({ ZoneName }) => (ZoneName === undefined ? [] : [ZoneName])).sort();
    },
    prefixLists: async () => {
      const { sdk, ec2 } = await ec2Client();
      return call('DescribeManagedPrefixLists', async () => {
        const lists: Record<string, string> = {};
        for await (const page of sdk.paginateDescribeManagedPrefixLists(
          { client: ec2 },
          { Filters: [{ Name: 'owner-id', Values: ['AWS'] }] },
        )) {
          for (const { PrefixListName, PrefixListId } of page.PrefixLists ?? []) {
            if (PrefixListName !== undefined && PrefixListId !== undefined)
              lists[PrefixListName] = PrefixListId;
          }
        }
        return lists;
      });
    },
    quota: async (code) => {
      const sdk = await import('@aws-sdk/client-service-quotas');
      const client = new sdk.ServiceQuotasClient(config);
      const quota = { ServiceCode: 'ec2', QuotaCode: code };
      return call('GetServiceQuota', async () => {
        try {
          return (await client.send(new sdk.GetServiceQuotaCommand(quota))).Quota?.Value ?? 0;
        } catch (error) {
          if (!isCalled(error, 'NoSuchResourceException')) throw error;
          // An account that never had another value has none of its own.
          return (await client.send(new sdk.GetAWSDefaultServiceQuotaCommand(quota))).Quota?.Value ?? 0;
        }
      });
    },
    gatewayLogRole: async () => {
      const sdk = await import('@aws-sdk/client-api-gateway');
      const { cloudwatchRoleArn } = await call('GetAccount', () =>
        new sdk.APIGatewayClient(config).send(new sdk.GetAccountCommand({})),
      );
      return cloudwatchRoleArn;
    },
    setGatewayLogRole: async (arn) => {
      const sdk = await import('@aws-sdk/client-api-gateway');
      await call('UpdateAccount', () =>
        new sdk.APIGatewayClient(config).send(
          new sdk.UpdateAccountCommand({
            patchOperations: [{ op: 'replace', path: '/cloudwatchRoleArn', value: arn }],
          }),
        ),
      );
    },
  };
}
