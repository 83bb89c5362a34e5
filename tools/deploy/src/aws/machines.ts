// SPDX-License-Identifier: Apache-2.0
import { DeployError } from '../errors.ts';
import type { Machines } from '../ports.ts';
import { clientConfig, lazy } from './clients.ts';
import { call } from './errors.ts';

export function awsMachines(region: string): Machines {
  const config = clientConfig(region);
  const groups = lazy(async () => {
    const sdk = await import('@aws-sdk/client-auto-scaling');
    return { sdk, client: new sdk.AutoScalingClient(config) };
  });
  const balancers = lazy(async () => {
    const sdk = await import('@aws-sdk/client-elastic-load-balancing-v2');
    return { sdk, client: new sdk.ElasticLoadBalancingV2Client(config) };
  });
  return {
    fleet: async (group) => {
      const { sdk, client } = await groups();
      const { AutoScalingGroups = [] } = await call('DescribeAutoScalingGroups', () =>
        client.send(new sdk.DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] })),
      );
      const [found] = AutoScalingGroups;
      if (found === undefined)
        throw new DeployError('service_failed', `there is no Auto Scaling group ${group}`);
      const specification =
        found.MixedInstancesPolicy?.LaunchTemplate?.LaunchTemplateSpecification ?? found.LaunchTemplate;
      return {
        desired: found.DesiredCapacity ?? 0,
        ...(specification?.Version && { templateVersion: specification.Version }),
        instances: (found.Instances ?? []).map(
          ({ InstanceId = '', LifecycleState = '', LaunchTemplate }) => ({
            id: InstanceId,
            lifecycle: LifecycleState,
            ...(LaunchTemplate?.Version && { templateVersion: LaunchTemplate.Version }),
          }),
        ),
      };
    },
    targets: async (targetGroup) => {
      const { sdk, client } = await balancers();
      const { TargetHealthDescriptions = [] } = await call('DescribeTargetHealth', () =>
        client.send(new sdk.DescribeTargetHealthCommand({ TargetGroupArn: targetGroup })),
      );
      return TargetHealthDescriptions.map(({ Target, TargetHealth }) => ({
        id: Target?.Id ?? '',
        state: TargetHealth?.State ?? 'unknown',
        ...(TargetHealth?.Reason && { reason: TargetHealth.Reason }),
      }));
    },
  };
}
