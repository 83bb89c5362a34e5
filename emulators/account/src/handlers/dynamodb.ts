// SPDX-License-Identifier: Apache-2.0
import { storePolicy } from '../documents.ts';
import { AwsError } from '../errors.ts';
import { at, canonical, flagAt, isObject, type JsonObject, listAt, textAt } from '../json.ts';
import { LIMITS, sizeOf } from '../limits.ts';
import type { Handler, Row, Subject } from './handler.ts';
import { changed, has, nameOf, regional, row, rows, serviceLinkedRole } from './handler.ts';
import { findKey } from './kms.ts';

/*
 * Schema AWS::DynamoDB::GlobalTable; Developer Guide, "Using resource-based policies", "Encryption at rest: usage notes"
 * (Authorizing use of your customer managed key: what the caller needs, through DynamoDB) and "Global tables: security"
 * (what a principal needs to add a replica: it copies items with the caller's rights). With on-demand capacity
 * Application Auto Scaling has no part.
 */

/** Of the Region that the stack is in. */
function local({ stackRegion, properties }: Subject): JsonObject {
  return replica(properties, stackRegion);
}

function replica(properties: JsonObject | null, region: string): JsonObject {
  const found = listAt(properties ?? undefined, 'Replicas').find((one) => textAt(one, 'Region') === region);
  return isObject(found ?? null) ? (found as JsonObject) : {};
}

const regionsOf = (properties: JsonObject | null): readonly string[] =>
  listAt(properties ?? undefined, 'Replicas').map((one) => textAt(one, 'Region') ?? '');

const added = ({ properties, previous, stackRegion }: Subject): readonly string[] =>
  regionsOf(properties).filter((region) => !regionsOf(previous).includes(region) && region !== stackRegion);

const removed = ({ properties, previous }: Subject): readonly string[] =>
  regionsOf(previous).filter((region) => !regionsOf(properties).includes(region));

const localHas =
  (path: string) =>
  (subject: Subject): boolean =>
    at(local(subject), path) !== undefined;

const localChanged =
  (path: string) =>
  (subject: Subject): boolean =>
    canonical(at(replica(subject.previous, subject.stackRegion), path)) !==
    canonical(at(local(subject), path));

const localTags = (subject: Subject) => {
  const tags = listAt(local(subject), 'Tags').map(
    (tag) => [textAt(tag, 'Key') ?? '', textAt(tag, 'Value') ?? ''] as const,
  );
  return {
    ...Object.fromEntries(tags.map(([name, value]) => [`aws:RequestTag/${name}`, value])),
    ...(tags.length > 0 ? { 'aws:TagKeys': tags.map(([name]) => name) } : {}),
  };
};

/** Key of the table in a Region, where it is one of ours. */
const keyIn = (subject: Subject, regions: readonly string[]): readonly string[] =>
  regions
    .map(
      (region) =>
        [region, textAt(replica(subject.properties, region), 'SSESpecification.KMSMasterKeyId')] as const,
    )
    .map(([region, name]) =>
      name === undefined ? undefined : (findKey(subject.world, region, name)?.arn ?? name),
    )
    .filter((arn) => arn !== undefined);

const keyRows = (regions: (subject: Subject) => readonly string[], when?: Row['when']): readonly Row[] =>
  [
    'kms:DescribeKey',
    'kms:CreateGrant',
    'kms:Encrypt',
    'kms:Decrypt',
    'kms:ReEncryptFrom',
    'kms:ReEncryptTo',
    'kms:GenerateDataKey',
    'kms:GenerateDataKeyWithoutPlaintext',
  ].map((action) =>
    row(action, (subject) => keyIn(subject, regions(subject)), {
      via: 'dynamodb',
      when: (subject) => keyIn(subject, regions(subject)).length > 0 && (when?.(subject) ?? true),
      context: ({ world, id }) => ({
        ...(action === 'kms:CreateGrant' ? { 'kms:GrantIsForAWSResource': 'true' } : {}),
        ...(action === 'kms:DescribeKey' || action === 'kms:CreateGrant'
          ? {}
          : {
              'kms:EncryptionContext:aws:dynamodb:tableName': id,
              'kms:EncryptionContext:aws:dynamodb:subscriberId': world.account,
              'kms:EncryptionContextKeys': ['aws:dynamodb:tableName', 'aws:dynamodb:subscriberId'],
            }),
      }),
    }),
  );

