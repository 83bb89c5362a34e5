// SPDX-License-Identifier: Apache-2.0
import { arnIn } from '../arns.ts';
import { checkHome } from '../check.ts';
import { allow, document } from '../identities.ts';
import type { Home, PolicyDocument } from '../types.ts';

/**
 * What API Gateway writes logs with. There is one such role for all REST APIs of an account and Region, and API Gateway
 * takes none that lacks what its managed policy has (AmazonAPIGatewayPushToCloudWatchLogs): so this is that policy,
 * in this account and Region instead of everywhere.
 */
export function accessLogsPolicy(home: Home): PolicyDocument {
  checkHome(home);
  return document([
    allow(
      'Logs',
      [
        'logs:CreateLogGroup',
        'logs:CreateLogStream',
        'logs:DescribeLogGroups',
        'logs:DescribeLogStreams',
        'logs:FilterLogEvents',
        'logs:GetLogEvents',
        'logs:PutLogEvents',
      ],
      arnIn(home, 'logs', '*'),
    ),
  ]);
}
