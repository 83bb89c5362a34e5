// SPDX-License-Identifier: Apache-2.0
import { CfnVPC } from 'aws-cdk-lib/aws-ec2';
import { defineStage } from '../stage.ts';

const id = (prefix: string): RegExp => new RegExp(`${prefix}-[0-9a-f]{8,17}`);
const example = (prefix: string, digit: string): string => `${prefix}-${digit.repeat(17)}`;

/** The VPC: no way to the internet, endpoints with policies, names by an allow-list, everything logged. */
export const NETWORK = defineStage({
  id: 'network',
  title: 'Network without internet access',
  outputs: {
    VpcId: { matching: id('vpc'), example: example('vpc', '1') },
    /** Subnets of functions, a zone each, in the order of the configuration's zones. */
    FunctionSubnetIds: {
      matching: id('subnet'),
      example: `${example('subnet', '1')},${example('subnet', '2')}`,
      list: true,
    },
    /** Subnets of instances and load balancer, a zone each. */
    InstanceSubnetIds: {
      matching: id('subnet'),
      example: `${example('subnet', '3')},${example('subnet', '4')}`,
      list: true,
    },
    KmsEndpointId: { matching: id('vpce'), example: example('vpce', '1') },
    /** The endpoint through which a private API is called. */
    ExecuteApiEndpointId: { matching: id('vpce'), example: example('vpce', '2') },
    S3EndpointId: { matching: id('vpce'), example: example('vpce', '3') },
    DynamoDbEndpointId: { matching: id('vpce'), example: example('vpce', '4') },
    LogsEndpointId: { matching: id('vpce'), example: example('vpce', '5') },
    /** Functions: to endpoints and load balancer. */
    FunctionSecurityGroupId: { matching: id('sg'), example: example('sg', '1') },
    /** Load balancer: from functions, to instances. */
    BalancerSecurityGroupId: { matching: id('sg'), example: example('sg', '2') },
    /** Instances: from the load balancer, to endpoints. */
    InstanceSecurityGroupId: { matching: id('sg'), example: example('sg', '3') },
  },
  build(stack, { config }) {
    const vpc = new CfnVPC(stack, 'Vpc', { cidrBlock: config.network.cidr });
    return {
      VpcId: vpc.ref,
      FunctionSubnetIds: '',
      InstanceSubnetIds: '',
      KmsEndpointId: '',
      ExecuteApiEndpointId: '',
      S3EndpointId: '',
      DynamoDbEndpointId: '',
      LogsEndpointId: '',
      FunctionSecurityGroupId: '',
      BalancerSecurityGroupId: '',
      InstanceSecurityGroupId: '',
    };
  },
});
