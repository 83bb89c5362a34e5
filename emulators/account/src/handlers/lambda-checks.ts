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
  const demand = (action: string, words: string): void => {
    if (account.decide(session, { action, resource: '*', region }).allowed) return;
    throw new AwsError(INVALID, `The provided execution role does not have permissions to call ${words}`);
  };
  if (textsAt(properties, 'VpcConfig.SubnetIds').length > 0) {
    for (const name of ['CreateNetworkInterface', 'DescribeNetworkInterfaces', 'DeleteNetworkInterface']) {
      demand(`ec2:${name}`, `${name} on EC2`);
    }
  }
  if (textAt(properties, 'TracingConfig.Mode') === 'Active') {
    demand('xray:PutTraceSegments', 'PutTraceSegments on XRAY');
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
