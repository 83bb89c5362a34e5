// SPDX-License-Identifier: Apache-2.0
import { checkHome } from '../check.ts';
import type { Home, PolicyDocument } from '../types.ts';
import { checkName, endpointDocument, ofRoles, pass } from './common.ts';

/**
 * Policy of the CloudFormation endpoint: an instance tells the stack that waits for it that it serves.
 * @param stack its name
 * @throws {PolicyInputError}
 */
export function cloudFormationEndpointPolicy(home: Home, stack: string): PolicyDocument {
  checkHome(home);
  const { partition, region, account, roles } = home;
  // Behind the name comes an id that CloudFormation gives.
  const stacks = `arn:${partition}:cloudformation:${region}:${account}:stack/`;
  return endpointDocument([
    pass(
      'AllowSignals',
      'cloudformation:SignalResource',
      `${stacks}${checkName(stack, 'the stack')}/*`,
      ofRoles(home, [roles.instance]),
    ),
  ]);
}
