// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import { type CanaryArns, canaryIdentityPolicy } from '@enclave-vault/policies';
import { CfnDeletionPolicy, type Stack } from 'aws-cdk-lib';
import { CfnRolePolicy } from 'aws-cdk-lib/aws-iam';
import { CfnEventInvokeConfig, CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import type { DeployConfig } from '../../config/deploy.ts';
import { homeOf } from '../../home.ts';
import type { StageContext } from '../../stage.ts';
import { type Suppression, suppress } from '../../suppress.ts';
import { ARTIFACTS } from '../artifacts.ts';
import { BASE } from '../base.ts';
import { KEYS } from '../keys.ts';
import { NETWORK } from '../network.ts';
import { type CanaryPlace, functionName, idOf } from './places.ts';

/** Its probes take 10 s at most (canary/src/handler.ts). */
const TIMEOUT_S = 20;

/** The function of a canary, its log group, and what its role may do. */
export function canaryFunction(stack: Stack, context: StageContext, place: CanaryPlace): CfnFunction {
  const { config, names } = context;
  const name = functionName(names, place);
  const keys = context.outputs(KEYS);
  const logGroup = logs(stack, context, place, name);
  const rights = permissions(stack, context, place, {
    vaultKey: keys.VaultKeyArn,
    requestKey: keys.RequestKeyArn,
    function: `arn:${config.partition}:lambda:${config.region}:${config.account}:function:${name}`,
    logGroup: `arn:${config.partition}:logs:${config.region}:${config.account}:log-group:/aws/lambda/${name}`,
  });
  const { bucket, key, version } = context.release().functions[`canary-${place}`];
  const { CodeSigningConfigArn: signing } = context.outputs(ARTIFACTS);
  const made = new CfnFunction(stack, idOf(place, 'Function'), {
    functionName: name,
    description: `Asks KMS each minute for what must be refused: ${place} the VPC.`,
    runtime: 'nodejs24.x',
    architectures: ['arm64'],
    handler: 'index.handler',
    code: { s3Bucket: bucket, s3Key: key, s3ObjectVersion: version },
    role: names.roleArn(`canary-${place}`),
    memorySize: 256,
    timeout: TIMEOUT_S,
    environment: {
      variables: {
        ENCLAVE_VAULT_KEYS_VAULT: keys.VaultKeyArn,
        ENCLAVE_VAULT_KEYS_REQUEST: keys.RequestKeyArn,
        ENCLAVE_VAULT_METRICS_NAMESPACE: names.namespace,
        ENCLAVE_VAULT_KMS_FIPS: String(config.network.fips),
        ...certificateEnd(config),
      },
    },
    // Text: in JSON the runtime would wrap the report, of which metrics are made.
    loggingConfig: { logFormat: 'Text', logGroup: `/aws/lambda/${name}` },
    ...(signing === 'none' ? {} : { codeSigningConfigArn: signing }),
    ...(place === 'inside' ? { vpcConfig: network(context) } : {}),
  });
  suppress(
    made,
    {
      rule: 'LambdaConcurrency',
      reason: 'A schedule invokes it once a minute, for seconds: there is nothing to limit.',
    },
    {
      rule: 'LambdaDLQ',
      reason: 'A run that failed is told by its silence, which sets off an alarm; its event says nothing.',
    },
    ...(place === 'inside' ? [] : [OUTSIDE]),
  );
  // Lambda makes the network interface with the role's rights, and logs from the first run.
  made.addResourceDependency(rights);
  made.addResourceDependency(logGroup);
  new CfnEventInvokeConfig(stack, idOf(place, 'Invocations'), {
    functionName: made.ref,
    qualifier: '$LATEST',
    // A run that failed is told by its silence; the next one comes in a minute.
    maximumRetryAttempts: 0,
    maximumEventAgeInSeconds: 60,
  });
  return made;
}

/** Known when templates are made: it stands in the certificate. */
function certificateEnd({ pipeline }: DeployConfig): Readonly<Record<string, string>> {
  const { signingCertificate } = pipeline;
  if (signingCertificate === undefined) return {};
  const { validToDate } = new X509Certificate(signingCertificate);
  return { ENCLAVE_VAULT_CERTIFICATE_ENDS: validToDate.toISOString() };
}

const OUTSIDE: Suppression = {
  rule: 'LambdaInsideVPC',
  reason: 'Its place outside the VPC is its purpose: what it asks KMS for must be refused there.',
};

function permissions(
  stack: Stack,
  { config, names }: StageContext,
  place: CanaryPlace,
  arns: CanaryArns,
): CfnRolePolicy {
  return new CfnRolePolicy(stack, idOf(place, 'Permissions'), {
    roleName: names.roleName(`canary-${place}`),
    policyName: 'probes',
    policyDocument: canaryIdentityPolicy(homeOf(config, names), place, arns),
  });
}

function logs(
  stack: Stack,
  { config, outputs }: StageContext,
  place: CanaryPlace,
  name: string,
): CfnLogGroup {
  const group = new CfnLogGroup(stack, idOf(place, 'Logs'), {
    logGroupName: `/aws/lambda/${name}`,
    kmsKeyId: outputs(BASE).LogsKeyArn,
    retentionInDays: config.canary.logDays,
  });
  // Metrics and alarm history stay when the canaries go; a group that stayed would be in the next deployment's way.
  group.cfnOptions.deletionPolicy = CfnDeletionPolicy.DELETE;
  return group;
}

function network({ outputs }: StageContext): CfnFunction.VpcConfigProperty {
  const { FunctionSubnetIds, FunctionSecurityGroupId } = outputs(NETWORK);
  return { subnetIds: [...FunctionSubnetIds], securityGroupIds: [FunctionSecurityGroupId] };
}
