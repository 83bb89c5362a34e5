// SPDX-License-Identifier: Apache-2.0
import { viaService } from './arns.ts';
import { checkHome } from './check.ts';
import { administrationAllows, allowRole, controlDenies, denyAll, denyOthers } from './key-common.ts';
import { logGroupArns } from './log-group.ts';
import { confusedDeputyProtection, identityPerimeter } from './perimeter.ts';
import type { ConditionBlock, Home, PolicyDocument, Statement } from './types.ts';

/*
 * Customer keys that AWS services use for what they store: logs, the alarm topic, artifacts, the table. They protect no
 * secret of the vault, which is sealed before it is stored; but what is stored cannot be read, copied or exchanged by
 * way of a service without them. Each key is good for one thing: whatever an identity, a grant or another statement
 * allows, the Denies hold it to the services, and to the encryption contexts that those services give.
 */

/** Cryptographic operations that services take, each by name. A wildcard would catch key pairs as well. */
const ENCRYPTING = ['kms:Encrypt', 'kms:GenerateDataKey', 'kms:GenerateDataKeyWithoutPlaintext'] as const;
const REENCRYPTING = ['kms:ReEncryptFrom', 'kms:ReEncryptTo'] as const;
const USES = ['kms:Decrypt', ...ENCRYPTING, ...REENCRYPTING] as const;

/** All that a service asks of a customer key, on behalf of a role. */
export const SERVICE_KEY_USES: readonly string[] = USES;

/** What no service of ours has business with. */
const OTHER_USES = [
  'kms:DeriveSharedSecret',
  'kms:GenerateDataKeyPair',
  'kms:GenerateDataKeyPairWithoutPlaintext',
  'kms:GenerateMac',
  'kms:Sign',
] as const;

/** What SNS asks of a key, for a publisher as well as for itself. */
const SNS_USES = ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:GenerateDataKeyWithoutPlaintext'] as const;

/**
 * Policy of the key of log groups: CloudWatch Logs, for groups of the deployment. Readers of logs need no right on it
 * (CloudWatch Logs User Guide, "Encrypt log data in CloudWatch Logs using AWS KMS").
 * @throws {PolicyInputError}
 */
export function logsKeyPolicy(home: Home): PolicyDocument {
  return serviceKey(home, 'logs-key', [
    allowLogs(home, logGroupArns(home)),
    denyAll('DenyOtherContext', USES, { ArnNotLike: { [LOGS_CONTEXT]: logGroupArns(home) } }),
    noGrants(),
  ]);
}

/**
 * Policy of the key of the alarm topic. CloudWatch and EventBridge publish as services; the roles named publish as
 * themselves, through SNS.
 * @param publishers ARNs of roles
 * @throws {PolicyInputError}
 */
export function topicKeyPolicy(home: Home, topicArn: string, publishers: readonly string[]): PolicyDocument {
  const { partition, region, account } = home;
  return serviceKey(home, 'topic-key', [
    {
      Sid: 'AllowAlarms',
      Effect: 'Allow',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Action: SNS_USES,
      Resource: '*',
      Condition: {
        StringEquals: { 'aws:SourceAccount': account },
        ArnLike: { 'aws:SourceArn': `arn:${partition}:cloudwatch:${region}:${account}:alarm:*` },
      },
    },
    // On this way EventBridge tells neither account nor rule, and would fail without a word (SNS Developer Guide, "Enable
    // compatibility between event sources from AWS services and encrypted topics"). DenyOtherContext confines it instead.
    {
      Sid: 'AllowEvents',
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: SNS_USES,
      Resource: '*',
    },
    ...publishers.map((role, index) =>
      allowVia(`AllowPublisher${index + 1}`, home, role, SNS_USES, viaService(home, 'sns', region)),
    ),
    denyAll('DenyOtherContext', USES, {
      // Not documented as the other services' contexts are: where it is told, it must be ours.
      Null: { 'kms:EncryptionContext:aws:sns:topicArn': 'false' },
      StringNotEquals: { 'kms:EncryptionContext:aws:sns:topicArn': topicArn },
    }),
    denyDirectUse(viaService(home, 'sns', region)),
    noGrants(),
  ]);
}

/**
 * Policy of the key of artifacts: S3, on behalf of those who place and those who fetch.
 * @param readers ARNs of roles that fetch. @param writers of roles that place, and fetch as well
 * @throws {PolicyInputError}
 */
export function artifactsKeyPolicy(
  home: Home,
  bucket: string,
  { readers, writers }: { readonly readers: readonly string[]; readonly writers: readonly string[] },
): PolicyDocument {
  const arn = `arn:${home.partition}:s3:::${bucket}`;
  const through = viaService(home, 's3', home.region);
  return serviceKey(home, 'artifacts-key', [
    ...readers.map((role, index) =>
      allowVia(`AllowReader${index + 1}`, home, role, ['kms:Decrypt'], through),
    ),
    ...writers.map((role, index) =>
      // A multipart upload decrypts the key of its parts.
      allowVia(`AllowWriter${index + 1}`, home, role, ['kms:Decrypt', 'kms:GenerateDataKey'], through),
    ),
    // The bucket's ARN where S3 works with a bucket key, an object's where it does not.
    denyAll('DenyOtherContext', USES, {
      StringNotLike: { 'kms:EncryptionContext:aws:s3:arn': [arn, `${arn}/*`] },
    }),
    denyDirectUse(through),
    denyUseByOthers([...readers, ...writers]),
    noGrants(),
  ]);
}

