// SPDX-License-Identifier: Apache-2.0
import { call, onKey, refused, session, type TrailRecord } from './records.ts';

const ACCOUNT = '111122223333';
const arn = (service: string, rest: string, region = 'eu-central-1') =>
  `arn:aws:${service}:${region}:${ACCOUNT}:${rest}`;
const mrk = (digit: string) => `key/mrk-${digit.repeat(32)}`;
const plainKey = (digit: string) =>
  `key/${digit.repeat(8)}-${digit.repeat(4)}-4${digit.repeat(3)}-8${digit.repeat(3)}-${digit.repeat(12)}`;

/** Keys of the example deployment: the vault's, the table's, that of logs. */
export const KEYS = {
  vault: arn('kms', mrk('4')),
  request: arn('kms', mrk('5')),
  channel: arn('kms', plainKey('7')),
  data: arn('kms', mrk('9')),
  logs: arn('kms', plainKey('1')),
  replica: arn('kms', mrk('4'), 'eu-west-1'),
  another: arn('kms', plainKey('f')),
  legacy: arn('kms', plainKey('e')),
};
export const BREAK_GLASS = `arn:aws:iam::${ACCOUNT}:role/vault/vault-break-glass`;
const table = arn('dynamodb', 'table/vault-records');
const topic = arn('sns', 'vault-alarms');
const group = { groupId: 'sg-33333333333333333', ipPermissions: { items: [] } };
const as = (parameters: TrailRecord): TrailRecord => ({ requestParameters: parameters });
const US = { awsRegion: 'us-east-1' };

/** By the id of a watched event: records of it, and records that look like it and are none. */
export const SAMPLES: Readonly<
  Record<string, { readonly seen: readonly TrailRecord[]; readonly unseen: readonly TrailRecord[] }>