/**
 * What adding a replica asks of its caller: "in the source Region: dynamodb:UpdateTable; in the destination Regions" all of
 * these (Developer Guide, "DynamoDB global tables security", Creating replicas).
 */
const FILLING = [
  'CreateTable',
  'CreateTableReplica',
  'DescribeTable',
  'BatchWriteItem',
  'DeleteItem',
  'GetItem',
  'PutItem',
  'Query',
  'Scan',
  'UpdateItem',
].map((name) => `dynamodb:${name}`);

const tableIn = (subject: Subject, region: string): string =>
  subject.arn.replace(`:${subject.region}:`, `:${region}:`);

const replication: readonly Row[] = [
  ...FILLING.map((action) =>
    row(action, (subject) => added(subject).map((region) => tableIn(subject, region)), {
      when: (subject) => added(subject).length > 0,
    }),
  ),
  ...keyRows(added),
  serviceLinkedRole('replication.dynamodb.amazonaws.com', (subject) => added(subject).length > 0),
];

const settings = (changed: (path: string) => Row['when']): readonly Row[] =>
  (
    [
      ['PointInTimeRecoverySpecification', 'dynamodb:UpdateContinuousBackups'],
      ['ContributorInsightsSpecification', 'dynamodb:UpdateContributorInsights'],
      ['ResourcePolicy', 'dynamodb:PutResourcePolicy'],
    ] as const
  ).map(([path, action]) => row(action, 'self', optional(changed(path))));

const optional = (when: Row['when']) => (when === undefined ? {} : { when });

const GLOBAL_TABLE: Handler = {
  type: 'AWS::DynamoDB::GlobalTable',
  named: 'TableName',
  taken: { code: 'ResourceInUseException', message: (name) => `Table already exists: ${name}` },
  createOnly: ['TableName', 'KeySchema', 'LocalSecondaryIndexes'],
  create: [
    row('dynamodb:CreateTable', 'self', { context: localTags }),
    ...keyRows(({ stackRegion }) => [stackRegion]),
    row('dynamodb:TagResource', 'self', { when: localHas('Tags'), context: localTags }),
    row('dynamodb:UpdateTimeToLive', 'self', { when: has('TimeToLiveSpecification') }),
    ...settings(localHas),
    ...replication,
  ],
  read: rows('self', [
    'dynamodb:DescribeTable',
    'dynamodb:DescribeContinuousBackups',
    'dynamodb:DescribeContributorInsights',
    'dynamodb:DescribeKinesisStreamingDestination',
    'dynamodb:DescribeTimeToLive',
    'dynamodb:GetResourcePolicy',
    'dynamodb:ListTagsOfResource',
  ]),
  update: [
    row('dynamodb:DescribeTable'),
    row('dynamodb:UpdateTable', 'self', {
      when: (subject) =>
        changed(
          'BillingMode',
          'GlobalSecondaryIndexes',
          'StreamSpecification',
          'SSESpecification',
          'WriteOnDemandThroughputSettings',
        )(subject) ||
        localChanged('DeletionProtectionEnabled')(subject) ||
        localChanged('TableClass')(subject) ||
        localChanged('SSESpecification')(subject) ||
        added(subject).length > 0 ||
        removed(subject).length > 0,
    }),
    ...keyRows(({ stackRegion }) => [stackRegion], localChanged('SSESpecification')),
    row('dynamodb:UpdateTimeToLive', 'self', { when: changed('TimeToLiveSpecification') }),
    ...settings(localChanged),
    ...replication,
    row(
      'dynamodb:DeleteTableReplica',
      (subject) => removed(subject).map((region) => tableIn(subject, region)),
      {
        when: (subject) => removed(subject).length > 0,
      },
    ),
    row('dynamodb:TagResource', 'self', { when: localChanged('Tags'), context: localTags }),
    row('dynamodb:UntagResource', 'self', {
      when: (subject) => localChanged('Tags')(subject) && !localHas('Tags')(subject),
    }),
  ],
  remove: rows('self', ['dynamodb:DescribeTable', 'dynamodb:DeleteTable']),
  identify: (draft) => {
    const id = nameOf(draft, 'TableName');
    const arn = regional('dynamodb', () => `table/${id}`)(draft, id);
    const hex = draft.world.fresh(12);
    return {
      id,
      arn,
      attributes: { Arn: arn, TableId: hex, StreamArn: `${arn}/stream/2026-01-01T00:00:00.000` },
    };
  },
  check: checkTable,
  apply: (subject) => {
    const thing = subject.world.byArn(subject.arn);
    if (thing !== undefined) thing.policy = tablePolicy(subject);
    if (regionsOf(subject.properties).length > 1)
      subject.world.serviceLinkedRoles.add('replication.dynamodb.amazonaws.com');
    return undefined;
  },
  removable: (subject) => {
    if (!flagAt(local(subject), 'DeletionProtectionEnabled')) return;
    throw new AwsError(
      'ValidationException',
      'Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.',
    );
  },
};

