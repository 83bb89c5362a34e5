// SPDX-License-Identifier: Apache-2.0
import { accessLogsPolicy } from '@enclave-vault/policies';
import type { Stack } from 'aws-cdk-lib';
import { CfnRolePolicy } from 'aws-cdk-lib/aws-iam';
import { homeOf } from '../../home.ts';
import type { StageContext } from '../../stage.ts';

/**
 * Rights of the role for API Gateway's logs, where the deploy command is to set one for account and Region. It sets it
 * before the API is made, since a stage with a log is refused until then: so they belong to a stack that is there earlier.
 */
export function addGatewayLogRights(stack: Stack, { config, names }: StageContext): void {
  const { accessLogs, accountLogRole } = config.api;
  if (!accessLogs || accountLogRole !== 'set') return;
  new CfnRolePolicy(stack, 'GatewayLogRights', {
    roleName: names.roleName('access-logs'),
    policyName: names.roleName('access-logs'),
    policyDocument: accessLogsPolicy(homeOf(config, names)),
  });
}
