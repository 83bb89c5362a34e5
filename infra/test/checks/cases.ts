// SPDX-License-Identifier: Apache-2.0
import { document, type MutableTemplate, type sound, soundRoles } from './sound.ts';

export interface Case {
  readonly check: string;
  readonly title: string;
  /** Resource that is named. */
  readonly resource: string;
  /** In the reason. */
  readonly reason: string;
  readonly change: (template: MutableTemplate) => void;
  readonly of?: typeof sound;
}

type Change = Case['change'];
const add =
  (Type: string, Properties: object = {}): Change =>
  ({ Resources }) => {
    Resources.Added = { Type, Properties };
  };

/** Sets a property, named by its path, of a resource; without a value, takes it out. */
const set =
  (id: string, path: string, value?: unknown): Change =>
  ({ Resources }) => {
    const names = `${id}.Properties.${path}`.split('.');
    const last = names.pop() as string;
    const owner = names.reduce<Record<string, never>>((one, name) => one[name] as never, Resources as never);
    if (value === undefined) delete owner[last];
    else (owner as Record<string, unknown>)[last] = value;
  };

const type = (Type: string, reason: string): Case => ({
  check: 'resource-type',
  title: Type,
  resource: 'Added',
  reason,
  change: add(Type),
});

const on = (
  check: string,
  resource: string,
  ...cases: readonly (readonly [title: string, reason: string, change: Change])[]
): readonly Case[] => cases.map(([title, reason, change]) => ({ check, resource, title, reason, change }));

const statement = (change: object) =>
  set(
    'Rights',
    'PolicyDocument',
    document({ Sid: 'A', Effect: 'Allow', Action: 'sts:X', Resource: '*', ...change }),
  );

const roles = (cases: readonly Case[]): readonly Case[] => cases.map((one) => ({ ...one, of: soundRoles }));

const AKIA = `AKIA${'A'.repeat(16)}`;
const PEM = ['-----BEGIN EC', 'PRIVATE KEY-----'].join(' ');
const PUBLIC = { Principal: '*', Condition: undefined };

