// SPDX-License-Identifier: Apache-2.0

/** What anybody who works on the vault may look at: what watches it, and no item, object or message. */
export const READING = [
  'cloudtrail:LookupEvents',
  'cloudwatch:DescribeAlarms',
  'cloudwatch:GetMetricData',
  'cloudwatch:ListMetrics',
  'kms:ListAliases',
  'kms:ListKeys',
  'logs:DescribeLogGroups',
  'logs:FilterLogEvents',
  'logs:GetLogEvents',
] as const;

/** What an emergency may need of the table: its policy, its protections, a copy of it as it was. No item. */
export const TABLE_CONTROL = [
  'dynamodb:DeleteResourcePolicy',
  'dynamodb:DescribeContinuousBackups',
  'dynamodb:DescribeTable',
  'dynamodb:GetResourcePolicy',
  'dynamodb:PutResourcePolicy',
  'dynamodb:RestoreTableToPointInTime',
  'dynamodb:UpdateContinuousBackups',
  'dynamodb:UpdateTable',
] as const;
