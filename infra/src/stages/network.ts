// SPDX-License-Identifier: Apache-2.0
import { Fn } from 'aws-cdk-lib';
import { hasPrivateApi } from '../domains/services.ts';
import { defineStage } from '../stage.ts';
import { addGatewayLogRights } from './api/log-role.ts';
import { makeAlarms } from './network/alarms.ts';
import { makeEndpoints } from './network/endpoints.ts';
import { makeFirewall } from './network/firewall.ts';
import { makeGroups } from './network/groups.ts';
import { makeRecords } from './network/records.ts';
import { makeGround, type Tier } from './network/subnets.ts';

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
    /** The endpoint through which a private API is called; `none` where the API is not private. */
    ExecuteApiEndpointId: {
      matching: /none|vpce-[0-9a-f]{8,17}/,
      example: (config) => (hasPrivateApi(config) ? example('vpce', '2') : 'none'),
    },
    S3EndpointId: { matching: id('vpce'), example: example('vpce', '3') },
    DynamoDbEndpointId: { matching: id('vpce'), example: example('vpce', '4') },
    LogsEndpointId: { matching: id('vpce'), example: example('vpce', '5') },
    /** Functions: to endpoints and load balancer. */
    FunctionSecurityGroupId: { matching: id('sg'), example: example('sg', '1') },
    /** Load balancer: from functions, to instances. */
    BalancerSecurityGroupId: { matching: id('sg'), example: example('sg', '2') },
    /** Instances: from the load balancer, to endpoints. */
    InstanceSecurityGroupId: { matching: id('sg'), example: example('sg', '3') },
    /** The VPC's default group, which the deploy command empties (`emptyDefaultGroup`). */
    DefaultSecurityGroupId: { matching: id('sg'), example: example('sg', '4') },
    /** Routes of the subnets with the interface endpoints: the way back to a peered network goes here. */
    FunctionRouteTableId: { matching: id('rtb'), example: example('rtb', '1') },
  },
  build(stack, context) {
    const ground = makeGround(stack, context);
    const groups = makeGroups(stack, context, ground);
    const endpoints = makeEndpoints(stack, context, ground, groups);
    makeFirewall(stack, context, ground);
    const queries = makeRecords(stack, context, ground);
    makeAlarms(stack, context, queries);
    addGatewayLogRights(stack, context);

    const subnets = ({ subnets }: Tier): string =>
      Fn.join(
        ',',
        subnets.map((subnet) => subnet.ref),
      );
    const { interfaces } = endpoints;
    return {
      VpcId: ground.vpc.ref,
      FunctionSubnetIds: subnets(ground.functions),
      InstanceSubnetIds: subnets(ground.instances),
      KmsEndpointId: (interfaces.get('kms-fips') ?? interfaces.get('kms'))?.ref ?? '',
      ExecuteApiEndpointId: interfaces.get('execute-api')?.ref ?? 'none',
      S3EndpointId: endpoints.s3.ref,
      DynamoDbEndpointId: endpoints.dynamoDb.ref,
      LogsEndpointId: interfaces.get('logs')?.ref ?? '',
      FunctionSecurityGroupId: groups.functions.attrGroupId,
      BalancerSecurityGroupId: groups.balancer.attrGroupId,
      InstanceSecurityGroupId: groups.instances.attrGroupId,
      DefaultSecurityGroupId: ground.vpc.attrDefaultSecurityGroup,
      FunctionRouteTableId: ground.functions.routes.ref,
    };
  },
});
