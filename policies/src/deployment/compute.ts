// SPDX-License-Identifier: Apache-2.0
import { arnIn } from '../arns.ts';
import { allow } from '../identities.ts';
import type { Home, Statement } from '../types.ts';

/** Auto Scaling group and load balancer: both have our name. */
export function scalingGrants(home: Home): Statement[] {
  const { partition, region, name } = home;
  const ours = { StringEquals: { 'aws:ResourceTag/enclave-vault': name } };
  const image = `arn:${partition}:ec2:${region}::image/*`;
  return [
    allow(
      'Scaling',
      [
        'autoscaling:AttachLoadBalancerTargetGroups',
        'autoscaling:AttachTrafficSources',
        'autoscaling:CreateAutoScalingGroup',
        'autoscaling:CreateOrUpdateTags',
        'autoscaling:DeleteAutoScalingGroup',
        'autoscaling:DeleteLifecycleHook',
        'autoscaling:DeletePolicy',
        'autoscaling:DeleteTags',
        'autoscaling:DetachLoadBalancerTargetGroups',
        'autoscaling:DetachTrafficSources',
        'autoscaling:DisableMetricsCollection',
        'autoscaling:EnableMetricsCollection',
        'autoscaling:PutLifecycleHook',
        'autoscaling:PutScalingPolicy',
        'autoscaling:ResumeProcesses',
        'autoscaling:SuspendProcesses',
        'autoscaling:TerminateInstanceInAutoScalingGroup',
        'autoscaling:UpdateAutoScalingGroup',
      ],
      arnIn(home, 'autoscaling', `autoScalingGroup:*:autoScalingGroupName/${name}-*`),
    ),
    allow(
      'ReadScaling',
      [
        'autoscaling:DescribeAutoScalingGroups',
        'autoscaling:DescribeLifecycleHooks',
        'autoscaling:DescribeLoadBalancerTargetGroups',
        'autoscaling:DescribeNotificationConfigurations',
        'autoscaling:DescribePolicies',
        'autoscaling:DescribeScalingActivities',
        'autoscaling:DescribeTags',
        'autoscaling:DescribeTrafficSources',
      ],
      '*',
    ),
    // Auto Scaling asks whether who names a launch template could start an instance from it (its user guide, "Control
    // Amazon EC2 launch template usage"). From no template of others, and from nothing but a template.
    allow('StartFromTemplate', 'ec2:RunInstances', arnIn(home, 'ec2', 'launch-template/*'), ours),
    allow(
      'StartInstances',
      'ec2:RunInstances',
      [
        image,
        ...['instance', 'network-interface', 'security-group', 'subnet', 'volume'].map((type) =>
          arnIn(home, 'ec2', `${type}/*`),
        ),
      ],
      { ArnLike: { 'ec2:LaunchTemplate': arnIn(home, 'ec2', 'launch-template/*') } },
    ),
    allow(
      'TagInstances',
      'ec2:CreateTags',
      ['instance', 'network-interface', 'volume'].map((type) => arnIn(home, 'ec2', `${type}/*`)),
      { StringEquals: { 'ec2:CreateAction': 'RunInstances' } },
    ),
    // A template names its image by a public parameter of AWS's.
    allow('FindImage', 'ssm:GetParameters', `arn:${partition}:ssm:${region}::parameter/aws/service/*`),
    ...balancerGrants(home),
  ];
}

function balancerGrants(home: Home): Statement[] {
  const { name } = home;
  return [
    allow(
      'Balancer',
      [
        'elasticloadbalancing:AddTags',
        'elasticloadbalancing:CreateListener',
        'elasticloadbalancing:CreateLoadBalancer',
        'elasticloadbalancing:CreateTargetGroup',
        'elasticloadbalancing:DeleteListener',
        'elasticloadbalancing:DeleteLoadBalancer',
        'elasticloadbalancing:DeleteTargetGroup',
        'elasticloadbalancing:ModifyListener',
        'elasticloadbalancing:ModifyListenerAttributes',
        'elasticloadbalancing:ModifyLoadBalancerAttributes',
        'elasticloadbalancing:ModifyTargetGroup',
        'elasticloadbalancing:ModifyTargetGroupAttributes',
        'elasticloadbalancing:RemoveTags',
        'elasticloadbalancing:SetIpAddressType',
        'elasticloadbalancing:SetSecurityGroups',
        'elasticloadbalancing:SetSubnets',
      ],
      [`loadbalancer/net/${name}-*/*`, `listener/net/${name}-*/*/*`, `targetgroup/${name}-*/*`].map(
        (resource) => arnIn(home, 'elasticloadbalancing', resource),
      ),
    ),
    allow(
      'ReadBalancer',
      [
        'elasticloadbalancing:DescribeCapacityReservation',
        'elasticloadbalancing:DescribeListenerAttributes',
        'elasticloadbalancing:DescribeListeners',
        'elasticloadbalancing:DescribeLoadBalancerAttributes',
        'elasticloadbalancing:DescribeLoadBalancers',
        'elasticloadbalancing:DescribeTags',
        'elasticloadbalancing:DescribeTargetGroupAttributes',
        'elasticloadbalancing:DescribeTargetGroups',
        'elasticloadbalancing:DescribeTargetHealth',
      ],
      '*',
    ),
  ];
}
