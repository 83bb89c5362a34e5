// SPDX-License-Identifier: Apache-2.0
import { defineStage } from '../stage.ts';

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
  build() {
    return { BalancerName: '', AutoScalingGroup: '', TargetGroupArn: '' };
  },
});
