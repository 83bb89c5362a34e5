// SPDX-License-Identifier: Apache-2.0
import { arnIn, viaService } from './arns.ts';
import { allow, anyKeys } from './identities.ts';
import { SERVICE_KEY_USES } from './service-keys.ts';
import type { Home, Statement } from './types.ts';

/** What DynamoDB asks of the new table, in the name of whoever restores (its Developer Guide, "Using IAM with DynamoDB backup and restore"). */
const WRITTEN_BY_DYNAMODB = [
  'dynamodb:BatchWriteItem',
  'dynamodb:DeleteItem',
  'dynamodb:GetItem',
  'dynamodb:PutItem',
  'dynamodb:Query',
  'dynamodb:Scan',
  'dynamodb:UpdateItem',
] as const;

/**
 * What a restore of the table takes beside the right on the table itself, for identity policy and boundary alike. All of it
 * holds only for what DynamoDB sends on the role's behalf, so whoever has the role restores items and reads none. The new
 * table has no policy until one is put; the old one's refuses its items all the same.
 *
 * That DynamoDB's own requests during a restore say `aws:ViaAWSService` is documented by the advice to leave them out of
 * conditions on addresses (same guide, "Restoring a DynamoDB table from a backup").
 */
export function restoreAllows(home: Home): Statement[] {
  const through = { 'kms:ViaService': viaService(home, 'dynamodb', '*') };
  return [
    allow('RestoredItems', WRITTEN_BY_DYNAMODB, arnIn(home, 'dynamodb', `table/${home.name}-*`, '*'), {
      Bool: { 'aws:ViaAWSService': 'true' },
    }),
    allow('RestoredTableKey', SERVICE_KEY_USES, anyKeys(home), { StringLike: through }),
    allow('RestoredTableKeyGrants', 'kms:CreateGrant', anyKeys(home), {
      Bool: { 'kms:GrantIsForAWSResource': 'true' },
      StringLike: through,
    }),
  ];
}
