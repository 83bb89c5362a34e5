// SPDX-License-Identifier: Apache-2.0
import { prefix, type WatchEvent } from './event.ts';

/** What is stored: records, code, evidence. */
export const RECORDS_EVENTS: readonly WatchEvent[] = [
  {
    id: 'table',
    what: 'The table, its policy or its backups were changed, or the table was copied',
    region: 'home',
    deployment: true,
    why: 'The table’s policy keeps everybody but the API out; a restored or exported copy has another policy, or none.',
    todo: 'Compare the table’s policy with the template, and find out where a copy went. Its items are sealed; its names, times and sizes are not.',
    calls: ({ table, tableArn }) => [
      {
        source: 'dynamodb.amazonaws.com',
        names: [
          'CreateBackup',
          'DeleteBackup',
          'DeleteResourcePolicy',
          'DeleteTable*',
          'EnableKinesisStreamingDestination',
          'ExportTableToPointInTime',
          'PutResourcePolicy',
          'RestoreTable*',
          'UpdateContinuousBackups',
          'UpdateTable*',
          'UpdateTimeToLive',
        ],
        where: [
          { 'requestParameters.tableName': [table, tableArn] },
          { 'requestParameters.tableArn': [tableArn] },
          { 'requestParameters.resourceArn': [prefix(tableArn)] },
          { 'requestParameters.sourceTableName': [table, tableArn] },
          { 'requestParameters.sourceTableArn': [tableArn] },
          { 'requestParameters.backupArn': [prefix(`${tableArn}/`)] },
          { 'requestParameters.targetTableName': [prefix(table)] },
        ],
      },
    ],
  },
  {
    id: 'buckets',
    what: 'The bucket of artifacts or of the trail was changed',
    region: 'home',
    deployment: true,
    why: 'Instances take their code from the first one; the second one is the evidence.',
    todo: 'Compare policy, versioning and public access block with the template.',
    calls: ({ buckets }) => [
      {
        source: 's3.amazonaws.com',
        names: ['DeleteBucket*', 'PutBucket*', 'PutObjectLockConfiguration', 'PutReplicationConfiguration'],
        where: [{ 'requestParameters.bucketName': buckets }],
      },
    ],
  },
  {
    id: 'logs',
    what: 'A log of the vault was deleted, shortened or led elsewhere',
    region: 'home',
    deployment: true,
    why: 'The heads of the audit chains are in a log group: without them a rolled-back table goes unnoticed.',
    todo: 'Verify the audit against the heads that are left (enclave-vault audit verify --against), and find who did it.',
    calls: ({ name, logGroups }) => [
      {
        source: 'logs.amazonaws.com',
        names: [
          'AssociateKmsKey',
          'CreateExportTask',
          'DeleteLog*',
          'DeleteMetricFilter',
          'DeleteRetentionPolicy',
          'DisassociateKmsKey',
          'PutDataProtectionPolicy',
          'PutLogGroupDeletionProtection',
          'PutMetricFilter',
          'PutRetentionPolicy',
          'PutSubscriptionFilter',
        ],
        where: [
          { 'requestParameters.logGroupName': [prefix(`/${name}/`), prefix(`/aws/lambda/${name}-`)] },
          {
            'requestParameters.logGroupIdentifier': [
              prefix(`/${name}/`),
              prefix(`${logGroups}/${name}/`),
              prefix(`${logGroups}/aws/lambda/${name}-`),
            ],
          },
          {
            'requestParameters.resourceIdentifier': [
              prefix(`${logGroups}/${name}/`),
              prefix(`${logGroups}/aws/lambda/${name}-`),
            ],
          },
        ],
      },
      // Of all groups of the account at once: it leads their events elsewhere, or masks them.
      { source: 'logs.amazonaws.com', names: ['PutAccountPolicy'], where: [{}] },
    ],
  },
];
