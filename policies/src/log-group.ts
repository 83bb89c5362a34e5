// SPDX-License-Identifier: Apache-2.0
import { checkHome } from './check.ts';
import type { Home, Statement } from './types.ts';

/**
 * ARNs of log groups, as CloudWatch Logs gives them to KMS as encryption context.
 * @param names of groups; without them patterns of all that a deployment has: /NAME/… and those of its functions
 */
export function logGroupArns(home: Home, names?: readonly string[]): string[] {
  const { partition, region, account, name } = home;
  const groups = names ?? [`/${name}/*`, `/aws/lambda/${name}-*`, `aws-waf-logs-${name}-*`];
  return groups.map((group) => `arn:${partition}:logs:${region}:${account}:log-group:${group}`);
}

/** What takes evidence out of a log group, or out of its key. */
export const LOG_REMOVALS: readonly string[] = [
  'logs:AssociateKmsKey',
  'logs:DeleteLogGroup',
  'logs:DeleteLogStream',
  'logs:DeleteRetentionPolicy',
  'logs:DisassociateKmsKey',
  'logs:PutDataProtectionPolicy',
  'logs:PutLogGroupDeletionProtection',
  'logs:PutRetentionPolicy',
];

/**
 * A Deny for identity policies, boundaries and service control policies: nobody but the roles named shortens a log.
 * The resource policies of CloudWatch Logs are there to let services in; that one refuses an account's own principals, no
 * document of AWS says. So this stands where principals are governed, and an alarm watches what it does not reach.
 * @param exempt ARNs of roles
 * @throws {PolicyInputError}
 */
export function logGroupProtection(
  home: Home,
  names: readonly string[],
  exempt: readonly string[] = [home.roles.deployment, home.roles.breakGlass],
): Statement {
  checkHome(home);
  return {
    Sid: 'DenyLogRemoval',
    Effect: 'Deny',
    Action: LOG_REMOVALS,
    // A stream's ARN is its group's and `:log-stream:NAME`.
    Resource: logGroupArns(home, names).flatMap((arn) => [arn, `${arn}:*`]),
    Condition: { ArnNotEquals: { 'aws:PrincipalArn': exempt } },
  };
}