> = {
  keys: {
    seen: [
      ...['PutKeyPolicy', 'CreateGrant', 'ReplicateKey', 'ScheduleKeyDeletion', 'DisableKey'].map((name) =>
        onKey(name, KEYS.vault),
      ),
      onKey('UpdatePrimaryRegion', KEYS.vault),
      onKey('CancelKeyDeletion', KEYS.request),
      onKey('PutKeyPolicy', KEYS.channel),
      onKey('ScheduleKeyDeletion', KEYS.data),
      onKey('DisableKey', KEYS.logs),
      refused('kms:PutKeyPolicy', KEYS.vault),
      refused('kms:CreateGrant', KEYS.request),
    ],
    unseen: [
      onKey('PutKeyPolicy', KEYS.another),
      onKey('Decrypt', KEYS.vault),
      onKey('GenerateDataKeyPairWithoutPlaintext', KEYS.vault),
      onKey('DescribeKey', KEYS.vault),
      refused('kms:PutKeyPolicy', KEYS.another),
      call('kms', 'CreateKey'),
    ],
  },
  'api-invoked': {
    seen: [
      call('lambda', 'Invoke', as({ functionName: 'vault-api' })),
      call('lambda', 'Invoke', as({ functionName: arn('lambda', 'function:vault-api:live') })),
      call('lambda', 'InvokeAsync', as({ functionName: arn('lambda', 'function:vault-api') })),
    ],
    unseen: [
      call('lambda', 'Invoke', {
        ...as({ functionName: arn('lambda', 'function:vault-api:live') }),
        userIdentity: { type: 'AWSService', invokedBy: 'apigateway.amazonaws.com' },
      }),
      call('lambda', 'Invoke', as({ functionName: arn('lambda', 'function:vault-smoke') })),
      call('lambda', 'GetFunction20150331v2', as({ functionName: 'vault-api' })),
    ],
  },
  'legacy-keys': {
    seen: [onKey('PutKeyPolicy', KEYS.legacy), onKey('CreateGrant', KEYS.legacy)],
    unseen: [onKey('PutKeyPolicy', KEYS.another), onKey('Decrypt', KEYS.legacy)],
  },
  'code-signing': {
    seen: [
      call('lambda', 'PutFunctionCodeSigningConfig', as({ functionName: 'vault-api' })),
      call('lambda', 'PutFunctionCodeSigningConfig20200630', as({ functionName: 'vault-api' })),
      call(
        'lambda',
        'DeleteFunctionCodeSigningConfig20200630',
        as({ functionName: arn('lambda', 'function:vault-api') }),
      ),
      call('lambda', 'UpdateCodeSigningConfig20200630', as({ codeSigningConfigArn: 'csc' })),
      call('lambda', 'DeleteCodeSigningConfig20200630', as({ codeSigningConfigArn: 'csc' })),
      call('lambda', 'CreateCodeSigningConfig20200630'),
      call('lambda', 'CreateFunction20150331', as({ functionName: 'vault-api' })),
      call('lambda', 'CreateFunction20150331', as({ functionName: 'vault-another' })),
      call('lambda', 'AddPermission20150331v2', as({ functionName: 'vault-api' })),
      call('lambda', 'UpdateFunctionCode20150331v2', as({ functionName: 'vault-api' })),
      call('lambda', 'UpdateFunctionConfiguration20150331v2', as({ functionName: 'vault-api' })),
      call('lambda', 'UpdateAlias20150331', as({ functionName: 'vault-api' })),
      call('lambda', 'CreateFunctionUrlConfig', as({ functionName: 'vault-canary-inside' })),
      call('signer', 'AddProfilePermission', as({ profileName: 'vault_code' })),
      call('signer', 'CancelSigningProfile', as({ profileName: 'vault_code' })),
    ],
    unseen: [
      call('lambda', 'PutFunctionCodeSigningConfig20200630', as({ functionName: 'payroll' })),
      call('lambda', 'UpdateFunctionCode20150331v2', as({ functionName: 'payroll' })),
      call('lambda', 'CreateFunction20150331', as({ functionName: 'payroll' })),
      call('lambda', 'GetFunctionConfiguration20150331v2', as({ functionName: 'vault-api' })),
      call('lambda', 'GetFunctionCodeSigningConfig20200630', as({ functionName: 'vault-api' })),
      call('signer', 'StartSigningJob', as({ profileName: 'vault_code' })),
    ],
  },
  names: {
    seen: [
      call('route53resolver', 'UpdateFirewallDomains', as({ operation: 'ADD' })),
      call('route53resolver', 'UpdateFirewallConfig', as({ resourceId: 'vpc-1' })),
      call('route53resolver', 'DeleteFirewallRule'),
      call('route53resolver', 'ImportFirewallDomains'),
      call('route53resolver', 'DisassociateFirewallRuleGroup'),
      call('route53resolver', 'DisassociateResolverQueryLogConfig'),
    ],
    unseen: [
      call('route53resolver', 'GetFirewallConfig'),
      call('route53resolver', 'CreateResolverEndpoint'),
      call('route53', 'ChangeResourceRecordSets'),
    ],
  },
  network: {
    seen: [
      call('ec2', 'ModifyVpcEndpoint', as({ ModifyVpcEndpointRequest: { VpcEndpointId: 'vpce-1' } })),
      call('ec2', 'DeleteVpcEndpoints'),
      call('ec2', 'CreateRoute', as({ routeTableId: 'rtb-1', destinationCidrBlock: '0.0.0.0/0' })),
      call('ec2', 'ReplaceRouteTableAssociation'),
      call(
        'ec2',
        'AttachInternetGateway',
        as({ internetGatewayId: 'igw-1', vpcId: 'vpc-11111111111111111' }),
      ),
      call('ec2', 'AuthorizeSecurityGroupIngress', as(group)),
      call('ec2', 'AuthorizeSecurityGroupEgress', as(group)),
      call('ec2', 'RevokeSecurityGroupEgress', as(group)),
      call('ec2', 'CreateNatGateway', as({ subnetId: 'subnet-1' })),
      call('ec2', 'AcceptVpcPeeringConnection'),
      call('ec2', 'DeleteFlowLogs'),
      call('ec2', 'ReplaceNetworkAclEntry'),
    ],
    unseen: [
      call('ec2', 'AuthorizeSecurityGroupIngress', as({ ...group, groupId: 'sg-99999999999999999' })),
      call('ec2', 'AttachInternetGateway', as({ vpcId: 'vpc-99999999999999999' })),
      call('ec2', 'DescribeVpcEndpoints'),
      call('ec2', 'RunInstances'),
      call('ec2', 'CreateNetworkInterface', as({ groupSet: {} })),
    ],
  },
  roles: {
    seen: [
      ...[
        'PutRolePermissionsBoundary',
        'DeleteRolePermissionsBoundary',
        'AttachRolePolicy',
        'PutRolePolicy',
        'DeleteRolePolicy',
        'UpdateAssumeRolePolicy',
        'DeleteRole',
        'TagRole',
      ].map((name) => call('iam', name, { ...as({ roleName: 'vault-api' }), ...US })),
      ...['CreatePolicyVersion', 'SetDefaultPolicyVersion', 'DeletePolicyVersion'].map((name) =>
        call('iam', name, {
          ...as({ policyArn: `arn:aws:iam::${ACCOUNT}:policy/vault/vault-boundary-api` }),
          ...US,
        }),
      ),
      call('iam', 'AddRoleToInstanceProfile', {
        ...as({ instanceProfileName: 'vault-instance', roleName: 'x' }),
        ...US,
      }),
    ],
    unseen: [
      call('iam', 'PutRolePolicy', { ...as({ roleName: 'payroll' }), ...US }),
      call('iam', 'GetRolePolicy', { ...as({ roleName: 'vault-api' }), ...US }),
      call('iam', 'CreatePolicyVersion', {
        ...as({ policyArn: `arn:aws:iam::${ACCOUNT}:policy/other` }),
        ...US,
      }),
    ],
  },
  table: {
    seen: [
      call('dynamodb', 'PutResourcePolicy', as({ resourceArn: table })),
      call('dynamodb', 'PutResourcePolicy', as({ resourceArn: `${table}/stream/2026` })),
      call('dynamodb', 'DeleteResourcePolicy', as({ resourceArn: table })),
      call('dynamodb', 'UpdateTable', as({ tableName: 'vault-records', deletionProtectionEnabled: false })),
      call('dynamodb', 'DeleteTable', as({ tableName: table })),
      call('dynamodb', 'UpdateContinuousBackups', as({ tableName: 'vault-records' })),
      call('dynamodb', 'ExportTableToPointInTime', as({ tableArn: table, s3Bucket: 'elsewhere' })),
      call(
        'dynamodb',
        'RestoreTableToPointInTime',
        as({ sourceTableName: 'vault-records', targetTableName: 'mine' }),
      ),
      call(
        'dynamodb',
        'RestoreTableFromBackup',
        as({ backupArn: `${table}/backup/1`, targetTableName: 'mine' }),
      ),
      call('dynamodb', 'CreateBackup', as({ tableName: 'vault-records' })),
    ],
    unseen: [
      call('dynamodb', 'UpdateTable', as({ tableName: 'payroll' })),
      call('dynamodb', 'DescribeTable', as({ tableName: 'vault-records' })),
      call('dynamodb', 'PutItem', as({ tableName: 'vault-records' })),
      call('dynamodb', 'ExportTableToPointInTime', as({ tableArn: arn('dynamodb', 'table/payroll') })),
    ],
  },
  buckets: {
    seen: [
      ...[
        'PutBucketPolicy',
        'DeleteBucketPolicy',
        'PutBucketVersioning',
        'PutBucketLifecycle',
        'DeleteBucket',
      ].map((name) => call('s3', name, as({ bucketName: `vault-artifacts-${ACCOUNT}-eu-central-1` }))),
      call('s3', 'PutBucketPublicAccessBlock', as({ bucketName: `vault-trail-${ACCOUNT}-eu-central-1` })),
    ],
    unseen: [
      call('s3', 'PutBucketPolicy', as({ bucketName: 'payroll' })),
      call('s3', 'GetBucketPolicy', as({ bucketName: `vault-trail-${ACCOUNT}-eu-central-1` })),
      call('s3', 'PutObject', as({ bucketName: `vault-artifacts-${ACCOUNT}-eu-central-1` })),
    ],
  },
  logs: {
    seen: [
      call('logs', 'DeleteLogGroup', as({ logGroupName: '/vault/audit-heads' })),
      call('logs', 'DeleteLogStream', as({ logGroupName: '/vault/audit-heads', logStreamName: 's' })),
      call('logs', 'PutRetentionPolicy', as({ logGroupName: '/vault/flow', retentionInDays: 1 })),
      call('logs', 'PutSubscriptionFilter', as({ logGroupName: '/aws/lambda/vault-api' })),
      call('logs', 'DeleteMetricFilter', as({ logGroupName: '/vault/trail' })),
      call('logs', 'CreateExportTask', as({ logGroupName: '/vault/audit-heads', destination: 'somewhere' })),
      call('logs', 'PutAccountPolicy', as({ policyType: 'SUBSCRIPTION_FILTER_POLICY' })),
      call(
        'logs',
        'PutDataProtectionPolicy',
        as({ logGroupIdentifier: arn('logs', 'log-group:/vault/trail') }),
      ),
      call('logs', 'PutLogGroupDeletionProtection', as({ logGroupIdentifier: '/vault/audit-heads' })),
      call(
        'logs',
        'AssociateKmsKey',
        as({ resourceIdentifier: arn('logs', 'log-group:/vault/audit-heads') }),
      ),
    ],
    unseen: [
      call('logs', 'DeleteLogGroup', as({ logGroupName: '/payroll' })),
      call('logs', 'CreateExportTask', as({ logGroupName: '/payroll' })),
      call('logs', 'DescribeAccountPolicies'),
      call('logs', 'DeleteLogGroup', as({ logGroupName: '/vaults/audit' })),
      call('logs', 'CreateLogStream', as({ logGroupName: '/vault/audit-heads' })),
      call('logs', 'FilterLogEvents', as({ logGroupName: '/vault/trail' })),
    ],
  },
  api: {
    seen: [
      call('apigateway', 'UpdateRestApi', as({ restApiId: 'abcdefghij' })),
      call('apigateway', 'DeleteAuthorizer', as({ restApiId: 'abcdefghij', authorizerId: 'a' })),
      call('apigateway', 'UpdateMethod', as({ restApiId: 'abcdefghij' })),
      call('apigateway', 'CreateDeployment', as({ restApiId: 'abcdefghij' })),
    ],
    unseen: [
      call('apigateway', 'UpdateRestApi', as({ restApiId: 'klmnopqrst' })),
      call('apigateway', 'GetRestApi', as({ restApiId: 'abcdefghij' })),
    ],
  },
  trail: {
    seen: [
      ...['StopLogging', 'DeleteTrail', 'UpdateTrail', 'PutEventSelectors'].map((name) =>
        call('cloudtrail', name, as({ name: 'vault-trail' })),
      ),
      call('cloudtrail', 'StopLogging', as({ name: arn('cloudtrail', 'trail/organization') })),
    ],
    unseen: [call('cloudtrail', 'LookupEvents'), call('cloudtrail', 'StartLogging')],
  },
  alarms: {
    seen: [
      call('events', 'DisableRule', as({ name: 'vault-watch-keys' })),
      call('events', 'RemoveTargets', as({ rule: 'vault-watch-keys', ids: ['topic'] })),
      call('monitoring', 'DeleteAlarms', as({ alarmNames: ['other', 'vault-canary-inside-allowed'] })),
      call('monitoring', 'DisableAlarmActions', as({ alarmNames: ['vault-watch-silent'] })),
      call('monitoring', 'PutMetricAlarm', as({ alarmName: 'vault-watch-silent' })),
      call('sns', 'SetTopicAttributes', as({ topicArn: topic })),
      call('sns', 'Unsubscribe', as({ subscriptionArn: `${topic}:11111111-1111-4111-8111-111111111111` })),
      call('sns', 'DeleteTopic', as({ topicArn: topic })),
    ],
    unseen: [
      call('events', 'DisableRule', as({ name: 'payroll' })),
      call('monitoring', 'DeleteAlarms', as({ alarmNames: ['other'] })),
      call('monitoring', 'DescribeAlarms', as({ alarmNames: ['vault-watch-silent'] })),
      call('sns', 'Unsubscribe', as({ subscriptionArn: `${topic}-2:1` })),
      call('sns', 'Publish', as({ topicArn: topic })),
    ],
  },
  'break-glass': {
    seen: [
      call('sts', 'AssumeRole', as({ roleArn: BREAK_GLASS, roleSessionName: 'ada' })),
      call('sts', 'AssumeRoleWithSAML', as({ roleArn: BREAK_GLASS })),
      refused('sts:AssumeRole', BREAK_GLASS),
      call('s3', 'ListBuckets', { userIdentity: session('vault-break-glass', '/vault/') }),
      onKey('PutKeyPolicy', KEYS.another, { userIdentity: session('vault-break-glass', '/vault/') }),
    ],
    unseen: [
      call('sts', 'AssumeRole', as({ roleArn: `arn:aws:iam::${ACCOUNT}:role/vault/vault-api` })),
      call('s3', 'ListBuckets', { userIdentity: session('break-glass') }),
      refused('sts:AssumeRole', `arn:aws:iam::${ACCOUNT}:role/vault/vault-api`),
    ],
  },
  root: {
    seen: [
      call('s3', 'ListBuckets', { userIdentity: { type: 'Root', arn: `arn:aws:iam::${ACCOUNT}:root` } }),
      call('signin', 'ConsoleLogin', {
        eventType: 'AwsConsoleSignIn',
        userIdentity: { type: 'Root', arn: `arn:aws:iam::${ACCOUNT}:root` },
      }),
    ],
    unseen: [
      call('s3', 'ListBuckets'),
      call('kms', 'RotateKey', { userIdentity: { type: 'Root' }, eventType: 'AwsServiceEvent' }),
      call('s3', 'ListBuckets', { userIdentity: { type: 'Root', invokedBy: 'support.amazonaws.com' } }),
    ],
  },
};
