// SPDX-License-Identifier: Apache-2.0
import { flowLogsPolicy, queryLogsDeliveryPolicy } from '@enclave-vault/policies';
import { RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { CfnFlowLog } from 'aws-cdk-lib/aws-ec2';
import { CfnRolePolicy } from 'aws-cdk-lib/aws-iam';
import { CfnLogGroup, CfnResourcePolicy } from 'aws-cdk-lib/aws-logs';
import {
  CfnResolverQueryLoggingConfig,
  CfnResolverQueryLoggingConfigAssociation,
} from 'aws-cdk-lib/aws-route53resolver';
import { homeOf } from '../../home.ts';
import type { StageContext } from '../../stage.ts';
import { BASE } from '../base.ts';
import type { Ground } from './subnets.ts';

/**
 * Fields of a flow record (VPC User Guide, "Available fields"): who and where, by address and by interface, what became of
 * it, and by which way it went. `pkt-…` are the ends' own addresses where a load balancer or an endpoint stands between.
 */
const FLOW_FIELDS = [
  'version',
  'account-id',
  'vpc-id',
  'subnet-id',
  'interface-id',
  'instance-id',
  'srcaddr',
  'dstaddr',
  'pkt-srcaddr',
  'pkt-dstaddr',
  'pkt-src-aws-service',
  'pkt-dst-aws-service',
  'srcport',
  'dstport',
  'protocol',
  'tcp-flags',
  'packets',
  'bytes',
  'start',
  'end',
  'action',
  'flow-direction',
  'traffic-path',
  'reject-reason',
  'log-status',
] as const;

/**
 * Everything is recorded: each flow of the VPC, each name that is asked for. The two log groups are evidence, and stay when
 * the stack goes.
 * @returns the group of the query log
 */
export function makeRecords(stack: Stack, context: StageContext, { vpc }: Ground): CfnLogGroup {
  const { config, names } = context;
  const home = homeOf(config, names);
  const group = (id: string, logGroupName: string): CfnLogGroup => {
    const made = new CfnLogGroup(stack, id, {
      logGroupName,
      kmsKeyId: context.outputs(BASE).LogsKeyArn,
      retentionInDays: config.network.logDays,
    });
    made.applyRemovalPolicy(RemovalPolicy.RETAIN);
    return made;
  };

  const flows = group('Flows', names.logGroups.flow);
  const writing = new CfnRolePolicy(stack, 'FlowsRolePolicy', {
    roleName: names.roleName('flow-logs'),
    policyName: 'flow-logs',
    policyDocument: flowLogsPolicy(home, names.logGroups.flow),
  });
  const flowLog = new CfnFlowLog(stack, 'FlowLog', {
    resourceType: 'VPC',
    resourceId: vpc.ref,
    trafficType: 'ALL',
    logDestinationType: 'cloud-watch-logs',
    logGroupName: names.logGroups.flow,
    deliverLogsPermissionArn: names.roleArn('flow-logs'),
    maxAggregationInterval: 60,
    logFormat: FLOW_FIELDS.map((field) => `\${${field}}`).join(' '),
  });
  flowLog.addResourceDependency(flows);
  // A flow log that cannot write is made all the same, and writes nothing.
  flowLog.addResourceDependency(writing);

  const queries = group('Queries', names.logGroups.dns);
  // One of the ten such policies that an account has in a Region. Without it the service would write one for us, in a
  // document that it shares between all its customers in the account.
  const delivery = new CfnResourcePolicy(stack, 'QueriesDelivery', {
    policyName: `${config.name}-queries`,
    policyDocument: JSON.stringify(queryLogsDeliveryPolicy(home, names.logGroups.dns)),
  });
  const queryLog = new CfnResolverQueryLoggingConfig(stack, 'QueryLog', {
    name: `${config.name}-queries`,
    destinationArn: queries.attrArn,
  });
  queryLog.addResourceDependency(delivery);
  new CfnResolverQueryLoggingConfigAssociation(stack, 'QueryLogOfVpc', {
    resourceId: vpc.ref,
    resolverQueryLogConfigId: queryLog.attrId,
  });
  return queries;
}
