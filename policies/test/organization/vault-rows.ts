// SPDX-License-Identifier: Apache-2.0
import {
  ACCOUNT,
  admin,
  api,
  deployer,
  deployment,
  fn,
  fromFunction,
  fromInstance,
  gateway,
  inside,
  instance,
  key,
  OTHER,
  object,
  ours,
  PARTNER,
  type Row,
  role,
} from './support.ts';

const keysStack = `arn:aws:cloudformation:eu-central-1:${ACCOUNT}:stack/vault-keys/1`;

/** Each change next to the vault's roles: refused to an administrator of the account, and left to those who deploy. */
const WORK: readonly Row[] = [
  ...(
    [
      'ContinueUpdateRollback',
      'CreateChangeSet',
      'CreateStack',
      'DeleteStack',
      'ExecuteChangeSet',
      'RollbackStack',
      'UpdateStack',
    ] as const
  ).map((one) => [`cloudformation:${one}`, keysStack] as const),
  ['iam:PassRole', deployment.arn] as const,
  ...(['AddPermission', 'UpdateAlias', 'UpdateFunctionCode', 'UpdateFunctionConfiguration'] as const).map(
    (one) => [`lambda:${one}`, fn('vault-api')] as const,
  ),
].flatMap(([action, resource]): Row[] => {
  const context = { 'lambda:VpcIds': ['vpc-0aaaa'] };
  return [
    [
      `${action} by an administrator of the account`,
      'ProtectVaultWork',
      { by: admin, action, resource, context },
    ],
    [`${action} by a deployer`, 'allow', { by: deployer, action, resource, context }],
    [
      `${action} by a deployer who changes no roles`,
      'allow',
      { by: role('people/everyday'), action, resource, context },
    ],
    [`${action} by the deployment role`, 'allow', { by: deployment, action, resource, context }],
    [
      `${action} by the pipeline’s deployment`,
      'allow',
      { by: role('vault/vault-deploy'), action, resource, context },
    ],
  ];
});

