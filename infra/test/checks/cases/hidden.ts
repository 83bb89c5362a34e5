// SPDX-License-Identifier: Apache-2.0
import { add, type Case, on, set } from './case.ts';

const type = (Type: string, reason: string): Case => ({
  check: 'resource-type',
  title: Type,
  resource: 'Added',
  reason,
  change: add(Type),
});

export const HIDDEN_CASES: readonly Case[] = [
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
];
