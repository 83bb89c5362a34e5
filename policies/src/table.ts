// SPDX-License-Identifier: Apache-2.0
import { checkEndpoint } from './check.ts';
import { checkKeyPlace, denyAll, type KeyPlace } from './key-common.ts';
import { type Perimeter, resourcePerimeter, serviceLinkedRoles } from './perimeter.ts';
import { replicationRole } from './service-keys.ts';
import type { PolicyDocument, Statement } from './types.ts';

/*
 * Only actions that a table's policy may name (DynamoDB Developer Guide, "DynamoDB API operations supported by
 * resource-based policies"). CreateTable, RestoreTableFromBackup and everything about backups and exports that are there
 * already is on other resources: the permissions boundaries leave it out.
 */

/** What the vault does with items; a deletion is a tombstone in their place (docs/dynamodb.md, "Rights"). */
const VAULT_ITEMS = [
  'dynamodb:ConditionCheckItem',
  'dynamodb:GetItem',
  'dynamodb:PutItem',
  'dynamodb:Query',
  'dynamodb:Scan',
] as const;

/** What it does not. */
const OTHER_ITEMS = [
  'dynamodb:BatchGetItem',
  'dynamodb:BatchWriteItem',
  'dynamodb:DeleteItem',
  'dynamodb:PartiQLDelete',
  'dynamodb:PartiQLInsert',
  'dynamodb:PartiQLSelect',
  'dynamodb:PartiQLUpdate',
  'dynamodb:UpdateItem',
] as const;

/** All items at once, to where this policy does not reach. */
const EXPORTS = [
  'dynamodb:EnableKinesisStreamingDestination',
  'dynamodb:ExportTableToPointInTime',
  'dynamodb:UpdateKinesisStreamingDestination',
] as const;

/** A copy of the table in the account. */
const COPIES = ['dynamodb:CreateBackup', 'dynamodb:RestoreTableToPointInTime'] as const;

const CONTROL = [
  'dynamodb:DeleteResourcePolicy',
  'dynamodb:DeleteTable',
  'dynamodb:DisableKinesisStreamingDestination',
  'dynamodb:PutResourcePolicy',
  'dynamodb:TagResource',
  'dynamodb:UntagResource',
  'dynamodb:UpdateContinuousBackups',
  'dynamodb:UpdateContributorInsights',
  'dynamodb:UpdateTable',
  'dynamodb:UpdateTableReplicaAutoScaling',
  'dynamodb:UpdateTimeToLive',
] as const;

/** What reads a table's changes, on its stream. */
const STREAM = ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'] as const;

export interface TablePolicyInput {
  /** Name of the table. */
  readonly table: string;
  /** The gateway endpoint of DynamoDB in the VPC: items are reached through no other. */
  readonly endpointId?: string | undefined;
}

/**
 * Policy of the table of records, or of its replica in the Region of the place. It only denies: the API's role has its
 * rights from a policy of its own. Nobody else reads or writes an item, whatever he is allowed: no administrator, not
 * root, not the roles that deploy the table. DynamoDB's replication is not refused anything: 20 hours without make a
 * replica a table of its own for good.
 * @throws {PolicyInputError}
 */
export function tablePolicy(place: KeyPlace, { table, endpointId }: TablePolicyInput): PolicyDocument {
  checkKeyPlace(place);
  const { network, roles, deployers = [] } = place;
  const arn = tableArn(place, table);
  const around: Perimeter = { home: place, actions: 'dynamodb:*', resources: arn };
  const controllers = [roles.deployment, roles.breakGlass];
  const replication = replicationRole(place);
  const services = serviceLinkedRoles(place);
  const on = (statement: Statement): Statement => ({ ...statement, Resource: arn });
  return {
    Version: '2012-10-17',
    Id: `${place.name}-records`,
    Statement: [
      on(denyOthers('DenyItemsToOthers', VAULT_ITEMS, [roles.api, replication])),
      on(denyOthers('DenyOtherItemOperations', OTHER_ITEMS, [replication])),
      ...endpointDenies(endpointId, replication).map(on),
      on(denyAll('DenyExports', EXPORTS)),
      on(denyOthers('DenyCopiesByOthers', COPIES, [roles.breakGlass])),
      on(denyOthers('DenyControlByOthers', CONTROL, [...controllers, services])),
      ...resourcePerimeter(around, { network, exempt: [...controllers, ...deployers] }),
    ],
  };
}

/**
 * Policy of the stream that a replicated table has: DynamoDB's replication reads it, and nobody else.
 * @throws {PolicyInputError}
 */
export function streamPolicy(place: KeyPlace, table: string): PolicyDocument {
  checkKeyPlace(place);
  return {
    Version: '2012-10-17',
    Id: `${place.name}-records-stream`,
    Statement: [
      {
        ...denyOthers('DenyStreamToOthers', STREAM, [replicationRole(place)]),
        Resource: `${tableArn(place, table)}/stream/*`,
      },
    ],
  };
}

function tableArn({ partition, region, account }: KeyPlace, table: string): string {
  return `arn:${partition}:dynamodb:${region}:${account}:table/${table}`;
}

function endpointDenies(endpointId: string | undefined, replication: string): Statement[] {
  if (endpointId === undefined) return [];
  checkEndpoint(endpointId);
  return [
    denyAll('DenyItemsOutsideEndpoint', VAULT_ITEMS, {
      StringNotEqualsIfExists: { 'aws:SourceVpce': endpointId },
      ArnNotLikeIfExists: { 'aws:PrincipalArn': replication },
    }),
  ];
}

/** A Deny for everybody but the roles named, services as themselves included: they have no ARN. */
function denyOthers(sid: string, actions: readonly string[], roles: readonly string[]): Statement {
  return denyAll(sid, actions, { ArnNotLikeIfExists: { 'aws:PrincipalArn': roles } });
}
