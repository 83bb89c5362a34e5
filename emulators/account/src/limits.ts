// SPDX-License-Identifier: Apache-2.0

/*
 * Sizes at which AWS refuses (IAM User Guide, "IAM and AWS STS quotas"; KMS Developer Guide, "Quotas"; S3, SNS, DynamoDB,
 * API Gateway, VPC and Lambda developer guides, their pages of quotas). IAM does not count white space; the others count
 * the text as it is stored, taken here to be the compact JSON.
 */
export const LIMITS = {
  managedPolicy: 6144,
  /** All inline policies of a role together. */
  inlinePolicies: 10_240,
  attachedPolicies: 10,
  /** Without a raised quota. */
  trustPolicy: 2048,
  keyPolicy: 32_768,
  bucketPolicy: 20 * 1024,
  topicPolicy: 30 * 1024,
  endpointPolicy: 20_480,
  restApiPolicy: 8192,
  tablePolicy: 20 * 1024,
  logsResourcePolicy: 5120,
  organizationPolicy: 5120,
  userData: 16 * 1024,
  lambdaEnvironment: 4096,
  templateBody: 51_200,
  templateUrl: 1024 * 1024,
  templateResources: 500,
  templateOutputs: 200,
  templateDescription: 1024,
} as const;

/** Properties with a length of their own, by type (resource reference of CloudFormation, and the services' APIs). */
export const LENGTHS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'AWS::EC2::SecurityGroup': { GroupDescription: 255, GroupName: 255 },
  'AWS::IAM::Role': { Description: 1000, RoleName: 64 },
  'AWS::IAM::ManagedPolicy': { Description: 1000, ManagedPolicyName: 128 },
  'AWS::IAM::RolePolicy': { PolicyName: 128 },
  'AWS::IAM::InstanceProfile': { InstanceProfileName: 128 },
  'AWS::KMS::Key': { Description: 8192 },
  'AWS::KMS::Alias': { AliasName: 256 },
  'AWS::Lambda::Function': { Description: 256, FunctionName: 64, Handler: 128 },
  'AWS::Lambda::CodeSigningConfig': { Description: 256 },
  'AWS::ApiGateway::RestApi': { Name: 255, Description: 1024 },
  'AWS::CloudWatch::Alarm': { AlarmName: 255, AlarmDescription: 1024 },
  'AWS::Events::Rule': { Name: 64, Description: 512 },
  'AWS::ElasticLoadBalancingV2::LoadBalancer': { Name: 32 },
  'AWS::ElasticLoadBalancingV2::TargetGroup': { Name: 32 },
  'AWS::AutoScaling::AutoScalingGroup': { AutoScalingGroupName: 255 },
  'AWS::Route53Resolver::FirewallDomainList': { Name: 64 },
  'AWS::Route53Resolver::FirewallRuleGroup': { Name: 64 },
  'AWS::Route53Resolver::FirewallRuleGroupAssociation': { Name: 64 },
  'AWS::Route53Resolver::ResolverQueryLoggingConfig': { Name: 64 },
  'AWS::Logs::LogGroup': { LogGroupName: 512 },
  'AWS::Logs::MetricFilter': { FilterName: 512, FilterPattern: 1024 },
  'AWS::S3::Bucket': { BucketName: 63 },
  'AWS::SNS::Topic': { TopicName: 256, DisplayName: 100 },
  'AWS::CloudTrail::Trail': { TrailName: 128 },
  'AWS::DynamoDB::GlobalTable': { TableName: 255 },
};

/** Length as IAM counts it. */
export function withoutWhiteSpace(document: unknown): number {
  return JSON.stringify(document).replace(/\s/g, '').length;
}

/** Length of the compact text, in bytes. */
export function sizeOf(document: unknown): number {
  return Buffer.byteLength(typeof document === 'string' ? document : JSON.stringify(document));
}
