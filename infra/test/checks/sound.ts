// SPDX-License-Identifier: Apache-2.0
import type { Subject } from '../../src/checks/index.ts';
import type { Template, TemplateResource } from '../../src/synthesize.ts';
import { configOf } from '../support/known.ts';

const Tags = [{ Key: 'enclave-vault', Value: 'vault' }];
const statement = { Sid: 'Read', Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };
export const document = (...Statement: readonly object[]) => ({ Version: '2012-10-17', Statement });
const policy = document({ ...statement, Principal: { AWS: 'arn:aws:iam::111122223333:root' } });
const retained = { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' };

/** A resource of each type that a check looks into, as the checks want it. */
const RESOURCES: Readonly<Record<string, TemplateResource>> = {
  Function: {
    Type: 'AWS::Lambda::Function',
    Properties: {
      Code: { S3Bucket: 'vault-artifacts', S3Key: 'signed/api.zip', S3ObjectVersion: 'v1' },
      CodeSigningConfigArn: { 'Fn::GetAtt': ['Signing', 'CodeSigningConfigArn'] },
      Environment: { Variables: { ENCLAVE_VAULT_CONFIG: '/var/task/enclave-vault.json' } },
      Tags,
    },
  },
  Signing: {
    Type: 'AWS::Lambda::CodeSigningConfig',
    Properties: { CodeSigningPolicies: { UntrustedArtifactOnDeployment: 'Enforce' }, Tags },
  },
  Invocations: {
    Type: 'AWS::Lambda::EventInvokeConfig',
    Properties: { FunctionName: { Ref: 'Function' }, MaximumRetryAttempts: 0 },
  },
  Permission: {
    Type: 'AWS::Lambda::Permission',
    Properties: {
      Action: 'lambda:InvokeFunction',
      Principal: 'events.amazonaws.com',
      SourceArn: 'arn:aws:events:eu-central-1:111122223333:rule/vault-canary',
    },
  },
  Rights: {
    Type: 'AWS::IAM::RolePolicy',
    Properties: { RoleName: 'vault-api', PolicyName: 'function', PolicyDocument: document(statement) },
  },
  Build: {
    Type: 'AWS::CodeBuild::Project',
    Properties: {
      EncryptionKey: 'arn:aws:kms:eu-central-1:111122223333:key/1',
      Environment: { EnvironmentVariables: [{ Name: 'RELEASE', Value: '1' }] },
      Tags,
    },
  },
  Log: {
    Type: 'AWS::Logs::LogGroup',
    Properties: { KmsKeyId: { 'Fn::GetAtt': ['Key', 'Arn'] }, RetentionInDays: 365, Tags },
  },
  Key: {
    Type: 'AWS::KMS::Key',
    Properties: { EnableKeyRotation: true, KeyPolicy: policy, PendingWindowInDays: 30, Tags },
  },
  Bucket: {
    Type: 'AWS::S3::Bucket',
    Properties: {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      VersioningConfiguration: { Status: 'Enabled' },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          {
            ServerSideEncryptionByDefault: {
              SSEAlgorithm: 'aws:kms',
              KMSMasterKeyID: { 'Fn::GetAtt': ['Key', 'Arn'] },
            },
          },
        ],
      },
      Tags,
    },
  },
  BucketPolicy: {
    Type: 'AWS::S3::BucketPolicy',
    Properties: { Bucket: { Ref: 'Bucket' }, PolicyDocument: policy },
  },
  Table: {
    Type: 'AWS::DynamoDB::GlobalTable',
    Properties: {
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      Replicas: [
        {
          Region: 'eu-central-1',
          SSESpecification: { KMSMasterKeyId: { 'Fn::GetAtt': ['Key', 'Arn'] } },
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        },
      ],
    },
  },
  Topic: {
    Type: 'AWS::SNS::Topic',
    Properties: { KmsMasterKeyId: { 'Fn::GetAtt': ['Key', 'Arn'] }, Tags },
  },
  TopicPolicy: {
    Type: 'AWS::SNS::TopicPolicy',
    Properties: { Topics: [{ Ref: 'Topic' }], PolicyDocument: policy },
  },
  Trail: {
    Type: 'AWS::CloudTrail::Trail',
    Properties: {
      IsMultiRegionTrail: true,
      EnableLogFileValidation: true,
      KMSKeyId: { 'Fn::GetAtt': ['Key', 'Arn'] },
      IsLogging: true,
      Tags,
    },
  },
  Group: {
    Type: 'AWS::EC2::SecurityGroup',
    Properties: { SecurityGroupEgress: [{ CidrIp: '127.0.0.1/32', IpProtocol: '-1' }], Tags },
  },
  Ingress: { Type: 'AWS::EC2::SecurityGroupIngress', Properties: { CidrIp: '10.0.0.0/8' } },
  Subnet: { Type: 'AWS::EC2::Subnet', Properties: { MapPublicIpOnLaunch: false, Tags } },
  Balancer: {
    Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer',
    Properties: { Scheme: 'internal', Tags },
  },
  Template: {
    Type: 'AWS::EC2::LaunchTemplate',
    Properties: {
      LaunchTemplateData: {
        MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
        EnclaveOptions: { Enabled: true },
        NetworkInterfaces: [{ DeviceIndex: 0, AssociatePublicIpAddress: false }],
        BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { Encrypted: true } }],
        UserData: { 'Fn::Base64': '#!/bin/bash' },
      },
    },
  },
  Endpoint: { Type: 'AWS::EC2::VPCEndpoint', Properties: { PolicyDocument: policy, Tags } },
  Api: {
    Type: 'AWS::ApiGateway::RestApi',
    Properties: { EndpointConfiguration: { Types: ['PRIVATE'] }, Policy: policy, Tags },
  },
};

