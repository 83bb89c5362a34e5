// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { ACCOUNT, addRole, type Bench, bench, EVERYTHING, policy, REGION } from './account.ts';
import { Bed, bucket, type Resources, reasons } from './stacks.ts';

/* Pieces of templates that the dead ends are made of. */

export const root = `arn:aws:iam::${ACCOUNT}:root`;
export const lambdaRole = `arn:aws:iam::${ACCOUNT}:role/function`;
export const statement = (more: object) => ({ Sid: 'One', Effect: 'Allow', Resource: '*', ...more });
export const document = (...statements: readonly object[]) => ({
  Version: '2012-10-17',
  Statement: statements,
});

export const key = (...statements: readonly object[]) => ({
  Type: 'AWS::KMS::Key',
  Properties: { KeyPolicy: document(...statements) },
});
export const account = statement({ Principal: { AWS: root }, Action: 'kms:*' });
export const vpc = {
  Type: 'AWS::EC2::VPC',
  Properties: { CidrBlock: '10.0.0.0/16', EnableDnsSupport: true, EnableDnsHostnames: true },
};
export const subnet = (CidrBlock: string, AvailabilityZone = `${REGION}a`) => ({
  Type: 'AWS::EC2::Subnet',
  Properties: { VpcId: { Ref: 'Vpc' }, CidrBlock, AvailabilityZone },
});
export const securityGroup = {
  Type: 'AWS::EC2::SecurityGroup',
  Properties: { GroupDescription: 'g', VpcId: { Ref: 'Vpc' } },
};
export const endpoint = (more: object = {}) => ({
  Type: 'AWS::EC2::VPCEndpoint',
  Properties: {
    VpcId: { Ref: 'Vpc' },
    ServiceName: 'com.amazonaws.eu-central-1.kms',
    VpcEndpointType: 'Interface',
    ...more,
  },
});
export const role = (trust: object, more: object = {}) => ({
  Type: 'AWS::IAM::Role',
  Properties: { RoleName: 'made', AssumeRolePolicyDocument: trust, ...more },
});
export const byLambda = document({
  Effect: 'Allow',
  Principal: { Service: 'lambda.amazonaws.com' },
  Action: 'sts:AssumeRole',
});
export const long = (characters: number) =>
  policy({
    Action: Array.from(
      { length: Math.ceil(characters / 20) },
      (_, n) => `s3:Operation${String(n).padStart(5, '0')}`,
    ),
  });
export const profile = {
  Type: 'AWS::Signer::SigningProfile',
  Properties: { ProfileName: 'code', PlatformId: 'AWSLambda-SHA384-ECDSA' },
};
export const signing = (UntrustedArtifactOnDeployment: string) => ({
  Type: 'AWS::Lambda::CodeSigningConfig',
  Properties: {
    AllowedPublishers: { SigningProfileVersionArns: [{ 'Fn::GetAtt': ['Profile', 'ProfileVersionArn'] }] },
    CodeSigningPolicies: { UntrustedArtifactOnDeployment },
  },
});
export const fn = (more: object = {}) => ({
  Type: 'AWS::Lambda::Function',
  Properties: { FunctionName: 'f', Role: lambdaRole, Code: { S3Bucket: 'code', S3Key: 'f.zip' }, ...more },
});
export const signed = { CodeSigningConfigArn: { Ref: 'Signing' } };
export const inVpc = { VpcConfig: { SubnetIds: [{ Ref: 'Subnet' }], SecurityGroupIds: [{ Ref: 'Group' }] } };
export const network = { Vpc: vpc, Subnet: subnet('10.0.1.0/24'), Group: securityGroup };
export const table = (replica: object, more: object = {}) => ({
  Type: 'AWS::DynamoDB::GlobalTable',
  Properties: { TableName: 'records', Replicas: [{ Region: REGION, ...replica }], ...more },
});
export const api = { Type: 'AWS::ApiGateway::RestApi', Properties: { Name: 'api' } };
export const method = {
  Type: 'AWS::ApiGateway::Method',
  Properties: {
    RestApiId: { Ref: 'Api' },
    ResourceId: { 'Fn::GetAtt': ['Api', 'RootResourceId'] },
    HttpMethod: 'GET',
  },
};
export const deployment = (more: object = {}) => ({
  Type: 'AWS::ApiGateway::Deployment',
  Properties: { RestApiId: { Ref: 'Api' } },
  ...more,
});
export const stage = (more: object = {}) => ({
  Type: 'AWS::ApiGateway::Stage',
  Properties: { RestApiId: { Ref: 'Api' }, StageName: 'v', DeploymentId: { Ref: 'Deployment' }, ...more },
});
export const launch = (UserData: string) => ({
  Type: 'AWS::EC2::LaunchTemplate',
  Properties: { LaunchTemplateName: 'l', LaunchTemplateData: { UserData } },
});
export const topicPolicy = (Action: string) => ({
  Type: 'AWS::SNS::TopicPolicy',
  Properties: {
    Topics: [{ Ref: 'Topic' }],
    PolicyDocument: document(statement({ Principal: { AWS: root }, Action })),
  },
});
export const topic = { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'alarms' } };
export const trail = {
  Type: 'AWS::CloudTrail::Trail',
  Properties: { TrailName: 't', S3BucketName: { Ref: 'Bucket' }, IsLogging: true },
  DependsOn: ['Policy'],
};
export const trailPolicy = (...statements: readonly object[]) => ({
  Type: 'AWS::S3::BucketPolicy',
  Properties: { Bucket: { Ref: 'Bucket' }, PolicyDocument: document(...statements) },
});
export const byTrail = (Action: string, Resource: string) => ({
  Effect: 'Allow',
  Principal: { Service: 'cloudtrail.amazonaws.com' },
  Action,
  Resource,
  Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT } },
});

export function inline(PolicyName: string, PolicyDocument: object) {
  return { Type: 'AWS::IAM::RolePolicy', Properties: { RoleName: 'function', PolicyName, PolicyDocument } };
}

export interface DeadEnd {
  readonly name: string;
  readonly fails: Resources;
  readonly because: RegExp;
  readonly passes: Resources;
  /** Before both. */
  readonly given?: (scene: Bench) => void;
  /** Rights of the role in {@link lambdaRole}. */
  readonly rights?: object;
}

/** An account with the role of functions and a bucket of code. */
export function scenery({ given, rights = EVERYTHING }: DeadEnd): Bench {
  const scene = bench();
  addRole(scene.account, lambdaRole, rights, 'lambda');
  new Bed(scene).deploy({ Code: bucket('code') }, { stackName: 'code' });
  scene.account.world.objects.put('code', 'f.zip', Buffer.from('code'));
  given?.(scene);
  return scene;
}

/** Each template fails with AWS's reason, and the one beside it does not. */
export function itRefuses(deadEnds: readonly DeadEnd[]): void {
  describe('what AWS refuses', () => {
    test.each(deadEnds)('$name', (deadEnd) => {
      const failed = new Bed(scenery(deadEnd)).deploy(deadEnd.fails);
      expect(failed.status).toBe('ROLLBACK_COMPLETE');
      expect(reasons(failed)).toMatch(deadEnd.because);
      const made = new Bed(scenery(deadEnd)).deploy(deadEnd.passes);
      expect(made.status, reasons(made)).toBe('CREATE_COMPLETE');
    });
  });
}
