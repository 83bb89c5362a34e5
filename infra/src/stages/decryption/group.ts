// SPDX-License-Identifier: Apache-2.0
import type { Stack } from 'aws-cdk-lib';
import { CfnAutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling';
import type { CfnLaunchTemplate } from 'aws-cdk-lib/aws-ec2';
import { type DecryptionConfig, leastMemoryMib, leastVcpus } from '../../config/decryption.ts';
import type { StageContext } from '../../stage.ts';
import { suppress } from '../../suppress.ts';
import { NETWORK } from '../network.ts';
import type { Balancer } from './balancer.ts';

/** Logical id of the group: instances name it when they signal. */
export const GROUP_ID = 'Group';

const DAY_SECONDS = 86_400;
/** From the end of an instance's own time limit until checks of its health count: the balancer's first ones. */
const FIRST_CHECKS_SECONDS = 120;
/** Until a new instance's figures are like the others'. */
const WARMUP_SECONDS = 300;
/** For launch, boot of the kernel and words that travel, on top of what user data may take. */
const LAUNCH_SECONDS = 240;

/** What alarms and the dashboard read of the group. */
const GROUP_FIGURES = [
  'GroupDesiredCapacity',
  'GroupInServiceInstances',
  'GroupMaxSize',
  'GroupMinSize',
  'GroupPendingInstances',
  'GroupTerminatingInstances',
];

/**
 * The instances, over all zones. A rollout is an update of the stack: CloudFormation puts new instances beside the old, waits
 * for the word of each, and takes the update back when one fails or stays silent (ADR 22).
 */
export function makeGroup(
  stack: Stack,
  { config, outputs }: StageContext,
  template: CfnLaunchTemplate,
  { targets, listener }: Balancer,
): CfnAutoScalingGroup {
  const { decryption, features, name } = config;
  const { min, max, bootSeconds } = decryption;
  const group = new CfnAutoScalingGroup(stack, GROUP_ID, {
    autoScalingGroupName: groupName(name),
    minSize: String(min),
    maxSize: String(max),
    // No desired capacity: that is scaling's, and an update of the stack would set it back.
    vpcZoneIdentifier: [...outputs(NETWORK).InstanceSubnetIds],
    mixedInstancesPolicy: {
      launchTemplate: {
        launchTemplateSpecification: {
          launchTemplateId: template.ref,
          version: template.attrLatestVersionNumber,
        },
        overrides: [{ instanceRequirements: instanceRequirements(decryption) }],
      },
      instancesDistribution: {
        onDemandBaseCapacity: decryption.onDemandBase,
        onDemandPercentageAboveBaseCapacity: decryption.onDemandPercent,
        onDemandAllocationStrategy: 'lowest-price',
        spotAllocationStrategy: 'price-capacity-optimized',
      },
    },
    capacityRebalance: true,
    targetGroupArns: [targets.ref],
    // The balancer’s checks: an instance without an attested enclave is one without a purpose.
    healthCheckType: 'ELB',
    healthCheckGracePeriod: bootSeconds + FIRST_CHECKS_SECONDS,
    defaultInstanceWarmup: WARMUP_SECONDS,
    // Every instance is a day old at most: whatever got into one is gone tomorrow, and packages are the newest.
    maxInstanceLifetime: DAY_SECONDS,
    // The new one first, whatever the replacement is for.
    instanceMaintenancePolicy: { minHealthyPercentage: 100, maxHealthyPercentage: 150 },
    terminationPolicies: ['OldestLaunchTemplate', 'OldestInstance'],
    newInstancesProtectedFromScaleIn: false,
    ...(features.zonalShift
      ? {
          availabilityZoneImpairmentPolicy: {
            zonalShiftEnabled: true,
            // Of a zone that traffic was taken from, checks say little: its instances are not replaced meanwhile.
            impairedZoneHealthCheckBehavior: 'IgnoreUnhealthy',
          },
        }
      : {}),
    metricsCollection: [{ granularity: '1Minute', metrics: GROUP_FIGURES }],
  });
  suppress(
    group,
    {
      rule: 'AutoScalingGroupScalingNotifications',
      reason:
        'Instances live for a day, so that one goes and one comes is no news; alarms tell of capacity that lacks.',
    },
    {
      rule: 'EC2IMDSv2Enabled',
      reason:
        'The rule does not look into a mixed-instances policy; its launch template demands IMDSv2, and no template without is taken.',
    },
    {
      rule: 'EC2EBSVolumeEncrypted',
      reason:
        'The rule fails on a mixed-instances policy; its launch template encrypts the volume, and no template without is taken.',
    },
  );
  // Checks begin when the targets have a listener.
  group.addResourceDependency(listener);
  const timeout = `PT${Math.ceil((bootSeconds + decryption.settleSeconds + LAUNCH_SECONDS) / 60)}M`;
  group.cfnOptions.creationPolicy = { resourceSignal: { count: min, timeout } };
  group.cfnOptions.updatePolicy = {
    autoScalingRollingUpdate: {
      minInstancesInService: min,
      // One at a time: with more running than `min`, CloudFormation takes the old one away before the new one is there.
      maxBatchSize: 1,
      minSuccessfulInstancesPercent: 100,
      waitOnResourceSignals: true,
      pauseTime: timeout,
      // As CloudFormation's guide has it: none of these may take or give an instance while it counts them.
      suspendProcesses: [
        'HealthCheck',
        'ReplaceUnhealthy',
        'AZRebalance',
        'AlarmNotification',
        'ScheduledActions',
      ],
    },
  };
  return group;
}

export function groupName(name: string): string {
  return `${name}-parents`;
}

/** Which instance types may be chosen: Graviton with enclaves, large enough, and no more than that. */
function instanceRequirements(
  decryption: DecryptionConfig,
): CfnAutoScalingGroup.InstanceRequirementsProperty {
  return {
    // Only these families; the rest narrows them down.
    allowedInstanceTypes: decryption.families.map((family) => `${family}.*`),
    cpuManufacturers: ['amazon-web-services'],
    vCpuCount: { min: leastVcpus(decryption), max: decryption.maxVcpus },
    memoryMiB: { min: leastMemoryMib(decryption), max: decryption.maxMemoryGib * 1024 },
    instanceGenerations: ['current'],
    bareMetal: 'excluded',
    burstablePerformance: 'excluded',
    acceleratorCount: { max: 0 },
  };
}