/** What the checks take for a template of the stage `canary`, which may have most; with what `change` makes of it. */
export function sound(change: (template: MutableTemplate) => void = () => undefined): Subject {
  const template: MutableTemplate = {
    Description: 'A template',
    Resources: copied(RESOURCES),
    Outputs: { KeyArn: { Value: { 'Fn::GetAtt': ['Key', 'Arn'] } } },
  };
  change(template);
  return { stage: 'canary', kept: false, config: configOf(), template: template as Template };
}

/** The same for a stage with roles. */
export function soundRoles(change: (template: MutableTemplate) => void = () => undefined): Subject {
  const template: MutableTemplate = {
    Resources: copied({
      Boundary: {
        Type: 'AWS::IAM::ManagedPolicy',
        Properties: { Path: '/vault/', PolicyDocument: document(statement) },
        ...retained,
      },
      Role: {
        Type: 'AWS::IAM::Role',
        Properties: {
          Path: '/vault/',
          PermissionsBoundary: { Ref: 'Boundary' },
          ManagedPolicyArns: [{ Ref: 'Boundary' }],
          AssumeRolePolicyDocument: document({
            Sid: 'Assume',
            Effect: 'Allow',
            Principal: { Service: 'lambda.amazonaws.com' },
            Action: 'sts:AssumeRole',
          }),
          Tags,
        },
        ...retained,
      },
    }),
  };
  change(template);
  return { stage: 'controllers', kept: true, config: configOf(), template: template as Template };
}

/** Through JSON: parts that resources share here are each one's own in a template. */
function copied(resources: object): MutableTemplate['Resources'] {
  return JSON.parse(JSON.stringify(resources)) as MutableTemplate['Resources'];
}

// biome-ignore lint/suspicious/noExplicitAny: fixtures are JSON that a case changes at any depth
type AnyJson = any;

export interface MutableTemplate {
  [section: string]: AnyJson;
  Resources: Record<string, { Type: string; [member: string]: AnyJson }>;
}
