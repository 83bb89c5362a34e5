// SPDX-License-Identifier: Apache-2.0
import type { Stack } from 'aws-cdk-lib';
import { CfnListener, CfnLoadBalancer, CfnTargetGroup } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { CHANNEL_PORT, HEALTH_PORT } from '../../settings/parent.ts';
import type { StageContext } from '../../stage.ts';
import { suppress } from '../../suppress.ts';
import { NETWORK } from '../network.ts';

export interface Balancer {
  readonly balancer: CfnLoadBalancer;
  readonly targets: CfnTargetGroup;
  readonly listener: CfnListener;
}

/** Between two checks of a target, and how many in a row decide. */
const CHECK_SECONDS = 10;
const CHECKS = 2;

/**
 * An internal Network Load Balancer. It carries TCP: the parent ends TLS itself, with a certificate that KMS signs for its
 * role alone, so there is no certificate here that could stand for it (ADR 15).
 */
export function makeBalancer(stack: Stack, { config, outputs }: StageContext): Balancer {
  const { VpcId, InstanceSubnetIds, BalancerSecurityGroupId } = outputs(NETWORK);
  const { name, decryption, features } = config;
  const balancer = new CfnLoadBalancer(stack, 'Balancer', {
    name: `${name}-parents`,
    type: 'network',
    scheme: 'internal',
    ipAddressType: 'ipv4',
    subnets: [...InstanceSubnetIds],
    securityGroups: [BalancerSecurityGroupId],
    loadBalancerAttributes: attributes({
      'deletion_protection.enabled': decryption.deletionProtection,
      // A caller stays in its zone, and with it what fails there. A zone without a healthy target leaves DNS.
      'load_balancing.cross_zone.enabled': false,
      'dns_record.client_routing_policy': 'availability_zone_affinity',
      ...(features.zonalShift ? { 'zonal_shift.config.enabled': true } : {}),
    }),
  });
  const targets = new CfnTargetGroup(stack, 'Targets', {
    name: `${name}-parents`,
    vpcId: VpcId,
    targetType: 'instance',
    protocol: 'TCP',
    port: CHANNEL_PORT,
    // Not the channel's port, for which the balancer has no certificate. 200 is an enclave that serves, and credentials for it.
    healthCheckEnabled: true,
    healthCheckProtocol: 'HTTP',
    healthCheckPort: String(HEALTH_PORT),
    healthCheckPath: '/health',
    matcher: { httpCode: '200' },
    healthCheckIntervalSeconds: CHECK_SECONDS,
    healthCheckTimeoutSeconds: 5,
    healthyThresholdCount: CHECKS,
    unhealthyThresholdCount: CHECKS,
    targetGroupAttributes: attributes({
      'preserve_client_ip.enabled': true,
      // New connections go elsewhere for so long before the instance is told to stop. Those there are stay: the parent answers what is
      // under way and closes them itself (`drainSeconds`), which is gentler than a reset in the middle of an answer.
      'deregistration_delay.timeout_seconds': 30,
      'deregistration_delay.connection_termination.enabled': false,
      // A parent that has no enclave at the moment says 503 to the API, which asks another. Its connections need not end for that.
      'target_health_state.unhealthy.connection_termination.enabled': false,
    }),
  });
  const listener = new CfnListener(stack, 'Listener', {
    loadBalancerArn: balancer.ref,
    port: CHANNEL_PORT,
    protocol: 'TCP',
    defaultActions: [{ type: 'forward', targetGroupArn: targets.ref }],
  });
  suppress(balancer, {
    rule: 'ELBLoggingEnabled',
    reason:
      'A Network Load Balancer logs requests of TLS listeners alone (its guide, “Access logs”); this one carries TCP, and flow logs have every connection.',
  });
  suppress(listener, {
    rule: 'ELBv2ACMCertificateRequired',
    reason:
      'The parent ends TLS itself, with a certificate that KMS signs for its role; one of ACM’s would let the balancer stand for it (ADR 15).',
  });
  return { balancer, targets, listener };
}

function attributes(
  values: Readonly<Record<string, string | number | boolean>>,
): { readonly key: string; readonly value: string }[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: String(value) }));
}