/** What must be refused, and by which check. */
export const CASES: readonly Case[] = [
  type('Custom::VpcRestrictDefaultSG', 'custom resource'),
  type('AWS::CloudFormation::CustomResource', 'custom resource'),
  type('AWS::CloudFormation::Macro', 'in no template of ours'),
  type('AWS::CloudFormation::Stack', 'in no template of ours'),
  type('AWS::ApiGateway::Account', 'for all APIs of the account'),
  type('AWS::Lambda::Url', 'past gateway and signatures'),
  type('AWS::Lambda::LayerVersion', 'past gateway and signatures'),
  type('AWS::IAM::User', 'long-lived credentials'),
  type('AWS::IAM::AccessKey', 'long-lived credentials'),
  type('AWS::EC2::InternetGateway', 'no way to the internet'),
  type('AWS::EC2::NatGateway', 'no way to the internet'),
  type('AWS::EC2::EIP', 'no way to the internet'),
  type('AWS::EC2::KeyPair', 'nobody logs in'),
  type('AWS::SecretsManager::Secret', 'no matter of templates'),
  type('AWS::SQS::Queue', 'is not in checks/types.ts'),
  type('AWS::CDK::Metadata', 'is not in checks/types.ts'),
  ...on(
    'section',
    '',
    [
      'a parameter of CDK’s bootstrap',
      'section Parameters',
      (template) => {
        template.Parameters = { BootstrapVersion: { Type: 'AWS::SSM::Parameter::Value<String>' } };
      },
    ],
    [
      'a condition',
      'section Conditions',
      (template) => {
        template.Conditions = { CDKMetadataAvailable: true };
      },
    ],
    [
      'a rule',
      'section Rules',
      (template) => {
        template.Rules = {};
      },
    ],
    [
      'a transform',
      'section Transform',
      (template) => {
        template.Transform = 'AWS::Serverless-2016-10-31';
      },
    ],
    [
      'an export',
      'KeyArn is exported',
      (template) => {
        template.Outputs.KeyArn.Export = { Name: 'vault-key' };
      },
    ],
  ),
  ...on(
    'section',
    'Key',
    [
      'metadata of CDK',
      'Metadata',
      ({ Resources }) => {
        Object.assign(Resources.Key as object, { Metadata: { 'aws:cdk:path': 'a/b' } });
      },
    ],
    [
      'a conditional resource',
      'Condition',
      ({ Resources }) => {
        Object.assign(Resources.Key as object, { Condition: 'IsProd' });
      },
    ],
  ),
  ...on(
    'late-value',
    'Key',
    ['the account', 'Ref AWS::AccountId', set('Key', 'Description', { Ref: 'AWS::AccountId' })],
    [
      'the partition, in a policy',
      'Ref AWS::Partition',
      set('Key', 'KeyPolicy.Statement.0.Resource', { Ref: 'AWS::Partition' }),
    ],
    ['an import', 'Fn::ImportValue', set('Key', 'Description', { 'Fn::ImportValue': 'vault-key' })],
    ['a look-up', 'Fn::GetAZs', set('Key', 'Description', { 'Fn::GetAZs': '' })],
    ['a condition', 'Fn::If', set('Key', 'Description', { 'Fn::If': ['A', 'b', 'c'] })],
    ['a substitution', 'Fn::Sub', set('Key', 'Description', { 'Fn::Sub': 'x' })],
    [
      'a secret',
      'dynamic reference',
      set('Key', 'Description', '{{resolve:secretsmanager:vault:SecretString}}'),
    ],
    [
      'a token',
      'a token of CDK',
      set('Key', 'Description', ['arn:$', '{Token[AWS.Partition.3]}:iam'].join('')),
    ],
    ['a reference to nothing', 'Ref Gone', set('Key', 'Description', { Ref: 'Gone' })],
    [
      'an attribute of nothing',
      'Fn::GetAtt Gone',
      set('Key', 'Description', { 'Fn::GetAtt': ['Gone', 'Arn'] }),
    ],
  ),
  ...on('late-value', '', [
    'an output from elsewhere',
    'Fn::ImportValue',
    (template) => {
      template.Outputs.KeyArn.Value = { 'Fn::ImportValue': 'key' };
    },
  ]),
  ...on(
    'function-code',
    'Function',
    ['inline code', 'code by ZipFile', set('Function', 'Code.ZipFile', 'exports.handler = () => {}')],
    ['an image', 'code by ImageUri', set('Function', 'Code.ImageUri', 'registry/image')],
    ['an image package', 'container image', set('Function', 'PackageType', 'Image')],
    ['no version', 'code without S3ObjectVersion', set('Function', 'Code.S3ObjectVersion')],
    [
      'a version that comes later',
      'code without S3ObjectVersion',
      set('Function', 'Code.S3ObjectVersion', { Ref: 'Key' }),
    ],
    ['no signatures', 'no code-signing configuration', set('Function', 'CodeSigningConfigArn')],
    ['a layer', 'has layers', set('Function', 'Layers', ['arn:aws:lambda:eu-central-1:1:layer:a:1'])],
  ),
  ...on(
    'code-signing',
    'Signing',
    [
      'warnings',
      'does not enforce',
      set('Signing', 'CodeSigningPolicies.UntrustedArtifactOnDeployment', 'Warn'),
    ],
    ['the default', 'does not enforce', set('Signing', 'CodeSigningPolicies')],
  ),
  ...on('invocation', 'Invocations', [
    'a destination',
    'has a destination',
    set('Invocations', 'DestinationConfig', { OnFailure: {} }),
  ]),
  ...on(
    'invocation',
    'Permission',
    ['everybody', 'everybody may invoke', set('Permission', 'Principal', '*')],
    ['a function URL', 'function URL', set('Permission', 'FunctionUrlAuthType', 'NONE')],
    [
      'more than invocation',
      'gives lambda:UpdateFunctionCode',
      set('Permission', 'Action', 'lambda:UpdateFunctionCode'),
    ],
    ['a service for anybody', 'names no source', set('Permission', 'SourceArn')],
  ),
  ...on(
    'build',
    'Build',
    [
      'a secret variable',
      'GITHUB_TOKEN',
      set('Build', 'Environment.EnvironmentVariables', [{ Name: 'GITHUB_TOKEN', Value: 'x' }]),
    ],
    ['an AWS managed key', 'no customer key', set('Build', 'EncryptionKey')],
  ),
  ...on(
    'role',
    'Added',
    [
      'a role elsewhere',
      'AWS::IAM::Role in canary',
      add('AWS::IAM::Role', {
        Path: '/vault/',
        PermissionsBoundary: 'arn',
        Tags: [{ Key: 'enclave-vault', Value: 'vault' }],
      }),
    ],
    [
      'a managed policy elsewhere',
      'AWS::IAM::ManagedPolicy in canary',
      add('AWS::IAM::ManagedPolicy', { Path: '/vault/' }),
    ],
  ),
  ...roles([
    ...on(
      'role',
      'Role',
      ['no boundary', 'no permissions boundary', set('Role', 'PermissionsBoundary')],
      ['another path', 'outside the deployment’s path', set('Role', 'Path', '/')],
      ['an inline policy', 'inline policies', set('Role', 'Policies', [])],
      [
        'a policy of AWS',
        'managed policy of AWS',
        set('Role', 'ManagedPolicyArns', ['arn:aws:iam::aws:policy/AdministratorAccess']),
      ],
    ),
    ...on(
      'kept',
      'Role',
      [
        'a role that goes',
        'no DeletionPolicy Retain',
        ({ Resources }) => {
          delete Resources.Role?.DeletionPolicy;
        },
      ],
      [
        'a role that is replaced',
        'no UpdateReplacePolicy Retain',
        ({ Resources }) => {
          delete Resources.Role?.UpdateReplacePolicy;
        },
      ],
    ),
    ...on('policy-size', 'Boundary', [
      'a managed policy',
      'of 6144',
      set('Boundary', 'PolicyDocument.Statement.0.Resource', 'r'.repeat(6100)),
    ]),
  ]),
  ...on(
    'role-policy',
    'Rights',
    ['a role of others', 'for the role "admin"', set('Rights', 'RoleName', 'admin')],
    ['a role that comes later', 'for the role', set('Rights', 'RoleName', { Ref: 'Key' })],
    ['the deployment role', 'controls keys', set('Rights', 'RoleName', 'vault-deployment')],
  ),
  ...on(
    'policy-grant',
    'Rights',
    ['everything', 'allows "*"', statement({ Action: '*' })],
    ['a whole service', 'allows "kms:*"', statement({ Action: ['s3:GetObject', 'kms:*'] })],
    ['all but some', 'NotAction', statement({ Action: undefined, NotAction: ['iam:*'] })],
    ['all resources but some', 'NotResource', statement({ NotResource: 'a' })],
    ['everybody', 'allows everybody', statement(PUBLIC)],
    ['everybody of AWS', 'allows everybody', statement({ Principal: { AWS: ['*'] } })],
    ['all but somebody, denied', 'NotPrincipal', statement({ Effect: 'Deny', NotPrincipal: { AWS: 'arn' } })],
    ['a misspelt effect', 'Effect "allow"', statement({ Effect: 'allow' })],
  ),
  ...on('policy-grant', 'Endpoint', [
    'an endpoint to everything',
    'allows everybody',
    set(
      'Endpoint',
      'PolicyDocument',
      document({ Sid: 'All', Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: '*' }),
    ),
  ]),
  ...on('policy-grant', 'Added', [
    'in JSON as text',
    'allows "logs:*"',
    add('AWS::Logs::ResourcePolicy', {
      PolicyDocument: JSON.stringify(
        document({ Sid: 'A', Effect: 'Allow', Principal: { Service: 'x' }, Action: 'logs:*', Resource: '*' }),
      ),
    }),
  ]),
  ...on(
    'policy-form',
    'Rights',
    ['an old version', 'Version "2008-10-17"', set('Rights', 'PolicyDocument.Version', '2008-10-17')],
    ['no version', 'Version undefined', set('Rights', 'PolicyDocument.Version')],
    ['no Sid', 'without Sid', set('Rights', 'PolicyDocument.Statement.0.Sid')],
    [
      'two of one name',
      'two statements A',
      set(
        'Rights',
        'PolicyDocument',
        document(...[1, 2].map(() => ({ Sid: 'A', Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }))),
      ),
    ],
    ['a flag', 'is true', statement({ Condition: { Bool: { 'aws:SecureTransport': true } } })],
  ),
  ...on(
    'log-group',
    'Log',
    ['no key', 'no customer key', set('Log', 'KmsKeyId')],
    ['no end', 'never expires', set('Log', 'RetentionInDays')],
  ),
  ...on(
    'key',
    'Key',
    ['no rotation', 'no rotation', set('Key', 'EnableKeyRotation')],
    ['no policy', 'no policy', set('Key', 'KeyPolicy')],
    ['a short wait', 'less than 30 days', set('Key', 'PendingWindowInDays', 7)],
    ['a bypass', 'lockout check', set('Key', 'BypassPolicyLockoutSafetyCheck', true)],
    ['imported material', 'from elsewhere', set('Key', 'Origin', 'EXTERNAL')],
  ),
  ...on(
    'bucket',
    'Bucket',
    ...['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'].map(
      (block) =>
        [
          `no ${block}`,
          `no ${block}`,
          set('Bucket', `PublicAccessBlockConfiguration.${block}`, false),
        ] as const,
    ),
    ['no versions', 'no versions', set('Bucket', 'VersioningConfiguration.Status', 'Suspended')],
    ['ACLs', 'takes ACLs', set('Bucket', 'OwnershipControls')],
    ['S3’s own key', 'no customer key', set('Bucket', 'BucketEncryption')],
    [
      'the AWS managed key',
      'no customer key',
      set(
        'Bucket',
        'BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault.KMSMasterKeyID',
      ),
    ],
    ['no policy', 'no policy', set('BucketPolicy', 'Bucket', 'another')],
  ),
  ...on(
    'table',
    'Table',
    ['DynamoDB’s own key', 'no customer key', set('Table', 'SSESpecification')],
    ['a replica without a key', 'eu-central-1: no customer key', set('Table', 'Replicas.0.SSESpecification')],
    [
      'no recovery',
      'no point-in-time recovery',
      set('Table', 'Replicas.0.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled', false),
    ],
  ),
  ...on(
    'topic',
    'Topic',
    ['no key', 'no customer key', set('Topic', 'KmsMasterKeyId')],
    ['the AWS managed key', 'no customer key', set('Topic', 'KmsMasterKeyId', 'alias/aws/sns')],
    ['no policy', 'no policy', set('TopicPolicy', 'Topics', [])],
  ),
  ...on(
    'trail',
    'Trail',
    ['one Region', 'of one Region', set('Trail', 'IsMultiRegionTrail', false)],
    ['no validation', 'not validated', set('Trail', 'EnableLogFileValidation')],
    ['no key', 'no customer key', set('Trail', 'KMSKeyId')],
    ['no logging', 'does not log', set('Trail', 'IsLogging', false)],
  ),
  ...on(
    'security-group',
    'Group',
    ['everything leaves', 'everything may', set('Group', 'SecurityGroupEgress')],
    ['to the internet', '0.0.0.0/0', set('Group', 'SecurityGroupEgress.0.CidrIp', '0.0.0.0/0')],
    ['to the internet, IPv6', '::/0', set('Group', 'SecurityGroupEgress.0.CidrIpv6', '::/0')],
    ['from the internet', '0.0.0.0/0', set('Group', 'SecurityGroupIngress', [{ CidrIp: '0.0.0.0/0' }])],
  ),
  ...on('security-group', 'Ingress', [
    'a rule of its own',
    '0.0.0.0/0',
    set('Ingress', 'CidrIp', '0.0.0.0/0'),
  ]),
  ...on(
    'public-address',
    'Subnet',
    ['public addresses', 'gives public', set('Subnet', 'MapPublicIpOnLaunch', true)],
    ['the default', 'gives public', set('Subnet', 'MapPublicIpOnLaunch')],
    ['IPv6', 'IPv6', set('Subnet', 'AssignIpv6AddressOnCreation', true)],
  ),
  ...on(
    'public-address',
    'Balancer',
    ['a public balancer', 'faces the internet', set('Balancer', 'Scheme', 'internet-facing')],
    ['the default', 'faces the internet', set('Balancer', 'Scheme')],
  ),
  ...on(
    'instance',
    'Template',
    ['IMDSv1', 'IMDSv1', set('Template', 'LaunchTemplateData.MetadataOptions.HttpTokens', 'optional')],
    ['two hops', 'one hop', set('Template', 'LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit', 2)],
    ['no enclaves', 'no enclaves', set('Template', 'LaunchTemplateData.EnclaveOptions')],
    ['SSH', 'to log in', set('Template', 'LaunchTemplateData.KeyName', 'ops')],
    [
      'a public address',
      'a public address',
      set('Template', 'LaunchTemplateData.NetworkInterfaces.0.AssociatePublicIpAddress', true),
    ],
    ['no word on addresses', 'the subnet decides', set('Template', 'LaunchTemplateData.NetworkInterfaces')],
    [
      'an open volume',
      'not encrypted',
      set('Template', 'LaunchTemplateData.BlockDeviceMappings.0.Ebs.Encrypted', false),
    ],
    ['no word on volumes', 'the image decides', set('Template', 'LaunchTemplateData.BlockDeviceMappings')],
  ),
  ...on('endpoint', 'Endpoint', ['the default policy', 'full access', set('Endpoint', 'PolicyDocument')]),
  ...on('endpoint', 'Api', ['no policy', 'private, and without', set('Api', 'Policy')]),
  ...on(
    'tags',
    'Key',
    ['no tag', 'no tag', set('Key', 'Tags')],
    ['a tag of another deployment', 'no tag', set('Key', 'Tags', [{ Key: 'enclave-vault', Value: 'other' }])],
  ),
  ...on(
    'secret',
    'Function',
    ['a private key', 'a private key', set('Function', 'Environment.Variables.A', PEM)],
    ['an access key', 'an access key', set('Function', 'Environment.Variables.A', AKIA)],
    [
      'a token',
      'a signed token',
      set('Function', 'Environment.Variables.A', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0x.c2ln'),
    ],
    ['a password', 'a secret as text', set('Function', 'Environment.Variables.MasterUserPassword', 'x')],
  ),
  ...on(
    'template-size',
    '',
    [
      'too many outputs',
      '201 outputs',
      (template) => {
        for (let i = 1; i <= 200; i++) template.Outputs[`More${i}`] = { Value: 'x' };
      },
    ],
    [
      'too many resources',
      '501 resources',
      (template) => {
        const missing = 501 - Object.keys(template.Resources).length;
        for (let i = 0; i < missing; i++) template.Resources[`More${i}`] = { Type: 'AWS::KMS::Alias' };
      },
    ],
    [
      'too many bytes',
      'bytes of 1048576',
      (template) => {
        template.Description = 'x'.repeat(1024 * 1024);
      },
    ],
  ),
  ...on('policy-size', '', [
    'inline policies together',
    'policies of vault-api',
    statement({ Resource: 'r'.repeat(10_240) }),
  ]),
  ...on('policy-size', 'Api', [
    'a resource policy',
    'of 8192',
    set('Api', 'Policy.Statement.0.Resource', 'r'.repeat(8192)),
  ]),
  ...on('payload-size', 'Template', [
    'user data',
    'user data of 16385',
    set('Template', 'LaunchTemplateData.UserData', { 'Fn::Base64': 'x'.repeat(16_385) }),
  ]),
  ...on('payload-size', 'Function', [
    'an environment',
    'environment of',
    set('Function', 'Environment.Variables.A', 'x'.repeat(4096)),
  ]),
  ...on('payload-size', 'Group', [
    'a long group',
    '61 rules',
    set(
      'Group',
      'SecurityGroupIngress',
      Array.from({ length: 60 }, () => ({ CidrIp: '10.0.0.0/8' })),
    ),
  ]),
];
