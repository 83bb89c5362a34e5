// SPDX-License-Identifier: Apache-2.0
import type { FunctionResources, PolicyDocument } from '@enclave-vault/policies';
import type { Stack } from 'aws-cdk-lib';
import { CfnRolePolicy } from 'aws-cdk-lib/aws-iam';
import { CfnAlias, CfnFunction, CfnVersion } from 'aws-cdk-lib/aws-lambda';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import type { FunctionArtifact, StageContext } from '../../stage.ts';
import { type Suppression, suppress } from '../../suppress.ts';
import { ARTIFACTS } from '../artifacts.ts';
import { BASE } from '../base.ts';
import { NETWORK } from '../network.ts';
import { Definition } from './definition.ts';

export interface FunctionSpec {
  /** Of its resources in the template. */
  readonly id: string;
  readonly artifact: FunctionArtifact;
  readonly name: string;
  /** Last part of the name of its role. */
  readonly role: string;
  readonly description: string;
  /** MB. */
  readonly memory: number;
  /** Seconds. */
  readonly timeout: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly inVpc: boolean;
  readonly tracing: boolean;
  readonly reservedConcurrency?: number | undefined;
  readonly rights: (resources: FunctionResources) => PolicyDocument;
}

const FINDINGS: readonly Suppression[] = [
  {
    rule: 'LambdaConcurrency',
    reason:
      'Callers are throttled by API Gateway before any function; a share of the account’s concurrency is set aside by who knows the account (`api.reservedConcurrency`).',
  },
  {
    rule: 'LambdaDLQ',
    reason: 'Whoever invokes it waits for its answer: there is no event that could be lost.',
  },
];

const OUTSIDE: Suppression = {
  rule: 'LambdaInsideVPC',
  reason:
    'It reaches what the VPC has no way to, the keys of an issuer or a public API, and has no rights on keys or table.',
};

/** Name of a function's log group. */
export function functionLogGroup(context: StageContext, role: string): string {
  return `${context.names.path}${role}`;
}

/**
 * A function from a signed file of the release, with a log group of its own and its role's rights. It has no function URL:
 * whoever may invoke it writes its events.
 */
export function addFunction(stack: Stack, context: StageContext, spec: FunctionSpec): CfnFunction {
  const { config, names, outputs, release } = context;
  const { id, name, role, inVpc, tracing, environment, reservedConcurrency } = spec;
  const { bucket, key, version } = release().functions[spec.artifact];
  const group = new CfnLogGroup(stack, `${id}Log`, {
    logGroupName: functionLogGroup(context, role),
    kmsKeyId: outputs(BASE).LogsKeyArn,
    retentionInDays: config.api.logDays,
  });
  const rights = new CfnRolePolicy(stack, `${id}Rights`, {
    roleName: names.roleName(role),
    policyName: name,
    policyDocument: spec.rights({ name, logGroup: functionLogGroup(context, role), tracing, inVpc }),
  });
  const made = new CfnFunction(stack, id, {
    functionName: name,
    description: spec.description,
    role: names.roleArn(role),
    // With the version the very bytes that AWS Signer signed; inline code could not be signed at all.
    code: { s3Bucket: bucket, s3Key: key, s3ObjectVersion: version },
    ...(config.features.codeSigning ? { codeSigningConfigArn: outputs(ARTIFACTS).CodeSigningConfigArn } : {}),
    runtime: 'nodejs24.x',
    architectures: ['arm64'],
    handler: 'index.handler',
    memorySize: spec.memory,
    timeout: spec.timeout,
    loggingConfig: {
      logGroup: functionLogGroup(context, role),
      logFormat: 'JSON',
      applicationLogLevel: 'INFO',
      systemLogLevel: 'INFO',
    },
    tracingConfig: { mode: tracing ? 'Active' : 'PassThrough' },
    ...(environment === undefined ? {} : { environment: { variables: environment } }),
    ...(reservedConcurrency === undefined ? {} : { reservedConcurrentExecutions: reservedConcurrency }),
    ...(inVpc
      ? {
          vpcConfig: {
            subnetIds: [...outputs(NETWORK).FunctionSubnetIds],
            securityGroupIds: [outputs(NETWORK).FunctionSecurityGroupId],
          },
        }
      : {}),
  });
  suppress(made, ...FINDINGS, ...(inVpc ? [] : [OUTSIDE]));
  // Lambda attaches the function to the VPC with the role's rights, and writes to a group that must be there.
  made.addResourceDependency(rights);
  made.addResourceDependency(group);
  return made;
}

/**
 * A published version with the alias `live` before it: requests change over at once, and back with the stack.
 * @param made what `addFunction` made of the spec
 */
export function publish(
  stack: Stack,
  context: StageContext,
  { id, artifact }: FunctionSpec,
  made: CfnFunction,
): CfnAlias {
  const { memorySize, timeout, loggingConfig, tracingConfig, environment, vpcConfig, runtime } = made;
  const snapshot = new Definition(stack);
  // What a version copies. Anything else in here would ask Lambda for a version that does not differ from the last, which
  // it refuses ("AWS::Lambda::Version": to publish a version, something must have changed).
  snapshot.add(id, {
    code: context.release().functions[artifact],
    memorySize,
    timeout,
    loggingConfig,
    tracingConfig,
    environment,
    vpcConfig,
    runtime,
    description: made.description,
  });
  const version = new CfnVersion(stack, `${id}Version${snapshot.hash()}`, { functionName: made.ref });
  return new CfnAlias(stack, `${id}Live`, {
    functionName: made.ref,
    functionVersion: version.attrVersion,
    name: 'live',
  });
}
