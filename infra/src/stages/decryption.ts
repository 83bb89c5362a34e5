// SPDX-License-Identifier: Apache-2.0
import { instanceWorkloadPolicy, type KeyArns } from '@enclave-vault/policies';
import type { Stack } from 'aws-cdk-lib';
import { CfnRolePolicy } from 'aws-cdk-lib/aws-iam';
import { defineStage, type StageContext } from '../stage.ts';
import { ARTIFACTS } from './artifacts.ts';
import { makeAlarms } from './decryption/alarms.ts';
import { makeBalancer } from './decryption/balancer.ts';
import { makeLog } from './decryption/figures.ts';
import { GROUP_ID, makeGroup } from './decryption/group.ts';
import { makeLaunchTemplate } from './decryption/launch-template.ts';
import { makeScaling } from './decryption/scaling.ts';
import { KEYS } from './keys.ts';

/** The instances with parent and enclave, and the load balancer before them. */
export const DECRYPTION = defineStage({
  id: 'decryption',
  title: 'Instances with enclaves',
  outputs: {
    /** DNS name of the internal load balancer. The parent listens at its port 8443. */
    BalancerName: {
      matching: /[a-z0-9.-]+\.amazonaws\.com(\.cn)?/,
      example: ({ name, region }) => `${name}-parents-0123456789abcdef.elb.${region}.amazonaws.com`,
    },
    AutoScalingGroup: { matching: /[A-Za-z0-9-]{1,255}/, example: ({ name }) => `${name}-parents` },
    TargetGroupArn: {
      matching: /arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{12}:targetgroup\/[A-Za-z0-9-]+\/[0-9a-f]+/,
      example: ({ partition, region, account, name }) =>
        `arn:${partition}:elasticloadbalancing:${region}:${account}:targetgroup/${name}-parents/0123456789abcdef`,
    },
  },
  build(stack, context) {
    const log = makeLog(stack, context);
    const rights = makeRights(stack, context);
    const template = makeLaunchTemplate(stack, context, GROUP_ID);
    const balancer = makeBalancer(stack, context);
    const group = makeGroup(stack, context, template, balancer);
    // An instance that is up before them could neither fetch its files nor say why not.
    for (const first of [log, rights]) group.addResourceDependency(first);
    makeScaling(stack, context, group);
    makeAlarms(stack, context, balancer);
    return {
      BalancerName: balancer.balancer.attrDnsName,
      AutoScalingGroup: group.ref,
      TargetGroupArn: balancer.targets.ref,
    };
  },
});

/** The keys that instances and their enclaves use. */
export function instanceKeys({ config, outputs }: Pick<StageContext, 'config' | 'outputs'>): KeyArns {
  const keys = outputs(KEYS);
  return {
    vault: keys.VaultKeyArn,
    request: keys.RequestKeyArn,
    integrity: keys.IntegrityKeyArn,
    channelServer: keys.ChannelServerKeyArn,
    channelClient: keys.ChannelClientKeyArn,
    ...(config.legacyKeys.length === 0 ? {} : { legacy: config.legacyKeys }),
  };
}

/** What the instance role may do: its role is there, with its boundary and no right of its own. */
function makeRights(stack: Stack, context: StageContext): CfnRolePolicy {
  const { config, names, outputs, release, deployment } = context;
  const { parent, image, parentSettings } = release();
  return new CfnRolePolicy(stack, 'InstanceRights', {
    roleName: names.roleName('instance'),
    policyName: 'workload',
    policyDocument: instanceWorkloadPolicy(deployment(), {
      keys: instanceKeys(context),
      artifacts: [parent, image, parentSettings],
      artifactsKey: outputs(ARTIFACTS).KeyArn,
      logGroup: names.logGroups.parent,
      namespace: names.namespace,
      stack: names.stack('decryption'),
      sessions: config.network.sessionManager,
    }),
  });
}