export const DYNAMODB_HANDLERS: readonly Handler[] = [GLOBAL_TABLE];

function checkTable(subject: Subject): void {
  const { account, caller, arn, region, properties, previous, stackRegion } = subject;
  if (!regionsOf(properties).includes(stackRegion)) {
    throw new AwsError('ValidationException', `Replicas must contain ${stackRegion}`);
  }
  if (
    regionsOf(properties).length > 1 &&
    textAt(properties, 'StreamSpecification.StreamViewType') !== 'NEW_AND_OLD_IMAGES'
  ) {
    throw new AwsError(
      'ValidationException',
      'Global tables require StreamSpecification with NEW_AND_OLD_IMAGES',
    );
  }
  // Resource reference: one replica at a time, and not together with a resource policy of that update.
  const more = added(subject).length + removed(subject).length;
  if (previous !== null && more > 1) {
    throw new AwsError('InvalidRequest', 'Only one replica can be added or removed in one update');
  }
  const withPolicy = added(subject).some(
    (place) => at(replica(properties, place), 'ResourcePolicy') !== undefined,
  );
  if (withPolicy || (previous !== null && more > 0 && localChanged('ResourcePolicy')(subject))) {
    throw new AwsError(
      'InvalidRequest',
      'A replica and its resource policy cannot be added in the same update',
    );
  }
  for (const place of [stackRegion, ...added(subject)]) {
    const name = textAt(replica(properties, place), 'SSESpecification.KMSMasterKeyId');
    if (name === undefined || name.startsWith('alias/aws/')) continue;
    const key = findKey(subject.world, place, name);
    if (key === undefined || key.deletionAt !== undefined) {
      throw new AwsError('ValidationException', `KMS key ${name} is not usable in ${place}`);
    }
  }
  const policy = tablePolicy(subject);
  if (policy === null || (previous !== null && !localChanged('ResourcePolicy')(subject))) return;
  if (sizeOf(policy) > LIMITS.tablePolicy) {
    throw new AwsError('ValidationException', 'The policy is larger than 20 KB.');
  }
  // "ConfirmRemoveSelfResourceAccess": CloudFormation does not set it.
  const decision = account.decide(caller, {
    action: 'dynamodb:PutResourcePolicy',
    resource: arn,
    region,
    policy,
  });
  if (decision.allowed) return;
  throw new AwsError(
    'ValidationException',
    'The new policy would not let the caller change the policy again.',
  );
}

function tablePolicy(subject: Subject) {
  const given = at(local(subject), 'ResourcePolicy.PolicyDocument');
  if (given === undefined) return null;
  return storePolicy(subject.world, given, 'resource', {
    code: 'ValidationException',
    principal: (name) => `Invalid principal in policy: ${name}`,
  });
}