/**
 * Policy of the key of the table and of the log group of audit heads, multi-Region as the table may be. DynamoDB works
 * with it on behalf of whoever calls DynamoDB, and by grants that it has its creator make (DynamoDB Developer Guide,
 * "DynamoDB encryption at rest"). So this key is a second lock of the table: whoever is not named here reads no item.
 * @param logGroup name of the group
 * @throws {PolicyInputError}
 */
export function dataKeyPolicy(home: Home, table: string, logGroup: string): PolicyDocument {
  const { account, roles } = home;
  const group = logGroupArns(home, [logGroup]);
  // The Region is open: DynamoDB calls across Regions for the replicas of a global table.
  const through = viaService(home, 'dynamodb', '*');
  const makers = [roles.deployment, roles.breakGlass, replicationRole(home)];
  return serviceKey(home, 'data-key', [
    allowLogs(home, group),
    allowVia('AllowApi', home, roles.api, ['kms:Decrypt'], through),
    allowVia('AllowDeployment', home, roles.deployment, USES, through),
    // To restore the table.
    allowVia('AllowBreakGlass', home, roles.breakGlass, USES, through),
    allowVia('AllowReplication', home, replicationRole(home), USES, through),
    {
      Sid: 'AllowTableGrants',
      Effect: 'Allow',
      Principal: { AWS: `arn:${home.partition}:iam::${account}:root` },
      Action: 'kms:CreateGrant',
      Resource: '*',
      Condition: {
        ArnEquals: { 'aws:PrincipalArn': makers },
        StringLike: { 'kms:ViaService': through },
        Bool: { 'kms:GrantIsForAWSResource': 'true' },
      },
    },
    {
      Sid: 'AllowTableService',
      Effect: 'Allow',
      Principal: { Service: 'dynamodb.amazonaws.com' },
      Action: ['kms:DescribeKey', 'kms:GetKeyPolicy', 'kms:ListGrants'],
      Resource: '*',
    },
    denyAll('DenyOtherContext', USES, {
      // A restored table has another name.
      StringNotLike: { 'kms:EncryptionContext:aws:dynamodb:tableName': [table, `${table}-*`] },
      ArnNotLike: { [LOGS_CONTEXT]: group },
    }),
    denyAll('DenyOtherSubscribers', USES, {
      StringNotEquals: { 'kms:EncryptionContext:aws:dynamodb:subscriberId': account },
      ArnNotLike: { [LOGS_CONTEXT]: group },
    }),
    denyDirectUse(through),
    denyUseByOthers([roles.api, ...makers]),
    denyAll('DenyOtherGrants', 'kms:CreateGrant', {
      BoolIfExists: { 'kms:GrantIsForAWSResource': 'false' },
    }),
    denyOthers('DenyGrantsByOthers', 'kms:CreateGrant', makers),
    denyAll('DenyGrantsElsewhere', 'kms:CreateGrant', { StringNotLike: { 'kms:ViaService': through } }),
    // Without its grants DynamoDB cannot keep the table; 20 hours later a replica is none any more.
    denyOthers('DenyRevocationByOthers', 'kms:RevokeGrant', [roles.deployment, roles.breakGlass]),
  ]);
}

/** The service-linked role by which DynamoDB replicates a global table. */
export function replicationRole({ partition, account }: Pick<Home, 'partition' | 'account'>): string {
  const path = 'aws-service-role/replication.dynamodb.amazonaws.com/AWSServiceRoleForDynamoDBReplication';
  return `arn:${partition}:iam::${account}:role/${path}`;
}

const LOGS_CONTEXT = 'kms:EncryptionContext:aws:logs:arn';

/** CloudWatch Logs is the one service with a principal by Region and by partition. */
function allowLogs({ partition, region }: Home, groups: readonly string[]): Statement {
  return {
    Sid: 'AllowLogs',
    Effect: 'Allow',
    Principal: { Service: `logs.${region}.amazonaws.com${partition === 'aws-cn' ? '.cn' : ''}` },
    Action: [...USES, 'kms:DescribeKey'],
    Resource: '*',
    // DescribeKey has no context, and tells what the account may see anyway.
    Condition: { ArnLikeIfExists: { [LOGS_CONTEXT]: groups } },
  };
}

/** An Allow for one role, for requests that a service sends on its behalf. */
function allowVia(
  sid: string,
  home: Home,
  role: string,
  actions: readonly string[],
  service: string,
): Statement {
  const statement = allowRole(sid, home, role, actions);
  return { ...statement, Condition: { ...statement.Condition, StringLike: { 'kms:ViaService': service } } };
}

const BY_PRINCIPALS: ConditionBlock = { BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' } };

/** Nobody uses the key but through the service, whoever he is. */
function denyDirectUse(service: string): Statement {
  return denyAll('DenyDirectUse', USES, {
    StringNotLike: { 'kms:ViaService': service },
    ...BY_PRINCIPALS,
  });
}

function denyUseByOthers(roles: readonly string[]): Statement {
  return denyAll('DenyUseByOthers', USES, {
    ArnNotEquals: { 'aws:PrincipalArn': roles },
    ...BY_PRINCIPALS,
  });
}

function noGrants(): Statement {
  return denyAll('DenyGrants', 'kms:CreateGrant');
}

function serviceKey(home: Home, key: string, statements: readonly Statement[]): PolicyDocument {
  checkHome(home);
  const around = { home, actions: 'kms:*', resources: '*' };
  return {
    Version: '2012-10-17',
    Id: `${home.name}-${key}`,
    Statement: [
      ...administrationAllows(home),
      ...statements,
      denyAll('DenyOtherUses', OTHER_USES),
      ...controlDenies(home),
      ...identityPerimeter(around),
      ...confusedDeputyProtection(around),
    ],
  };
}
