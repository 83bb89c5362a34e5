// SPDX-License-Identifier: Apache-2.0
import { checkHome } from './check.ts';
import { checkName } from './endpoints/common.ts';
import { allow, document } from './identities.ts';
import type { Home, PolicyDocument } from './types.ts';

/**
 * What the role of VPC flow logs may do: write into one group (VPC User Guide, "IAM role for publishing flow logs to
 * CloudWatch Logs"). It makes no group: one made by accident would have neither key nor retention.
 * @throws {PolicyInputError}
 */
export function flowLogsPolicy(home: Home, group: string): PolicyDocument {
  checkHome(home);
  const { partition, region, account } = home;
  const groups = `arn:${partition}:logs:${region}:${account}:log-group:`;
  const own = `${groups}${checkName(group, 'the log group')}`;
  return document([
    allow(
      'WriteFlows',
      ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
      [own, `${own}:*`],
    ),
    // The service looks for its group by a list of all.
    allow('FindGroup', 'logs:DescribeLogGroups', `${groups}*`),
  ]);
}

/**
 * Resource policy of CloudWatch Logs by which Route 53 Resolver's query log is delivered into its group, for our account
 * alone (CloudWatch Logs User Guide, "Logs sent to CloudWatch Logs"; it is "vended", by the service that delivers).
 * @throws {PolicyInputError}
 */
export function queryLogsDeliveryPolicy(home: Home, group: string): PolicyDocument {
  checkHome(home);
  const { partition, region, account } = home;
  const logs = `arn:${partition}:logs:${region}:${account}`;
  return document([
    {
      Sid: 'AllowQueryLog',
      Effect: 'Allow',
      Principal: { Service: 'delivery.logs.amazonaws.com' },
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: `${logs}:log-group:${checkName(group, 'the log group')}:log-stream:*`,
      Condition: {
        StringEquals: { 'aws:SourceAccount': account },
        ArnLike: { 'aws:SourceArn': `${logs}:*` },
      },
    },
  ]);
}
