// SPDX-License-Identifier: Apache-2.0
import { checkHome } from '../check.ts';
import type { Home, PolicyDocument } from '../types.ts';
import { checkRoles, endpointDocument, pass } from './common.ts';

/**
 * Policy of the endpoint through which a private API is called: its callers, by name, on APIs of our account and Region.
 * A request without a signature is anonymous to it, and does not pass (API Gateway Developer Guide, "Use VPC endpoint
 * policies for private APIs"). Which API and which of its methods, the API's own policy says: its id is not known yet.
 * The API's account is in the ARN, so no condition repeats it.
 * @param callers exact ARNs of roles of the account
 * @throws {PolicyInputError}
 */
export function executeApiEndpointPolicy(home: Home, callers: readonly string[]): PolicyDocument {
  checkHome(home);
  const { partition, region, account } = home;
  return endpointDocument([
    pass('AllowCallers', 'execute-api:Invoke', `arn:${partition}:execute-api:${region}:${account}:*`, {
      StringEquals: { 'aws:PrincipalAccount': account },
      ArnEquals: { 'aws:PrincipalArn': checkRoles(home, callers) },
    }),
  ]);
}
