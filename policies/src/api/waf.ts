// SPDX-License-Identifier: Apache-2.0
import { arnIn } from '../arns.ts';
import { checkHome } from '../check.ts';
import { PolicyInputError } from '../errors.ts';
import type { Home, PolicyDocument } from '../types.ts';

/**
 * Lets log delivery write what WAF refuses into the log group, for us and for nobody else (CloudWatch Logs User Guide,
 * "Logs sent to CloudWatch Logs").
 * @throws {PolicyInputError} `invalid_deployment`
 */
export function wafLogDeliveryPolicy(home: Home, group: string): PolicyDocument {
  checkHome(home);
  if (!group.startsWith(`aws-waf-logs-${home.name}-`) || !/^[a-z0-9-]+$/.test(group)) {
    throw new PolicyInputError('invalid_deployment', 'not the log group of WAF');
  }
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'AllowWafLogDelivery',
        Effect: 'Allow',
        Principal: { Service: 'delivery.logs.amazonaws.com' },
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: arnIn(home, 'logs', `log-group:${group}:log-stream:*`),
        Condition: {
          StringEquals: { 'aws:SourceAccount': home.account },
          ArnLike: { 'aws:SourceArn': arnIn(home, 'logs', '*') },
        },
      },
    ],
  };
}
