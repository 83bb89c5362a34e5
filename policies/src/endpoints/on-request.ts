// SPDX-License-Identifier: Apache-2.0
import { checkHome } from '../check.ts';
import type { Home, PolicyDocument } from '../types.ts';
import { checkRoles, endpointDocument, ofAccount, pass } from './common.ts';

/**
 * Sessions of Systems Manager on the instances: its agent reports, and opens the channels of a session (Systems Manager
 * User Guide, "Verify or add instance permissions for Session Manager"). It needs nothing else of the service.
 * @throws {PolicyInputError}
 */
export function sessionEndpointPolicy(home: Home, service: 'ssm' | 'ssmmessages'): PolicyDocument {
  checkHome(home);
  const actions =
    service === 'ssm'
      ? ['ssm:UpdateInstanceInformation']
      : [
          'ssmmessages:CreateControlChannel',
          'ssmmessages:CreateDataChannel',
          'ssmmessages:OpenControlChannel',
          'ssmmessages:OpenDataChannel',
        ];
  // Channels are on no resource whose account could be compared.
  return endpointDocument([
    pass('AllowSessions', actions, '*', {
      StringEquals: { 'aws:PrincipalAccount': home.account },
      ArnEquals: { 'aws:PrincipalArn': checkRoles(home, [home.roles.instance]) },
    }),
  ]);
}

/** Services that the vault itself does not call, for what a team adds to the instances or functions. */
export type RequestedService = 'sts' | 'xray';

/**
 * Policy of an endpoint that deploy.json asks for.
 * @throws {PolicyInputError}
 */
export function requestedEndpointPolicy(home: Home, service: RequestedService): PolicyDocument {
  checkHome(home);
  const { partition, account } = home;
  const ours = { StringEquals: { 'aws:PrincipalAccount': account } };
  if (service === 'sts') {
    return endpointDocument([
      pass('AllowOurRoles', 'sts:AssumeRole', `arn:${partition}:iam::${account}:role/*`, ofAccount(account)),
      pass('AllowWhoAmI', 'sts:GetCallerIdentity', '*', ours),
    ]);
  }
  const actions = ['GetSamplingRules', 'GetSamplingTargets', 'PutTelemetryRecords', 'PutTraceSegments'];
  return endpointDocument([
    pass(
      'AllowTraces',
      actions.map((action) => `xray:${action}`),
      '*',
      ours,
    ),
  ]);
}