/** Asked of the policy for principals of vaults' accounts. */
export const VAULTS: readonly Row[] = [
  ...WORK,
  ...[
    ...['BatchGetItem', 'BatchWriteItem', 'GetItem', 'PutItem', 'Query', 'Scan', 'UpdateItem'].map(
      (one) => `dynamodb:${one}`,
    ),
    ...['Decrypt', 'GenerateDataKey', 'GenerateDataKeyPair', 'GenerateDataKeyPairWithoutPlaintext'].map(
      (one) => `kms:${one}`,
    ),
    ...['GenerateDataKeyWithoutPlaintext', 'ReEncryptFrom', 'ReEncryptTo', 'Sign'].map((one) => `kms:${one}`),
    ...['PutRecord', 'PutRecordBatch'].map((one) => `firehose:${one}`),
    ...['PutRecord', 'PutRecords'].map((one) => `kinesis:${one}`),
    ...['GetObject', 'GetObjectVersion'].map((one) => `s3:${one}`),
    'events:PutEvents',
    'lambda:InvokeFunction',
    'logs:PutLogEvents',
    'secretsmanager:GetSecretValue',
    'sns:Publish',
    'sqs:SendMessage',
    'sts:AssumeRole',
  ].map(
    (action): Row => [
      `${action}, on what others have`,
      'EnforceResourcePerimeter',
      {
        by: api,
        action,
        resourceAccount: OTHER,
        context: { ...inside, 'aws:ResourceOrgID': 'o-somebodyelse' },
      },
    ],
  ),
  [
    'the API in its network, on a key of ours',
    'allow',
    {
      by: api,
      action: 'kms:GenerateDataKey',
      resource: key,
      context: { ...inside, ...ours, ...fromFunction('vault-api') },
    },
  ],
  [
    'the API, on a key of another organization',
    'EnforceResourcePerimeter',
    {
      by: api,
      action: 'kms:Encrypt',
      resource: key,
      resourceAccount: OTHER,
      context: { ...inside, 'aws:ResourceOrgID': 'o-somebodyelse' },
    },
  ],
  [
    'the API, on a key of no organization',
    'EnforceResourcePerimeter',
    { by: api, action: 'kms:Encrypt', resource: key, resourceAccount: OTHER, context: inside },
  ],
  [
    'the API, into a bucket of others',
    'EnforceResourcePerimeter',
    { by: api, action: 's3:PutObject', resource: object, resourceAccount: OTHER, context: inside },
  ],
  [
    'the API, into a partner’s bucket',
    'allow',
    {
      by: api,
      action: 's3:PutObject',
      resource: object,
      resourceAccount: PARTNER,
      context: { ...inside, 'aws:ResourceAccount': PARTNER },
    },
  ],
  [
    'a service for the API, on a resource of its own',
    'allow',
    {
      by: api,
      action: 's3:GetObject',
      resource: object,
      resourceAccount: OTHER,
      context: { 'aws:ViaAWSService': 'true' },
    },
  ],
  [
    'somebody else than a vault',
    'allow',
    { by: admin, action: 's3:PutObject', resource: object, resourceAccount: OTHER },
  ],
  [
    'the API from outside',
    'EnforceNetworkPerimeterOnLambdaRoles',
    {
      by: api,
      action: 'kms:GenerateDataKey',
      resource: key,
      context: { ...ours, ...fromFunction('vault-api') },
    },
  ],
  [
    'the API from another VPC',
    'EnforceNetworkPerimeterOnLambdaRoles',
    {
      by: api,
      action: 'kms:GenerateDataKey',
      resource: key,
      context: { ...ours, ...fromFunction('vault-api'), 'aws:SourceVpc': 'vpc-0cccc' },
    },
  ],
  [
    'the API in the other Region’s VPC',
    'allow',
    {
      by: api,
      action: 'kms:GenerateDataKey',
      resource: key,
      context: { ...ours, ...fromFunction('vault-api'), 'aws:SourceVpc': 'vpc-0bbbb' },
    },
  ],
  ...[
    'logs:CreateLogGroup',
    'logs:CreateLogStream',
    'logs:PutLogEvents',
    'xray:PutTelemetryRecords',
    'xray:PutTraceSegments',
  ].map(
    (action): Row => [
      `${action}, which Lambda calls itself`,
      'allow',
      { by: api, action, context: { ...ours, ...fromFunction('vault-api') } },
    ],
  ),
  [
    'a service called by the API',
    'allow',
    {
      by: api,
      action: 'kms:Decrypt',
      resource: key,
      context: { ...ours, ...fromFunction('vault-api'), 'aws:ViaAWSService': 'true' },
    },
  ],
  [
    'the canary outside',
    'allow',
    {
      by: role('vault/vault-canary-outside'),
      action: 'kms:Decrypt',
      resource: key,
      context: { ...ours, ...fromFunction('vault-canary-outside') },
    },
  ],
  [
    'the control of a public API',
    'allow',
    {
      by: role('vault/vault-canary-control'),
      action: 'execute-api:Invoke',
      resource: 'arn:aws:execute-api:eu-central-1:111122223333:abcdefghij/v/POST/v1/vaults',
      context: { ...ours, ...fromFunction('vault-canary-control') },
    },
  ],
  [
    'the canary inside, from outside',
    'EnforceNetworkPerimeterOnLambdaRoles',
    {
      by: role('vault/vault-canary-inside'),
      action: 'kms:Decrypt',
      resource: key,
      context: { ...ours, ...fromFunction('vault-canary-inside') },
    },
  ],
  [
    'the authorizer',
    'allow',
    {
      by: role('vault/vault-authorizer'),
      action: 'kms:Decrypt',
      resource: key,
      context: { ...ours, ...fromFunction('vault-authorizer') },
    },
  ],
  [
    'a function of others, from outside',
    'allow',
    { by: role('payroll'), action: 'kms:Decrypt', resource: key, context: fromFunction('payroll') },
  ],
  [
    'the deployment role, which is no function',
    'allow',
    { by: deployment, action: 'kms:PutKeyPolicy', resource: key },
  ],
  [
    'an instance in its network',
    'allow',
    { by: instance, action: 'kms:Decrypt', resource: key, context: { ...inside, ...ours, ...fromInstance } },
  ],
  [
    'its credentials outside',
    'EnforceNetworkPerimeterOnEC2Roles',
    { by: instance, action: 'cloudwatch:PutMetricData', context: fromInstance },
  ],
  [
    'its credentials in another VPC',
    'EnforceNetworkPerimeterOnEC2Roles',
    {
      by: instance,
      action: 'kms:Decrypt',
      resource: key,
      context: { ...ours, ...fromInstance, 'aws:SourceVpc': 'vpc-0cccc' },
    },
  ],
  [
    'its credentials in another network of vaults',
    'KeepInstanceCredentialsAtHome',
    {
      by: instance,
      action: 'kms:Decrypt',
      resource: key,
      context: { ...ours, ...fromInstance, 'aws:SourceVpc': 'vpc-0bbbb' },
    },
  ],
  [
    'a service called by an instance',
    'allow',
    {
      by: instance,
      action: 'kms:Decrypt',
      resource: key,
      context: { ...ours, ...fromInstance, 'aws:ViaAWSService': 'true' },
    },
  ],
  [
    'an instance of others',
    'allow',
    {
      by: role('payroll'),
      action: 'kms:Decrypt',
      resource: key,
      context: { ...fromInstance, 'aws:SourceVpc': 'vpc-0cccc' },
    },
  ],
  [
    'a stack of others',
    'allow',
    {
      by: admin,
      action: 'cloudformation:UpdateStack',
      resource: `arn:aws:cloudformation:eu-central-1:${ACCOUNT}:stack/payroll/1`,
    },
  ],
  ...[fn('vault-api'), fn('vault-api:live')].flatMap((resource): Row[] => [
    [
      `an event of one’s own for ${resource}`,
      'LetGatewayAloneInvoke',
      { by: admin, action: 'lambda:InvokeFunction', resource },
    ],
    [
      `the same by a deployer`,
      'LetGatewayAloneInvoke',
      { by: deployer, action: 'lambda:InvokeFunction', resource },
    ],
    [
      `an event of the gateway for ${resource}`,
      'allow',
      { by: gateway, action: 'lambda:InvokeFunction', resource },
    ],
  ]),
  [
    'the smoke test by a deployer',
    'allow',
    { by: deployer, action: 'lambda:InvokeFunction', resource: fn('vault-smoke') },
  ],
  [
    'the smoke test of a public API, as it is made',
    'allow',
    { by: deployment, action: 'lambda:CreateFunction', resource: fn('vault-smoke') },
  ],
  [
    'the same as it calls the API',
    'allow',
    {
      by: role('vault/vault-smoke'),
      action: 'execute-api:Invoke',
      context: { ...ours, ...fromFunction('vault-smoke') },
    },
  ],
  [
    'a function without a network',
    'PreventNonVPCDeploymentLambda',
    { by: deployment, action: 'lambda:CreateFunction', resource: fn('vault-api') },
  ],
  [
    'a function that leaves its network',
    'PreventNonVPCDeploymentLambda',
    { by: deployment, action: 'lambda:UpdateFunctionConfiguration', resource: fn('vault-api') },
  ],
  [
    'a function with a network',
    'allow',
    {
      by: deployment,
      action: 'lambda:CreateFunction',
      resource: fn('vault-api'),
      context: { 'lambda:VpcIds': ['vpc-0aaaa'] },
    },
  ],
  [
    'the canary outside, as it is made',
    'allow',
    { by: deployment, action: 'lambda:CreateFunction', resource: fn('vault-canary-outside') },
  ],
  [
    'the authorizer, as it is made',
    'allow',
    { by: deployment, action: 'lambda:CreateFunction', resource: fn('vault-authorizer') },
  ],
  [
    'a function whose name begins like the canary’s',
    'PreventNonVPCDeploymentLambda',
    { by: deployment, action: 'lambda:CreateFunction', resource: fn('vault-canary-outside2') },
  ],
];
