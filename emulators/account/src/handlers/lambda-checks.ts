// SPDX-License-Identifier: Apache-2.0
import { AwsError } from '../errors.ts';
import { serviceOf, sessionOf } from '../identities.ts';
import { at, isObject, textAt, textsAt } from '../json.ts';
import { LIMITS, sizeOf } from '../limits.ts';
import type { Subject } from './handler.ts';
import { changed } from './handler.ts';

const INVALID = 'InvalidParameterValueException';

/** What CreateFunction and the updates look at. @throws {AwsError} */
export function checkFunction(subject: Subject): void {
  const fresh = subject.previous === null;
  checkEnvironment(subject);
  checkRole(subject);
  if (fresh || changed('Code', 'CodeSigningConfigArn')(subject)) checkCode(subject);
  if (fresh || changed('VpcConfig', 'Role')(subject)) checkNetwork(subject);
}

function checkEnvironment({ properties }: Subject): void {
  const variables = at(properties, 'Environment.Variables');
  if (!isObject(variables) || sizeOf(variables) <= LIMITS.lambdaEnvironment) return;
  throw new AwsError(
    INVALID,
    'Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit.',
  );
}

/**
 * Lambda assumes the role when a function is made. Its requests are taken to carry account and function: Developer Guide,
 * "Execution role", Cross-service confused deputy prevention.
 */
function checkRole(subject: Subject): void {
  const { account, world, region, arn, properties } = subject;
  const role = world.byArn(textAt(properties, 'Role') ?? '');
  const lambda = serviceOf(world, 'lambda.amazonaws.com', arn);
  const assumable =
    role !== undefined &&
    account.decide(lambda, { action: 'sts:AssumeRole', resource: role.arn, region }).allowed;
  if (!assumable || role === undefined) {
    throw new AwsError(INVALID, 'The role defined for the function cannot be assumed by Lambda.');
  }
  const session = sessionOf(world, role, 'awslambda');
  const demand = (action: string, resources: readonly string[], words: string, context = {}): void => {
    if (resources.every((resource) => account.decide(session, { action, resource, region, context }).allowed))
      return;
    throw new AwsError(INVALID, `The provided execution role does not have permissions to call ${words}`);
  };
  const subnets = textsAt(properties, 'VpcConfig.SubnetIds');
  if (subnets.length > 0) {
    const own = `arn:${world.partition}:ec2:${region}:${world.account}:`;
    const groups = textsAt(properties, 'VpcConfig.SecurityGroupIds').map(
      (id) => `${own}security-group/${id}`,
    );
    const made = [`${own}network-interface/*`, ...subnets.map((id) => `${own}subnet/${id}`), ...groups];
    demand('ec2:CreateNetworkInterface', made, 'CreateNetworkInterface on EC2');
    demand('ec2:DescribeNetworkInterfaces', ['*'], 'DescribeNetworkInterfaces on EC2');
    demand('ec2:DeleteNetworkInterface', [`${own}network-interface/*`], 'DeleteNetworkInterface on EC2');
  }
  if (textAt(properties, 'TracingConfig.Mode') === 'Active') {
    // Of the calls that Lambda makes itself, this one has the function ("Using source function ARN to control function
    // access behavior"). That the check beforehand has it too is not documented.
    demand('xray:PutTraceSegments', ['*'], 'PutTraceSegments on XRAY', { 'lambda:SourceFunctionArn': arn });
  }
}

function checkCode({ world, properties }: Subject): void {
  if (at(properties, 'Code.ZipFile') !== undefined || at(properties, 'Code.ImageUri') !== undefined) {
    if (properties.CodeSigningConfigArn === undefined) return;
    throw new AwsError('CodeVerificationFailedException', 'Inline code and images cannot be signed.');
  }
  const bucket = textAt(properties, 'Code.S3Bucket') ?? '';
  const key = textAt(properties, 'Code.S3Key') ?? '';
  const version = textAt(properties, 'Code.S3ObjectVersion');
  const object = world.objects.get(bucket, key, version);
  if (object === undefined) {
    throw new AwsError(
      INVALID,
      `Error occurred while GetObject. S3 Error Code: NoSuchKey. ${bucket}/${key} ${version ?? ''}`,
    );
  }
  const config = world.byArn(textAt(properties, 'CodeSigningConfigArn') ?? '');
  if (config === undefined) {
    if (properties.CodeSigningConfigArn === undefined) return;
    throw new AwsError(
      'CodeSigningConfigNotFoundException',
      'The specified code signing configuration does not exist.',
      { status: 404 },
    );
  }
  const enforced =
    textAt(config.properties, 'CodeSigningPolicies.UntrustedArtifactOnDeployment')?.toLowerCase() ===
    'enforce';
  const publishers = textsAt(config.properties, 'AllowedPublishers.SigningProfileVersionArns');
  if (enforced && !publishers.includes(object.signedBy ?? '')) {
    throw new AwsError(
      'CodeVerificationFailedException',
      'Lambda cannot deploy the function. The function or layer might be signed using a signature that the client is not configured to accept. Check the provided signature for unsigned.',
    );
  }
}

function checkNetwork({ world, region, properties }: Subject): void {
  for (const [path, type, code] of [
    ['VpcConfig.SubnetIds', 'AWS::EC2::Subnet', 'InvalidSubnetID'],
    ['VpcConfig.SecurityGroupIds', 'AWS::EC2::SecurityGroup', 'InvalidSecurityGroupID'],
  ] as const) {
    const missing = textsAt(properties, path).find((id) => world.find(type, region, id) === undefined);
    if (missing !== undefined) throw new AwsError(INVALID, `${code}.NotFound: ${missing} does not exist`);
  }
}
