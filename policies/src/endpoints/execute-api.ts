// SPDX-License-Identifier: Apache-2.0
import { checkHome } from '../check.ts';
import { PolicyInputError } from '../errors.ts';
import type { Home, PolicyDocument } from '../types.ts';
import { endpointDocument, pass } from './common.ts';

/**
 * Policy of the endpoint through which a private API is called: its callers, by name, on APIs of our account and Region.
 * A request without a signature is anonymous to it, and does not pass (API Gateway Developer Guide, "Use VPC endpoint
 * policies for private APIs"). Which API and which of its methods, the API's own policy says: its id is not known yet.
 * The account is in the ARN, so no condition repeats it: callers may be of another account, APIs may not.
 * @param callers exact ARNs of IAM roles or users
 * @throws {PolicyInputError}
 */
export function executeApiEndpointPolicy(home: Home, callers: readonly string[]): PolicyDocument {
  checkHome(home);
  const { partition, region, account } = home;
  const prefix = `arn:${partition}:iam::`;
  const good =
    callers.length > 0 &&
    callers.every(
      (arn) => arn.startsWith(prefix) && /^\d{12}:(role|user)\/[\w+=,.@/-]+$/.test(arn.slice(prefix.length)),
    );
  if (!good) throw new PolicyInputError('invalid_deployment', 'callers must be exact roles or users');
  return endpointDocument([
    pass('AllowCallers', 'execute-api:Invoke', `arn:${partition}:execute-api:${region}:${account}:*`, {
      ArnEquals: { 'aws:PrincipalArn': callers },
    }),
  ]);
}
