// SPDX-License-Identifier: Apache-2.0
import { checkHome } from '../check.ts';
import type { Home, PolicyDocument } from '../types.ts';
import { checkName, checkRoles, endpointDocument, pass } from './common.ts';

/**
 * Policy of the CloudWatch endpoint: the agent on the instances puts figures into one namespace. Figures are on no
 * resource, and always those of the caller's own account: there is no resource's account to compare.
 * @throws {PolicyInputError}
 */
export function monitoringEndpointPolicy(home: Home, namespace: string): PolicyDocument {
  checkHome(home);
  return endpointDocument([
    pass('AllowFigures', 'cloudwatch:PutMetricData', '*', {
      StringEquals: {
        'aws:PrincipalAccount': home.account,
        'cloudwatch:namespace': checkName(namespace, 'the namespace'),
      },
      ArnEquals: { 'aws:PrincipalArn': checkRoles(home, [home.roles.instance]) },
    }),
  ]);
}
