// SPDX-License-Identifier: Apache-2.0

/** Mutants that no request of the matrix notices, with the reason. A new one, and one that is gone, fails the test. */
export const SURVIVORS: readonly { readonly why: string; readonly what: readonly string[] }[] = [
  {
    why: 'A Deny for everybody but this role says the same. The Allow is narrow for who reads it, and for the day on which that Deny is taken away.',
    what: [
      ...[
        ...['keys/VaultKey', 'keys/RequestKey', 'keys/IntegrityKey', 'keys/ChannelServerKey'],
        ...['keys/ChannelClientKey', 'base/LogsKey', 'base/TopicKey', 'artifacts/ArtifactsKey'],
        ...['data/DataKey', 'evidence/Key', 'pipeline/FilesKey', 'signing/ImageKey', 'signing/ReleaseKey'],
      ].flatMap((key) => [
        `${key} AllowDeploymentControl: without ArnEquals aws:PrincipalArn`,
        `${key} AllowBreakGlassControl: without ArnEquals aws:PrincipalArn`,
      ]),
      'keys/VaultKey AllowApiKeyPairs: without ArnEquals aws:PrincipalArn',
      'keys/VaultKey AllowEnclaveDecrypt: without ArnEquals aws:PrincipalArn',
      'keys/RequestKey AllowApiDataKeys: without ArnEquals aws:PrincipalArn',
      'keys/RequestKey AllowEnclaveDecrypt: without ArnEquals aws:PrincipalArn',
      'keys/IntegrityKey AllowApiUse: without ArnEquals aws:PrincipalArn',
      'keys/ChannelServerKey AllowSign: without ArnEquals aws:PrincipalArn',
      'keys/ChannelClientKey AllowSign: without ArnEquals aws:PrincipalArn',
      'signing/ImageKey AllowSigning: without ArnEquals aws:PrincipalArn',
      'signing/ReleaseKey AllowSigning: without ArnEquals aws:PrincipalArn',
      ...[1, 2, 3, 4].map(
        (reader) => `artifacts/ArtifactsKey AllowReader${reader}: without ArnEquals aws:PrincipalArn`,
      ),
      'pipeline/FilesKey AllowReader1: without ArnEquals aws:PrincipalArn',
      'pipeline/FilesKey AllowReader2: without ArnEquals aws:PrincipalArn',
      'data/DataKey AllowApi: without ArnEquals aws:PrincipalArn',
      'data/DataKey AllowTableGrants: without ArnEquals aws:PrincipalArn',
      'api/Api AllowListedCallers: without ArnEquals aws:PrincipalArn',
      // Each caller's own policy lets it in as well; the Deny of all others names it.
      ...['smoke', 'canary-control'].map(
        (role) =>
          `api/Api AllowListedCallers: without arn:aws:iam::111122223333:role/vault/vault-${role} of ArnEquals aws:PrincipalArn`,
      ),
    ],
  },
  {
    why: 'DenyDirectUse, DenyOtherContext or a Deny of grants holds everybody to the same.',
    what: [
      'base/LogsKey AllowLogs: without ArnLikeIfExists kms:EncryptionContext:aws:logs:arn',
      'data/DataKey AllowLogs: without ArnLikeIfExists kms:EncryptionContext:aws:logs:arn',
      'base/TopicKey AllowPublisher1: without StringLike kms:ViaService',
      ...['AllowReader1', 'AllowReader2', 'AllowReader3', 'AllowReader4', 'AllowWriter1', 'AllowWriter2'].map(
        (sid) => `artifacts/ArtifactsKey ${sid}: without StringLike kms:ViaService`,
      ),
      ...['AllowReader1', 'AllowReader2', 'AllowWriter1', 'AllowWriter2'].map(
        (sid) => `pipeline/FilesKey ${sid}: without StringLike kms:ViaService`,
      ),
      ...['AllowApi', 'AllowDeployment', 'AllowBreakGlass', 'AllowReplication', 'AllowTableGrants'].map(
        (sid) => `data/DataKey ${sid}: without StringLike kms:ViaService`,
      ),
      'data/DataKey AllowTableGrants: without Bool kms:GrantIsForAWSResource',
    ],
  },
  {
    why: 'The topic’s actions are a list, since SNS takes no wildcard: these are refused to everybody but two or three roles before anybody’s account is asked about.',
    what: [
      ...[
        'AddPermission',
        'DeleteTopic',
        'Publish',
        'RemovePermission',
        'SetTopicAttributes',
        'Subscribe',
      ].map((action) => `base/AlarmsPolicy EnforceIdentityPerimeter: without action sns:${action}`),
      ...['AddPermission', 'DeleteTopic', 'RemovePermission', 'SetTopicAttributes', 'Subscribe'].map(
        (action) => `base/AlarmsPolicy EnforceConfusedDeputyProtection: without action sns:${action}`,
      ),
    ],
  },
  {
    why: 'Only services tell a source account, and no service tells a VPC; the condition is there for the reader.',
    what: [
      ...[
        ...['base/LogsKey', 'base/TopicKey', 'base/AlarmsPolicy', 'data/DataKey', 'data/Records'],
        ...[
          'evidence/Key',
          'evidence/TrailBucketPolicy',
          'artifacts/ArtifactsKey',
          'artifacts/ArtifactsPolicy',
        ],
        ...['pipeline/FilesKey', 'pipeline/FilesPolicy', 'signing/ImageKey', 'signing/ReleaseKey'],
      ].map((id) => `${id} EnforceConfusedDeputyProtection: without Bool aws:PrincipalIsAWSService`),
      'artifacts/ArtifactsPolicy EnforceVpcArn: without BoolIfExists aws:PrincipalIsAWSService',
    ],
  },
  {
    why: 'The ARNs of the roles, or of the resources, name the account as well.',
    what: [
      ...[
        ...['S3Endpoint AllowArtifacts', 'DynamoDbEndpoint AllowTable', 'LogsEndpoint AllowAuditHeads'],
        ...['KmsEndpoint AllowOurPrincipalsOnOurKeys', 'LogsEndpoint AllowParentLog'],
        ...['MonitoringEndpoint AllowFigures', 'CloudformationEndpoint AllowSignals'],
        ...['ExecuteApiEndpoint AllowCallers', 'DynamoDbEndpoint AllowReadingPolicy'],
        'KmsEndpoint AllowReadingPolicies',
      ].map((statement) => `network/${statement}: without StringEquals aws:PrincipalAccount`),
      ...[
        ...['DynamoDbEndpoint AllowTable', 'LogsEndpoint AllowAuditHeads', 'LogsEndpoint AllowParentLog'],
        ...['KmsEndpoint AllowOurPrincipalsOnOurKeys', 'CloudformationEndpoint AllowSignals'],
        ...['DynamoDbEndpoint AllowReadingPolicy', 'KmsEndpoint AllowReadingPolicies'],
      ].map((statement) => `network/${statement}: without StringEquals aws:ResourceAccount`),
    ],
  },
  {
    why: 'In one account a caller’s own policy is enough; the Allow is for callers of other accounts, and the example lists none.',
    what: ['api/Api AllowListedCallers: removed'],
  },
  {
    why: 'Refused twice: the deployment role’s own policy is asked before its boundary.',
    what: [
      'controllers/DeploymentBoundary DenyLockoutBypass: removed',
      'controllers/DeploymentBoundary DenyLockoutBypass: allows',
    ],
  },
  {
    why: 'A pattern before it matches the same: a wildcard spans slashes.',
    what: [
      'controllers/DeploymentStorage Table: without Resource arn:aws:dynamodb:*:111122223333:table/vault-*/*',
      'api/Function GetV1VaultsIdAuditInvoke: removed',
    ],
  },
];
