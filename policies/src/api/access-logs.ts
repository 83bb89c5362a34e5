// SPDX-License-Identifier: Apache-2.0
import { checkHome } from '../check.ts';
import { allow, document } from '../identities.ts';
import type { Home, PolicyDocument } from '../types.ts';

/**
 * What API Gateway writes access logs with. There is one such role for all REST APIs of an account and Region, so it is
 * given what AWS's own policy for it has for writing (AmazonAPIGatewayPushToCloudWatchLogs), and nothing to read entries.
 */
export function accessLogsPolicy(home: Home): PolicyDocument {
  checkHome(home);
  const { partition, region, account } = home;
  return document([
    allow(
      'Write',
      [
        'logs:CreateLogGroup',
        'logs:CreateLogStream',
        'logs:DescribeLogGroups',
        'logs:DescribeLogStreams',
        'logs:PutLogEvents',
      ],
      `arn:${partition}:logs:${region}:${account}:*`,
    ),
  ]);
}
