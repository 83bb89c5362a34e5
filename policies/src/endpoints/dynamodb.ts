// SPDX-License-Identifier: Apache-2.0
import { checkHome } from '../check.ts';
import type { Home, PolicyDocument } from '../types.ts';
import { checkName, endpointDocument, ofRoles, pass } from './common.ts';

/**
 * Policy of the DynamoDB gateway endpoint: the API's role, the vault's table, the operations that the store has
 * (docs/dynamodb.md, "Rights"). A transaction is authorized by the actions of its parts.
 * @param table name
 * @param policyReaders roles that look at the table's policy, and at no item
 * @throws {PolicyInputError}
 */
export function dynamoDbEndpointPolicy(
  home: Home,
  table: string,
  policyReaders: readonly string[] = [],
): PolicyDocument {
  checkHome(home);
  const { partition, region, account, roles } = home;
  const arn = `arn:${partition}:dynamodb:${region}:${account}:table/${checkName(table, 'the table')}`;
  return endpointDocument([
    pass(
      'AllowTable',
      ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:Scan'],
      arn,
      ofRoles(home, [roles.api]),
    ),
    ...(policyReaders.length === 0
      ? []
      : [pass('AllowReadingPolicy', 'dynamodb:GetResourcePolicy', arn, ofRoles(home, policyReaders))]),
  ]);
}
